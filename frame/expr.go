package frame

import (
	"fmt"
	"time"
)

// Expr is a value computed for each row. It is immutable. Mistakes in its making are told when the
// frame that it is part of is run.
type Expr struct{ Node Node }

// Node is an expression as engines render it: one of Column, Literal, Call, Text, As, CastTo, When and
// Windowed.
type Node interface{ node() }

// Column names a column, possibly with the alias of a frame before it.
type Column struct{ Path []string }

// Literal is a constant: nil, a bool, int32, int64, float64, string, []byte, time.Time, Day or Exact.
type Literal struct{ Value any }

// Call is an operator or a function by the name that Spark has for it.
type Call struct {
	Name     string
	Args     []Node
	Distinct bool
}

// Text is an expression in the engine's own SQL.
type Text struct{ SQL string }

// As gives a value a name.
type As struct {
	Of   Node
	Name string
}

// CastTo changes the type of a value.
type CastTo struct {
	Of   Node
	Type string // as in Spark SQL
}

// When is CASE: pairs of a condition and a value, then a value for the rest.
type When struct {
	Pairs [][2]Node
	Else  Node
}

// Windowed is a function over rows that belong together.
type Windowed struct {
	Of        Node
	Partition []Node
	Order     []Order
	Rows      *[2]int64 // first and last row, from the current one; nil for the default
}

// Wrong stands for a mistake in the making of an expression.
type Wrong struct{ Err error }

func (Column) node()   {}
func (Literal) node()  {}
func (Call) node()     {}
func (Text) node()     {}
func (As) node()       {}
func (CastTo) node()   {}
func (When) node()     {}
func (Windowed) node() {}
func (Wrong) node()    {}

// Order is a value that rows are sorted by. Nulls come first where it ascends and last where it
// descends, as in Spark, unless it says otherwise.
type Order struct {
	Of         Node
	Descending bool
	NullsLast  bool
}

// The bounds of a window's rows beside numbers.
const (
	UnboundedPreceding = -1 << 62
	CurrentRow         = 0
	UnboundedFollowing = 1 << 62
)

// Day is a date without a time.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// Exact is a decimal by its digits, such as 12.50.
type Exact string

// Col is a column: Col("price"), or Col("orders", "price") of a frame with the alias orders.
func Col(path ...string) Expr {
	for _, p := range path {
		if p == "" {
			return wrong("Col: an empty name")
		}
	}
	if len(path) == 0 {
		return wrong("Col: no name")
	}
	return Expr{Column{path}}
}

// Lit is a constant.
func Lit(value any) Expr {
	switch v := value.(type) {
	case int:
		return Expr{Literal{int64(v)}}
	case nil, bool, int32, int64, float64, string, []byte, time.Time, Day, Exact:
		return Expr{Literal{v}}
	case Expr:
		return v
	}
	return wrong("Lit: a %T is no constant", value)
}

// SQL is an expression in the SQL of the engine that runs it: write what both engines understand.
func SQL(text string) Expr { return Expr{Text{text}} }

func wrong(format string, args ...any) Expr {
	return Expr{Wrong{fmt.Errorf("frame: "+format, args...)}}
}

// value is an expression or, for what is none, a constant.
func value(v any) Node { return Lit(v).Node }

func values(all []any) []Node {
	out := make([]Node, len(all))
	for i, v := range all {
		out[i] = value(v)
	}
	return out
}

func call(name string, args ...Node) Expr { return Expr{Call{Name: name, Args: args}} }

// Eq and the other comparisons take an expression or a constant. With a null they are null.
func (e Expr) Eq(v any) Expr { return call("=", e.Node, value(v)) }

// Ne is not equal.
func (e Expr) Ne(v any) Expr { return e.Eq(v).Not() }

// Lt is less than.
func (e Expr) Lt(v any) Expr { return call("<", e.Node, value(v)) }

// Le is at most.
func (e Expr) Le(v any) Expr { return call("<=", e.Node, value(v)) }

