package petalake_test

import (
	"slices"

	"github.com/petalake/petalake/frame"
)

// column is one of a relation.
type column struct {
	value
	name string
}

// ref is the column as an expression.
func (c column) ref() value {
	v := c.value
	v.Expr = frame.Col(c.name)
	return v
}

// relation is a frame, and what is known of its columns.
type relation struct {
	frame.Frame
	columns []column
	rows    int  // at most
	ordered bool // its rows come in one order on any engine
}

// mostRows is how many rows a plan may have on its way.
const mostRows = 20_000

// program is a random frame of some steps.
func (d *dice) program(steps int) relation {
	r := pick(d, d.tables...)
	for range steps {
		r = d.step(r)
	}
	return r
}

// step adds one. What engines agree on only to some digits goes before others depend on it.
func (d *dice) step(r relation) relation {
	r = d.sharp(r)
	out := r
	out.ordered = false
	switch d.IntN(14) {
	case 0, 1:
		out.Frame = r.Filter(d.condition(r.columns, 2))
	case 2:
		return d.project(r)
	case 3:
		v := d.expr(kind(d.IntN(int(kinds))), r.columns, 3)
		name := d.name()
		out.Frame, out.columns = r.WithColumn(name, v.Expr), append(slices.Clone(r.columns), column{v, name})
	case 4:
		return d.reshape(r)
	case 5, 6, 7:
		return d.join(r)
	case 8, 9:
		return d.group(r)
	case 10:
		out.Frame = r.Distinct()
	case 11:
		return d.top(r)
	case 12:
		return d.set(r)
	default:
		return d.window(r)
	}
	return out
}

// sharp drops the columns that are fuzzy.
func (d *dice) sharp(r relation) relation {
	var names []string
	for _, c := range r.columns {
		if c.fuzzy {
			names = append(names, c.name)
		}
	}
	if len(names) == len(r.columns) {
		return pick(d, d.tables...)
	}
	if len(names) > 0 {
		r.Frame, r.columns = r.Drop(names...), slices.DeleteFunc(slices.Clone(r.columns), func(c column) bool { return c.fuzzy })
	}
	return r
}

// project computes new columns from those there are.
func (d *dice) project(r relation) relation {
	var list []frame.Expr
	var columns []column
	for range 1 + d.IntN(5) {
		v := d.expr(kind(d.IntN(int(kinds))), r.columns, 3)
		if d.IntN(10) == 0 {
			v = d.rough(r.columns)
		}
		c := column{v, d.name()}
		list, columns = append(list, v.As(c.name)), append(columns, c)
	}
	return relation{Frame: r.Select(list...), columns: columns, rows: r.rows}
}

// reshape drops a column, or gives it another name.
func (d *dice) reshape(r relation) relation {
	at := d.IntN(len(r.columns))
	out := relation{rows: r.rows, columns: slices.Clone(r.columns)}
	if len(r.columns) > 1 && d.IntN(2) == 0 {
		out.Frame, out.columns = r.Drop(r.columns[at].name), slices.Delete(out.columns, at, at+1)
		return out
	}
	out.columns[at].name = d.name()
	out.Frame = r.Rename(r.columns[at].name, out.columns[at].name)
	return out
}

// fresh gives each column a new name, so that a frame can be joined with itself.
func (d *dice) fresh(r relation) relation {
	var list []frame.Expr
	out := relation{rows: r.rows}
	for _, c := range r.columns {
		e := c.ref()
		c.name = d.name()
		list, out.columns = append(list, e.As(c.name)), append(out.columns, c)
	}
	out.Frame = r.Select(list...)
	return out
}

