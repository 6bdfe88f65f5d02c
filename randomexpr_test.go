package petalake_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/petalake/petalake/frame"
)

// kind is a class of types whose values compare.
type kind int

const (
	boolKind kind = iota
	intKind
	decimalKind
	doubleKind
	textKind
	dateKind
	timeKind
	kinds // how many there are
)

// value is an expression, and what is known of its values on any engine.
type value struct {
	frame.Expr
	kind  kind
	bound float64 // most that a number is from zero, but for infinity
	whole int     // digits of a decimal before the point
	scale int     // and after it
	even  bool    // a double is a multiple of 1/16 or not finite: a sum is exact in any order
	fuzzy bool    // engines agree on it to some digits only
}

// dice makes random programs: the same for the same seed.
type dice struct {
	*rand.Rand
	tables []relation
	names  int // that were made up
}

func pick[T any](d *dice, all ...T) T { return all[d.IntN(len(all))] }

// name makes up a name.
func (d *dice) name() string {
	d.names++
	return fmt.Sprintf("c%d", d.names)
}

// of is a column of a kind, or else a constant.
func (d *dice) of(k kind, columns []column) value {
	var all []value
	for _, c := range columns {
		if c.kind == k && !c.fuzzy {
			all = append(all, c.ref())
		}
	}
	if len(all) == 0 || d.IntN(8) == 0 {
		return d.constant(k)
	}
	return pick(d, all...)
}

var (
	words = []string{"", "a", "A", "b", "ab", "a b", " a ", "Ä", "é", "日本", "🙂", "it's", `a\b`, "50%", "x_y", "10", "a b c"}
	days  = []frame.Day{{Year: 1970, Month: 1, Day: 1}, {Year: 2024, Month: 2, Day: 29}, {Year: 2023, Month: 12, Day: 31}, {Year: 1999, Month: 1, Day: 31}, {Year: 2024, Month: 11, Day: 3}, {Year: 1901, Month: 7, Day: 15}}
	times = []time.Time{time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC), time.Date(2024, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2024, 11, 3, 6, 30, 0, 0, time.UTC)}
)

func (d *dice) constant(k kind) value {
	out := value{kind: k, even: true}
	switch k {
	case boolKind:
		out.Expr = frame.Lit(pick(d, true, false))
	case intKind:
		n := pick(d, 0, 1, 2, -1, 7, 1000)
		out.Expr, out.bound = frame.Lit(n), 1000
	case decimalKind:
		out.Expr, out.bound, out.whole, out.scale = frame.Lit(frame.Exact(pick(d, "0.00", "1.50", "-2.25", "99.99"))), 100, 2, 2
	case doubleKind:
		out.Expr, out.bound = frame.Lit(pick(d, 0.0, 0.5, -1.25, 100)), 100
	case textKind:
		out.Expr = frame.Lit(pick(d, words...))
	case dateKind:
		out.Expr = frame.Lit(pick(d, days...))
	case timeKind:
		out.Expr = frame.Lit(pick(d, times...))
	}
	return out
}

// expr is an expression of a kind.
func (d *dice) expr(k kind, columns []column, depth int) value {
	if depth == 0 || d.IntN(4) == 0 {
		return d.of(k, columns)
	}
	if d.IntN(4) == 0 {
		return d.choice(k, columns, depth-1)
	}
	sub := func(k kind) value { return d.expr(k, columns, depth-1) }
	switch k {
	case boolKind:
		return value{kind: boolKind, Expr: d.condition(columns, depth-1)}
	case intKind:
		return d.integer(sub)
	case decimalKind:
		return d.decimal(sub)
	case doubleKind:
		return d.double(sub)
	case textKind:
		return d.text(sub)
	case dateKind:
		return value{kind: dateKind, Expr: pick(d, frame.AddDays(sub(dateKind).Expr, pick(d, -400, 1, 31)), frame.AddMonths(sub(dateKind).Expr, pick(d, -13, 1, 12)),
			frame.LastDay(sub(dateKind).Expr), sub(timeKind).Cast("date"))}
	}
	return value{kind: timeKind, Expr: sub(dateKind).Cast("timestamp")}
}