// Gt is greater than.
func (e Expr) Gt(v any) Expr { return call(">", e.Node, value(v)) }

// Ge is at least.
func (e Expr) Ge(v any) Expr { return call(">=", e.Node, value(v)) }

// Plus adds.
func (e Expr) Plus(v any) Expr { return call("+", e.Node, value(v)) }

// Minus subtracts.
func (e Expr) Minus(v any) Expr { return call("-", e.Node, value(v)) }

// Times multiplies.
func (e Expr) Times(v any) Expr { return call("*", e.Node, value(v)) }

// Over divides; of two integers too it gives a fraction. Dividing by zero gives null.
func (e Expr) Over(v any) Expr { return call("/", e.Node, call("nullif", value(v), value(0)).Node) }

// Mod is the rest of a division, with the sign of the dividend.
func (e Expr) Mod(v any) Expr { return call("%", e.Node, value(v)) }

// And is true where both are.
func (e Expr) And(v any) Expr { return call("and", e.Node, value(v)) }

// Or is true where one of both is.
func (e Expr) Or(v any) Expr { return call("or", e.Node, value(v)) }

// Not turns true and false around.
func (e Expr) Not() Expr { return call("not", e.Node) }

// IsNull is true where there is no value.
func (e Expr) IsNull() Expr { return call("isnull", e.Node) }

// IsNotNull is true where there is a value.
func (e Expr) IsNotNull() Expr { return call("isnotnull", e.Node) }

// In is true where it equals one of them.
func (e Expr) In(all ...any) Expr {
	if len(all) == 0 {
		return wrong("In: no values")
	}
	return call("in", append([]Node{e.Node}, values(all)...)...)
}

// Between is at least from and at most to.
func (e Expr) Between(from, to any) Expr { return e.Ge(from).And(e.Le(to)) }

// Like matches a pattern in which % stands for any text and _ for a character, but with a \ before it.
func (e Expr) Like(pattern string) Expr { return call("like", e.Node, value(pattern)) }

// As gives it a name.
func (e Expr) As(name string) Expr {
	if name == "" {
		return wrong("As: an empty name")
	}
	return Expr{As{e.Node, name}}
}

// Cast changes its type, which is written as in Spark SQL: int, bigint, double, decimal(10,2), string,
// date, timestamp, boolean. Engines make integers of fractions in different ways: Round or Floor them
// before.
func (e Expr) Cast(to string) Expr { return Expr{CastTo{e.Node, to}} }

// Asc sorts by it, small ones first.
func (e Expr) Asc() Order { return Order{Of: e.Node} }

// Desc sorts by it, large ones first.
func (e Expr) Desc() Order { return Order{Of: e.Node, Descending: true, NullsLast: true} }

// Case begins a choice: Case(cond, value).When(cond, value).Else(value).
func Case(condition Expr, v any) Choice { return Choice{}.When(condition, v) }

// Choice is a CASE that is being written. Without Else the rest is null.
type Choice struct{ pairs [][2]Node }

// When adds a condition with its value.
func (c Choice) When(condition Expr, v any) Choice {
	return Choice{append(c.pairs[:len(c.pairs):len(c.pairs)], [2]Node{condition.Node, value(v)})}
}

// Else ends the choice with the value for all other rows.
func (c Choice) Else(v any) Expr { return Expr{When{c.pairs, value(v)}} }

// End ends the choice: all other rows are null.
func (c Choice) End() Expr { return Expr{When{Pairs: c.pairs}} }

// Window says which rows a function looks at.
type Window struct {
	Partition []Expr
	Order     []Order
	Rows      *[2]int64 // first and last, from the current row: {UnboundedPreceding, CurrentRow}; nil: the standard's
}

// Window computes an aggregate, or a function such as RowNumber, over a window instead of over a group.
func (e Expr) Window(w Window) Expr {
	out := Windowed{Of: e.Node, Order: w.Order, Rows: w.Rows}
	for _, p := range w.Partition {
		out.Partition = append(out.Partition, p.Node)
	}
	return Expr{out}
}
