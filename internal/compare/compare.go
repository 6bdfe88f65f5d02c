// Package compare says whether two results hold the same rows.
//
// The order of rows does not count unless Options say so, their number does. Columns are compared by their place; their names may
// differ in case, and their types in width: the integers are one class, as are the decimals, and the
// texts. Integers, decimals, texts, dates and moments are compared exactly, and so are nulls. Floating-point
// numbers may differ by a tolerance, since sums depend on the order of their terms. Where one side has
// a floating-point number and the other a decimal, the difference of types is noted, and the values
// must agree to the digits that the decimal has.
package compare

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Options say how closely to look.
type Options struct {
	A, B      string  // what the sides are called; "" is A and B
	Tolerance float64 // of floating-point numbers, relative to the larger one; 0 is 1e-9
	Limit     int     // most rows of one side, which are all held in memory; 0 is two million
	Ordered   bool    // the order of the rows counts too
}

// Report is what was found.
type Report struct {
	Rows       int64    // of the first side
	Notes      []string // on types that differ in more than their width
	Difference string   // the first that was found; "" where there is none
}

// LimitError says that a side has more rows than are compared.
type LimitError struct{ Limit int }

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("more than %d rows: too many to compare", e.Limit)
}

// Hint says what to do.
func (e *LimitError) Hint() string { return "compare a part of them, or an aggregate" }

// Rows compares the rows of two readers. It reads both to their ends, and releases neither.
func Rows(ctx context.Context, a, b array.RecordReader, o Options) (Report, error) {
	o.A, o.B = cmp.Or(o.A, "A"), cmp.Or(o.B, "B")
	o.Tolerance, o.Limit = cmp.Or(o.Tolerance, 1e-9), cmp.Or(o.Limit, 2_000_000)
	c := &comparison{Options: o, rows: map[string]*twins{}}
	if c.columns(a.Schema(), b.Schema()); c.report.Difference != "" {
		return c.report, nil
	}
	for side, r := range []array.RecordReader{a, b} {
		if err := c.read(ctx, side, r); err != nil {
			return c.report, fmt.Errorf("%s: %w", []string{o.A, o.B}[side], err)
		}
	}
	c.report.Rows = c.counts[0]
	c.judge()
	return c.report, nil
}

// comparison holds what was read.
type comparison struct {
	Options
	report Report
	cols   []column
	rows   map[string]*twins // by their exact values
	counts [2]int64
}

// column is how the values of one column are compared.
type column struct {
	name string
	near bool    // by tolerance
	slip float64 // what two values may differ by anyhow: half of a decimal's last digit
}

// What stands for a value among the exact ones of a row: others begin with an equals sign.
const (
	null        = "null"   // it is missing
	approximate = "number" // it is compared by tolerance
)

// twins are the rows of both sides that agree in all that is exact.
type twins struct {
	exact []string
	sides [2][]row
}

// row is what a row has besides.
type row struct {
	at   int64 // its place, from 0
	near []float64
}

// columns decides how columns are compared, and notes how they differ.
func (c *comparison) columns(a, b *arrow.Schema) {
	if a.NumFields() != b.NumFields() {
		c.report.Difference = fmt.Sprintf("%s has %d columns (%s), %s has %d (%s)", c.A, a.NumFields(), names(a), c.B, b.NumFields(), names(b))
		return
	}
	for i := range a.NumFields() {
		fa, fb := a.Field(i), b.Field(i)
		if !strings.EqualFold(fa.Name, fb.Name) {
			c.report.Difference = fmt.Sprintf("column %d is called %s on %s, and %s on %s", i+1, fa.Name, c.A, fb.Name, c.B)
			return
		}
		col := column{name: fa.Name, near: floating(fa.Type) || floating(fb.Type)}
		for _, t := range []arrow.DataType{fa.Type, fb.Type} {
			if d, ok := t.(arrow.DecimalType); ok && col.near {
				col.slip = 0.5000001 * math.Pow(10, -float64(d.GetScale()))
			}
		}
		ca, cb := class(fa.Type), class(fb.Type)
		if ca != cb && fa.Type.ID() != arrow.NULL && fb.Type.ID() != arrow.NULL {
			c.report.Notes = append(c.report.Notes, fmt.Sprintf("column %s is %s on %s, and %s on %s", fa.Name, ca, c.A, cb, c.B))
		}
		c.cols = append(c.cols, col)
	}
}

func names(s *arrow.Schema) string {
	var all []string
	for _, f := range s.Fields() {
		all = append(all, f.Name)
	}
	return strings.Join(all, ", ")
}

// read takes in all rows of a side.
func (c *comparison) read(ctx context.Context, side int, r array.RecordReader) error {
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			if c.counts[side]++; c.counts[side] > int64(c.Limit) {
				return &LimitError{c.Limit}
			}
			c.add(side, batch, i)
		}
	}
	return r.Err()
}

