package frame

// walk shows each step and each expression of a plan.
func walk(p Plan, step func(Plan), each func(Node)) {
	step(p)
	inner := func(q Plan) { walk(q, step, each) }
	exprs := func(all ...Node) {
		for _, n := range all {
			walkNode(n, each)
		}
	}
	switch p := p.(type) {
	case Project:
		inner(p.From)
		exprs(p.Columns...)
	case Where:
		inner(p.From)
		exprs(p.Condition)
	case Combine:
		inner(p.Left)
		inner(p.Right)
		if p.On != nil {
			exprs(p.On)
		}
	case Aggregate:
		inner(p.From)
		exprs(p.Groups...)
		exprs(p.Values...)
	case Sorted:
		inner(p.From)
		for _, o := range p.By {
			exprs(o.Of)
		}
	case Head:
		inner(p.From)
	case Set:
		inner(p.Left)
		inner(p.Right)
	case Unique:
		inner(p.From)
	case Named:
		inner(p.From)
	case Added:
		inner(p.From)
		for _, c := range p.Columns {
			exprs(c.Of)
		}
	case Without:
		inner(p.From)
	case Renamed:
		inner(p.From)
	}
}

func walkNode(n Node, each func(Node)) {
	each(n)
	all := func(nodes ...Node) {
		for _, n := range nodes {
			walkNode(n, each)
		}
	}
	switch n := n.(type) {
	case Call:
		all(n.Args...)
	case As:
		all(n.Of)
	case CastTo:
		all(n.Of)
	case When:
		for _, p := range n.Pairs {
			all(p[0], p[1])
		}
		if n.Else != nil {
			all(n.Else)
		}
	case Windowed:
		all(n.Of)
		all(n.Partition...)
		for _, o := range n.Order {
			all(o.Of)
		}
	}
}