// choice is one of several values.
func (d *dice) choice(k kind, columns []column, depth int) value {
	a, b := d.expr(k, columns, depth), d.expr(k, columns, depth)
	if k == decimalKind { // what the type of a choice is, engines see in different ways
		a, b = d.narrow(a), d.narrow(b)
	}
	out := value{
		kind: k, bound: max(a.bound, b.bound), whole: max(a.whole, b.whole), scale: max(a.scale, b.scale), even: a.even && b.even,
	}
	switch d.IntN(5) {
	case 0:
		out.Expr = frame.Case(d.condition(columns, depth), a.Expr).When(d.condition(columns, depth), b.Expr).End()
	case 1:
		out.Expr = frame.Case(d.condition(columns, depth), a.Expr).Else(b.Expr)
	case 2:
		out.Expr = frame.Coalesce(a.Expr, b.Expr)
	case 3:
		out.Expr = frame.NullIf(a.Expr, b.Expr)
	default:
		out.Expr = pick(d, frame.Greatest(a.Expr, b.Expr), frame.Least(a.Expr, b.Expr))
	}
	return out
}

// condition is true, false or null.
func (d *dice) condition(columns []column, depth int) frame.Expr {
	sub := func(k kind) frame.Expr { return d.expr(k, columns, max(depth-1, 0)).Expr }
	k := kind(d.IntN(int(kinds)))
	switch d.IntN(8) {
	case 0:
		return sub(k).IsNull()
	case 1:
		return pick(d, sub(boolKind).And(sub(boolKind)), sub(boolKind).Or(sub(boolKind)))
	case 2:
		return sub(boolKind).Not()
	case 3:
		return sub(k).In(d.constant(k).Expr, d.constant(k).Expr, sub(k))
	case 4:
		return sub(k).Between(sub(k), sub(k))
	case 5:
		text := sub(textKind)
		return pick(d, text.Like(pick(d, "a%", "%b%", "_", "%\\%", "")), frame.Contains(text, pick(d, "a", " ", "", "本")), frame.StartsWith(text, "a"), frame.EndsWith(text, "b"))
	}
	a, b := sub(k), sub(k)
	return pick(d, a.Eq(b), a.Ne(b), a.Lt(b), a.Le(b), a.Gt(b), a.Ge(b))
}

func (d *dice) integer(sub func(kind) value) value {
	out := value{kind: intKind}
	switch d.IntN(7) {
	case 0: // both fit into 32 bits, which is what their sum may have
		a, b := d.small(sub(intKind), 1e8), d.small(sub(intKind), 1e8)
		out.Expr, out.bound = pick(d, a.Plus(b.Expr), a.Minus(b.Expr)), a.bound+b.bound
	case 1:
		a, b := d.small(sub(intKind), 1e4), d.small(sub(intKind), 1e4)
		out.Expr, out.bound = a.Times(b.Expr), a.bound*b.bound
	case 2:
		a := sub(intKind)
		out.Expr, out.bound = pick(d, frame.Abs(a.Expr), a.Mod(pick(d, 2, 7, -3))), a.bound
	case 3:
		out.Expr, out.bound = frame.Length(sub(textKind).Expr), 1e3
	case 4:
		day := sub(dateKind).Expr
		out.Expr, out.bound = pick(d, frame.Year(day), frame.Month(day), frame.DayOf(day), frame.Quarter(day), frame.Week(day), frame.Weekday(day),
			frame.Hour(sub(timeKind).Expr)), 1e4
	case 5:
		a := sub(decimalKind)
		if a.whole > 15 {
			return d.constant(intKind)
		}
		out.Expr, out.bound = pick(d, frame.Floor(a.Expr), frame.Ceil(a.Expr)), math.Pow10(a.whole)
	default:
		out.Expr, out.bound = frame.Days(sub(dateKind).Expr, sub(dateKind).Expr), 1e6
	}
	return out
}

// small is an integer no further from zero than most.
func (d *dice) small(v value, most float64) value {
	if v.bound > most {
		v.Expr, v.bound = v.Mod(1000), 1000
	}
	return v
}