func (d *dice) join(r relation) relation {
	other := d.fresh(d.sharp(d.program(d.IntN(3))))
	kind := pick(d, frame.Inner, frame.Left, frame.Right, frame.Full, frame.Semi, frame.Anti)
	out := relation{columns: append(slices.Clone(r.columns), other.columns...), rows: r.rows*other.rows + r.rows + other.rows}
	if kind == frame.Semi || kind == frame.Anti {
		out.columns, out.rows = r.columns, r.rows
	}
	if out.rows > mostRows {
		return r
	}
	if r.rows*other.rows < 500 && d.IntN(6) == 0 {
		out.columns = append(slices.Clone(r.columns), other.columns...)
		out.Frame = r.CrossJoin(other.Frame)
		return out
	}
	var on []frame.Expr
	using := ""
	for range 1 + d.IntN(2) {
		for range 20 {
			a, b := pick(d, r.columns...), pick(d, other.columns...)
			if a.kind == b.kind {
				on, using = append(on, pick(d, a.ref().Eq(b.ref().Expr), frame.Col("l", a.name).Eq(frame.Col("r", b.name)))), a.name
				if len(on) == 1 && d.IntN(5) == 0 {
					return d.using(r, other, kind, a.name, b.name)
				}
				break
			}
		}
	}
	if using == "" || d.IntN(8) == 0 { // by any condition, on all columns
		on = append(on, d.condition(append(slices.Clone(r.columns), other.columns...), 2))
	}
	condition := on[0]
	for _, c := range on[1:] {
		condition = condition.And(c)
	}
	out.Frame = r.Alias("l").Join(other.Alias("r"), kind, condition)
	return out
}

// using joins by a column that has one name on both sides.
func (d *dice) using(r, other relation, kind frame.JoinKind, a, b string) relation {
	out := relation{rows: r.rows*other.rows + r.rows + other.rows}
	var list []frame.Expr
	for _, c := range r.columns {
		list, out.columns = append(list, frame.Col(c.name)), append(out.columns, c)
	}
	for _, c := range other.columns {
		if c.name != b && kind != frame.Semi && kind != frame.Anti {
			list, out.columns = append(list, frame.Col(c.name)), append(out.columns, c)
		}
	}
	for i, c := range out.columns { // of a full join it is one of both
		for _, o := range other.columns {
			if c.name == a && o.name == b {
				out.columns[i].bound, out.columns[i].whole, out.columns[i].scale = max(c.bound, o.bound), max(c.whole, o.whole), max(c.scale, o.scale)
				out.columns[i].even = c.even && o.even
			}
		}
	}
	out.Frame = r.JoinUsing(other.Rename(b, a), kind, a).Select(list...)
	return out
}

func (d *dice) group(r relation) relation {
	var by, values []frame.Expr
	out := relation{rows: r.rows + 1}
	for range d.IntN(3) {
		c := pick(d, r.columns...)
		if slices.ContainsFunc(out.columns, func(o column) bool { return o.name == c.name }) {
			continue
		}
		by, out.columns = append(by, frame.Col(c.name)), append(out.columns, c)
	}
	for range 1 + d.IntN(3) {
		c := column{d.aggregate(r), d.name()}
		values, out.columns = append(values, c.As(c.name)), append(out.columns, c)
	}
	out.Frame = r.GroupBy(by...).Agg(values...)
	return out
}

// aggregate is a value of many rows.
func (d *dice) aggregate(r relation) value {
	k := kind(d.IntN(int(kinds)))
	v := d.expr(k, r.columns, 2)
	out := v
	switch number := k == intKind || k == decimalKind || k == doubleKind; {
	case d.IntN(4) == 0:
		return value{kind: intKind, bound: float64(r.rows), Expr: pick(d, frame.Count(v.Expr), frame.CountAll(), frame.CountDistinct(v.Expr))}
	case number && d.IntN(3) == 0:
		out.Expr = frame.Avg(v.Expr)
		if k != doubleKind && d.IntN(2) == 0 { // of an infinite one DuckDB gives an error
			out.Expr = frame.Stddev(v.Expr)
		}
		return value{kind: doubleKind, fuzzy: true, Expr: out.Expr}
	case number && d.IntN(2) == 0:
		out.Expr, out.bound, out.whole = frame.Sum(v.Expr), v.bound*float64(r.rows), v.whole+10
		out.fuzzy = k == doubleKind && (!v.even || out.bound > 1e9)
		if k == intKind && out.bound > 1e15 || k == decimalKind && out.whole+out.scale > 38 { // not all digits are there for the sum
			out.Expr = frame.Max(v.Expr)
			out.bound, out.whole = v.bound, v.whole
		}
		return out
	}
	out.Expr = pick(d, frame.Min(v.Expr), frame.Max(v.Expr))
	return out
}

