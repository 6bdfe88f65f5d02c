package stats

// truths is a set of truth values: those a predicate may have on the rows of a file.
type truths uint8

const (
	isTrue truths = 1 << iota
	isFalse
	isNull
	anything = isTrue | isFalse | isNull
)

// not is the set of the negations.
func (t truths) not() truths {
	return t&isNull | t&isTrue<<1 | t&isFalse>>1
}

// and is the set of what "x and y" may be, for x of t and y of u.
func (t truths) and(u truths) truths {
	both := t & u & isTrue
	both |= (t | u) & isFalse
	if t&isNull != 0 && u&(isTrue|isNull) != 0 || u&isNull != 0 && t&(isTrue|isNull) != 0 {
		both |= isNull
	}
	return both
}

func (t truths) or(u truths) truths { return t.not().and(u.not()).not() }

// of is the one truth of "a op b", given how a compares with b.
func (op Op) of(c int) truths {
	holds := false
	switch op {
	case EQ:
		holds = c == 0
	case NE:
		holds = c != 0
	case LT:
		holds = c < 0
	case LE:
		holds = c <= 0
	case GT:
		holds = c > 0
	case GE:
		holds = c >= 0
	default:
		return anything
	}
	if holds {
		return isTrue
	}
	return isFalse
}

// compareValues is what "v op constant" may be: null where either is null, anything where the two
// have no order.
func compareValues(v Value, op Op, constant Value) truths {
	if v == nil || constant == nil {
		return isNull
	}
	c, ok := Order(v, constant)
	if !ok {
		return anything
	}
	return op.of(c)
}