// narrow is a decimal that leaves room for more digits.
func (d *dice) narrow(v value) value {
	if v.whole+v.scale > 18 || v.scale > 4 {
		v.Expr, v.scale = v.Cast(fmt.Sprintf("decimal(%d,2)", v.whole+2)), 2
	}
	return v
}

func (d *dice) decimal(sub func(kind) value) value {
	out := value{kind: decimalKind}
	switch d.IntN(5) {
	case 0:
		a, b := d.narrow(sub(decimalKind)), d.narrow(sub(decimalKind))
		out.Expr, out.whole, out.scale = pick(d, a.Plus(b.Expr), a.Minus(b.Expr)), max(a.whole, b.whole)+1, max(a.scale, b.scale)
	case 1:
		a, b := d.narrow(sub(decimalKind)), d.narrow(sub(decimalKind))
		if a.whole+b.whole > 20 {
			return a
		}
		out.Expr, out.whole, out.scale = a.Times(b.Expr), a.whole+b.whole+1, a.scale+b.scale
	case 2:
		a := d.narrow(sub(decimalKind))
		out.Expr, out.whole, out.scale = frame.Round(a.Expr, 1), a.whole+1, a.scale
	case 3:
		a := sub(decimalKind)
		out.Expr, out.whole, out.scale = frame.Abs(a.Expr), a.whole, a.scale
	default:
		a := d.small(sub(intKind), 1e8)
		out.Expr, out.whole, out.scale = a.Cast("decimal(12,2)"), 10, 2
	}
	return out
}

func (d *dice) double(sub func(kind) value) value {
	out := value{kind: doubleKind}
	switch d.IntN(8) {
	case 0:
		a, b := sub(doubleKind), sub(doubleKind)
		out.Expr, out.bound, out.even = pick(d, a.Plus(b.Expr), a.Minus(b.Expr)), a.bound+b.bound, a.even && b.even && a.bound+b.bound < 1e9
	case 1:
		a, b := sub(doubleKind), sub(doubleKind)
		out.Expr, out.bound = a.Over(b.Expr), a.bound*1e3
	case 2:
		a := sub(doubleKind)
		out.Expr, out.bound, out.even = frame.Abs(a.Expr), a.bound, a.even
	case 3:
		a := sub(intKind)
		out.Expr, out.bound, out.even = a.Cast("double"), a.bound, a.bound < 1e9
	case 4:
		a := sub(decimalKind)
		out.Expr, out.bound = a.Cast("double"), 1e20
	case 5:
		out.Expr, out.bound = sub(intKind).Over(sub(intKind).Expr), 1e15
	case 6:
		a := sub(doubleKind)
		out.Expr, out.bound, out.even = pick(d, frame.Sign(a.Expr), frame.Round(a.Expr, 0)), a.bound+1, a.even
	default:
		out.Expr, out.bound = frame.Sqrt(frame.Abs(sub(doubleKind).Expr)), 1e10
	}
	return out
}

// rough is a double whose last digits are the engine's.
func (d *dice) rough(columns []column) value {
	a := d.expr(doubleKind, columns, 2).Expr
	return value{kind: doubleKind, fuzzy: true, Expr: pick(d, frame.Ln(a), frame.Exp(a), frame.Power(a, 2), frame.Power(frame.Abs(a), 0.5), frame.Sqrt(a))}
}

func (d *dice) text(sub func(kind) value) value {
	a := sub(textKind).Expr
	var e frame.Expr
	switch d.IntN(5) {
	case 0:
		e = frame.Concat(a, sub(textKind).Expr)
	case 1:
		e = pick(d, frame.Upper(a), frame.Lower(a), frame.Trim(a))
	case 2:
		e = pick(d, frame.Substring(a, 1+d.IntN(3), d.IntN(3)), frame.Replace(a, pick(d, "a", " ", "本"), pick(d, "", "xy")), frame.SplitPart(a, " ", 1+d.IntN(2)))
	case 3:
		e = frame.RegexpReplace(a, pick(d, "[ab]", "^a", " +"), pick(d, "", "z"))
	default:
		e = pick(d, sub(intKind), sub(decimalKind), sub(dateKind), sub(boolKind)).Cast("string")
	}
	return value{kind: textKind, Expr: e}
}