// total is an order in which rows that are not the same follow one another in one way.
func (d *dice) total(r relation) (by []frame.Order) {
	for _, at := range d.Perm(len(r.columns)) {
		e := frame.Col(r.columns[at].name)
		by = append(by, pick(d, e.Asc(), e.Desc()))
	}
	return by
}

// top sorts rows, and keeps some.
func (d *dice) top(r relation) relation {
	out := relation{Frame: r.Sort(d.total(r)...), columns: r.columns, rows: r.rows, ordered: true}
	if d.IntN(3) > 0 {
		return out
	}
	if n := d.IntN(10); d.IntN(2) == 0 {
		out.Frame = out.Offset(int64(n))
	}
	n := d.IntN(20)
	out.Frame, out.rows = out.Limit(int64(n)), min(n, out.rows)
	return out
}

// set puts rows of two frames together.
func (d *dice) set(r relation) relation {
	other := d.sharp(d.program(d.IntN(3)))
	out := relation{rows: r.rows + other.rows}
	var left, right []frame.Expr
	for range 1 + d.IntN(4) {
		k := pick(d, r.columns...).kind
		a, b := d.of(k, r.columns), d.of(k, other.columns)
		if k == decimalKind { // beside a sum, which has 38 digits, DuckDB cuts those behind the point
			a, b = d.narrow(a), d.narrow(b)
		}
		name := d.name()
		left, right = append(left, a.As(name)), append(right, b.As(name))
		a.bound, a.whole, a.scale, a.even = max(a.bound, b.bound), max(a.whole, b.whole), max(a.scale, b.scale), a.even && b.even
		out.columns = append(out.columns, column{a, name})
	}
	a, b := r.Select(left...), other.Select(right...)
	out.Frame = pick(d, a.Union(b), a.UnionByName(b), a.Intersect(b), a.Except(b))
	return out
}

// window adds a value that is computed over rows around each.
func (d *dice) window(r relation) relation {
	w := frame.Window{Order: d.total(r)}
	for range d.IntN(3) {
		w.Partition = append(w.Partition, frame.Col(pick(d, r.columns...).name))
	}
	k := kind(d.IntN(int(kinds)))
	v := d.expr(k, r.columns, 2)
	switch d.IntN(4) {
	case 0:
		v = value{kind: intKind, bound: float64(r.rows), Expr: pick(d, frame.RowNumber(), frame.Rank(), frame.DenseRank())}
	case 1:
		v.Expr = pick(d, frame.Lag(v.Expr, 1+d.IntN(2)), frame.Lead(v.Expr, 1))
	default:
		v = d.aggregate(r)
		for call, ok := v.Node.(frame.Call); !ok || call.Distinct; call, ok = v.Node.(frame.Call) {
			v = d.aggregate(r) // Spark counts no different values over a window
		}
		if d.IntN(2) == 0 {
			w.Rows = &[2]int64{pick(d, int64(frame.UnboundedPreceding), -2, frame.CurrentRow), pick(d, int64(frame.CurrentRow), 1, frame.UnboundedFollowing)}
		}
		if d.IntN(3) == 0 && w.Rows == nil {
			w.Order = nil
		}
	}
	v.Expr = v.Window(w)
	name := d.name()
	return relation{Frame: r.WithColumn(name, v.Expr), columns: append(slices.Clone(r.columns), column{v, name}), rows: r.rows}
}