func (c *comparison) add(side int, batch arrow.RecordBatch, i int) {
	exact := make([]string, len(c.cols))
	var near []float64
	var key []byte
	if c.Ordered {
		key = fmt.Appendf(key, "%d:", c.counts[side])
	}
	for k, col := range c.cols {
		values := batch.Column(k)
		switch number, ok := float(values, i); {
		case ok && col.near:
			near = append(near, number)
			exact[k] = approximate
		case missing(values, i):
			exact[k] = null
		default:
			exact[k] = "=" + text(values, i)
		}
		key = fmt.Appendf(key, "%d:%s", len(exact[k]), exact[k])
	}
	t := c.rows[string(key)]
	if t == nil {
		t = &twins{exact: exact}
		c.rows[string(key)] = t
	}
	t.sides[side] = append(t.sides[side], row{at: c.counts[side] - 1, near: near})
}

// stray is a row without a match.
type stray struct {
	row
	exact []string
}

// judge pairs the rows of both sides.
func (c *comparison) judge() {
	var strays [2][]stray
	for _, t := range c.rows {
		a, b := c.pair(t)
		for side, rest := range [][]row{a, b} {
			for _, r := range rest {
				strays[side] = append(strays[side], stray{r, t.exact})
			}
		}
	}
	for side := range strays {
		slices.SortFunc(strays[side], func(a, b stray) int { return cmp.Compare(a.at, b.at) })
	}
	c.report.Difference = c.difference(strays)
}

// pair takes away what matches.
func (c *comparison) pair(t *twins) (a, b []row) {
	a, b = t.sides[0], t.sides[1]
	if len(t.exact) > 0 && (len(a) == 0 || len(b) == 0) {
		return a, b
	}
	for _, side := range t.sides {
		slices.SortFunc(side, func(x, y row) int { return slices.CompareFunc(x.near, y.near, cmp.Compare) })
	}
	if len(a) == len(b) {
		for i := range a {
			if !c.close(t.exact, a[i].near, b[i].near) {
				return c.match(t.exact, a, b)
			}
		}
		return nil, nil
	}
	return c.match(t.exact, a, b)
}

// match pairs each row with the first that is close to it: for what sorting does not bring together.
func (c *comparison) match(exact []string, a, b []row) (restA, restB []row) {
	restB = slices.Clone(b)
	for _, x := range a {
		i := slices.IndexFunc(restB, func(y row) bool { return c.close(exact, x.near, y.near) })
		if i < 0 {
			restA = append(restA, x)
			continue
		}
		restB = slices.Delete(restB, i, i+1)
	}
	return restA, restB
}

// close says whether the numbers of two rows agree.
func (c *comparison) close(exact []string, a, b []float64) bool {
	n := 0
	for k, col := range c.cols {
		if exact[k] != approximate {
			continue
		}
		if !agree(a[n], b[n], c.Tolerance, col.slip) {
			return false
		}
		n++
	}
	return true
}

func agree(a, b, tolerance, slip float64) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	apart := math.Abs(a - b)
	return apart <= tolerance*max(math.Abs(a), math.Abs(b)) || apart <= slip
}

// difference tells of the first row that has no match.
func (c *comparison) difference(strays [2][]stray) string {
	sides := [2]string{c.A, c.B}
	for side := range strays {
		if len(strays[side]) == 0 {
			continue
		}
		first, other := strays[side][0], strays[1-side]
		out := fmt.Sprintf("row %d of %s has no match on %s: %s", first.at+1, sides[side], sides[1-side], c.show(first))
		if c.counts[0] != c.counts[1] {
			out = fmt.Sprintf("%s has %d rows, %s has %d; %s", c.A, c.counts[0], c.B, c.counts[1], out)
		}
		if len(other) == 0 {
			return out
		}
		nearest := slices.MaxFunc(other, func(a, b stray) int { return cmp.Compare(c.alike(first, a), c.alike(first, b)) })
		for k, mine := range c.values(first) {
			if theirs := c.values(nearest)[k]; mine != theirs && !c.same(first, nearest, k) {
				return fmt.Sprintf("%s; the nearest there, row %d, has %s = %s, not %s", out, nearest.at+1, c.cols[k].name, theirs, mine)
			}
		}
		return out
	}
	return ""
}

// alike counts the columns in which two rows agree.
func (c *comparison) alike(a, b stray) (n int) {
	for k := range c.cols {
		if c.same(a, b, k) {
			n++
		}
	}
	return n
}

func (c *comparison) same(a, b stray, k int) bool {
	if a.exact[k] != b.exact[k] {
		return false
	}
	return a.exact[k] != approximate || agree(a.near[place(a.exact, k)], b.near[place(b.exact, k)], c.Tolerance, c.cols[k].slip)
}

// place is where the number of a column is among those of its row.
func place(exact []string, k int) (n int) {
	for _, e := range exact[:k] {
		if e == approximate {
			n++
		}
	}
	return n
}

// values are those of a row, for people.
func (c *comparison) values(r stray) []string {
	out := make([]string, len(r.exact))
	n := 0
	for k, e := range r.exact {
		switch e {
		case approximate:
			out[k] = fmt.Sprint(r.near[n])
			n++
		case null:
			out[k] = "null"
		default:
			out[k] = e[1:]
		}
	}
	return out
}

func (c *comparison) show(r stray) string {
	var out []string
	for k, v := range c.values(r) {
		if len(v) > 60 {
			v = v[:60] + "..."
		}
		out = append(out, c.cols[k].name+" = "+v)
	}
	return "(" + strings.Join(out, ", ") + ")"
}
