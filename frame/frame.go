// Package frame describes data as a program sees it: tables, and what is computed from them.
//
// A Frame is a plan, a value that is never changed: each step gives another one. Nothing is read until
// an Engine runs it. There are two, a Spark session and DuckDB, and a program moves from one to the
// other by the line that names it:
//
//	on, err := lake.Frames("spark") // or "duckdb", or "auto"
//	top := frame.Table("bronze.orders").
//		Filter(frame.Col("status").Eq("paid")).
//		GroupBy(frame.Col("customer")).Agg(frame.Sum(frame.Col("price")).As("revenue")).
//		Sort(frame.Col("revenue").Desc()).Limit(10)
//	rows, err := frame.Collect[Customer](ctx, on, top)
//
// The functions of this package mean the same on both. What else an engine can is written as SQL.
package frame

import (
	"errors"
	"fmt"
	"slices"
)

// Frame is rows that are computed when an Engine runs it.
type Frame struct{ Plan Plan }

// Plan is a frame as engines render it: one of the types below.
type Plan interface{ plan() }

// The steps of a plan.
type (
	// Read is a table of the lake, at a version where Version is not nil, or as it was at Time.
	Read struct {
		Table   string
		Version *int64
		Time    string // as in TIMESTAMP AS OF
	}
	// Query is a SELECT in the engine's own SQL.
	Query struct{ SQL string }
	// Project computes columns.
	Project struct {
		From    Plan
		Columns []Node
	}
	// Where keeps the rows for which a condition is true.
	Where struct {
		From      Plan
		Condition Node
	}
	// Combine joins the rows of two frames.
	Combine struct {
		Left, Right Plan
		Kind        JoinKind
		Using       []string
		On          Node // nil with Using, and for Cross
	}
	// Aggregate computes values of groups.
	Aggregate struct {
		From   Plan
		Groups []Node
		Values []Node
	}
	// Sorted orders rows.
	Sorted struct {
		From Plan
		By   []Order
	}
	// Head keeps Rows rows after the first Skip; Rows is -1 for all.
	Head struct {
		From       Plan
		Rows, Skip int64
	}
	// Set is a UNION, INTERSECT or EXCEPT of two frames.
	Set struct {
		Left, Right Plan
		Kind        SetKind
		ByName      bool
	}
	// Unique keeps one of rows that are the same.
	Unique struct{ From Plan }
	// Named gives a frame an alias, for columns that are named with it.
	Named struct {
		From Plan
		Name string
	}
	// Added adds columns.
	Added struct {
		From    Plan
		Columns []As
	}
	// Without leaves out columns.
	Without struct {
		From    Plan
		Columns []string
	}
	// Renamed gives a column another name.
	Renamed struct {
		From     Plan
		Old, New string
	}
	// Failed stands for a mistake in the making of a frame.
	Failed struct{ Err error }
)

func (Read) plan()      {}
func (Query) plan()     {}
func (Project) plan()   {}
func (Where) plan()     {}
func (Combine) plan()   {}
func (Aggregate) plan() {}
func (Sorted) plan()    {}
func (Head) plan()      {}
func (Set) plan()       {}
func (Unique) plan()    {}
func (Named) plan()     {}
func (Added) plan()     {}
func (Without) plan()   {}
func (Renamed) plan()   {}
func (Failed) plan()    {}

// JoinKind says which rows of a join stay.
type JoinKind string

// The kinds of joins.
const (
	Inner JoinKind = "inner"
	Left  JoinKind = "left"
	Right JoinKind = "right"
	Full  JoinKind = "full"
	Semi  JoinKind = "semi" // the left rows that have a match
	Anti  JoinKind = "anti" // the left rows that have none
	Cross JoinKind = "cross"
)

// SetKind is an operation on whole rows.
type SetKind string

// The operations on whole rows.
const (
	Union     SetKind = "union" // all rows of both
	Intersect SetKind = "intersect"
	Except    SetKind = "except"
)

func failed(format string, args ...any) Frame {
	return Frame{Failed{fmt.Errorf("frame: "+format, args...)}}
}

// Table is a table of the lake, as it is when the frame is run.
func Table(name string) Frame {
	if name == "" {
		return failed("Table: an empty name")
	}
	return Frame{Read{Table: name}}
}

// TableAt is a table at a version.
func TableAt(name string, version int64) Frame { return Frame{Read{Table: name, Version: &version}} }

// TableAsOf is a table as it was at a time, written as 2006-01-02 15:04:05.
func TableAsOf(name, time string) Frame { return Frame{Read{Table: name, Time: time}} }

// Select is a SELECT in the SQL of the engine that runs it.
func Select(sql string) Frame { return Frame{Query{sql}} }

// Select computes columns; those that are not named are left out.
func (f Frame) Select(columns ...Expr) Frame {
	if len(columns) == 0 {
		return failed("Select: no columns")
	}
	return Frame{Project{f.Plan, nodes(columns)}}
}

// Filter keeps the rows for which a condition is true.
func (f Frame) Filter(condition Expr) Frame { return Frame{Where{f.Plan, condition.Node}} }

// WithColumn adds a column, whose name must be new.
func (f Frame) WithColumn(name string, e Expr) Frame {
	return Frame{Added{f.Plan, []As{{e.Node, name}}}}
}

// Drop leaves out columns.
func (f Frame) Drop(columns ...string) Frame {
	if len(columns) == 0 {
		return failed("Drop: no columns")
	}
	return Frame{Without{f.Plan, columns}}
}

// Rename gives a column another name.
func (f Frame) Rename(old, name string) Frame { return Frame{Renamed{f.Plan, old, name}} }

// Alias names the frame: its columns are then Col(name, column).
func (f Frame) Alias(name string) Frame {
	if name == "" {
		return failed("Alias: an empty name")
	}
	return Frame{Named{f.Plan, name}}
}

// Join combines rows for which a condition is true. Give both frames an Alias where columns of both have
// one name.
func (f Frame) Join(right Frame, kind JoinKind, on Expr) Frame {
	if kind == Cross || !slices.Contains([]JoinKind{Inner, Left, Right, Full, Semi, Anti}, kind) {
		return failed("Join: kind %q: write inner, left, right, full, semi or anti", kind)
	}
	return Frame{Combine{Left: f.Plan, Right: right.Plan, Kind: kind, On: on.Node}}
}

// JoinUsing combines rows that have the same values in these columns, which then are there once. In
// which order the columns come is the engine's: a Select puts them into one.
func (f Frame) JoinUsing(right Frame, kind JoinKind, columns ...string) Frame {
	if len(columns) == 0 || kind == Cross {
		return failed("JoinUsing: no columns")
	}
	return Frame{Combine{Left: f.Plan, Right: right.Plan, Kind: kind, Using: columns}}
}

// CrossJoin combines each row with each.
func (f Frame) CrossJoin(right Frame) Frame {
	return Frame{Combine{Left: f.Plan, Right: right.Plan, Kind: Cross}}
}

// Grouped is a frame whose rows are grouped.
type Grouped struct {
	from Plan
	by   []Node
}

// GroupBy puts rows with the same values together; without columns, all rows.
func (f Frame) GroupBy(columns ...Expr) Grouped { return Grouped{f.Plan, nodes(columns)} }

// Agg computes values of each group, after the columns that it is grouped by.
func (g Grouped) Agg(values ...Expr) Frame {
	if len(values) == 0 {
		return failed("Agg: no values")
	}
	return Frame{Aggregate{g.from, g.by, nodes(values)}}
}

// Sort orders the rows.
func (f Frame) Sort(by ...Order) Frame {
	if len(by) == 0 {
		return failed("Sort: nothing to sort by")
	}
	return Frame{Sorted{f.Plan, by}}
}

// Limit keeps the first rows.
func (f Frame) Limit(rows int64) Frame {
	if rows < 0 {
		return failed("Limit: %d rows", rows)
	}
	return Frame{Head{f.Plan, rows, 0}}
}

// Offset leaves out the first rows.
func (f Frame) Offset(rows int64) Frame {
	if rows < 0 {
		return failed("Offset: %d rows", rows)
	}
	return Frame{Head{f.Plan, -1, rows}}
}

// Distinct keeps one of rows that are the same.
func (f Frame) Distinct() Frame { return Frame{Unique{f.Plan}} }

// Union has the rows of both, column by column in their order.
func (f Frame) Union(other Frame) Frame {
	return Frame{Set{Left: f.Plan, Right: other.Plan, Kind: Union}}
}

// UnionByName has the rows of both, with columns matched by name.
func (f Frame) UnionByName(other Frame) Frame {
	return Frame{Set{Left: f.Plan, Right: other.Plan, Kind: Union, ByName: true}}
}

// Intersect has the rows that are in both, once.
func (f Frame) Intersect(other Frame) Frame {
	return Frame{Set{Left: f.Plan, Right: other.Plan, Kind: Intersect}}
}

// Except has the rows that are not in the other, once.
func (f Frame) Except(other Frame) Frame {
	return Frame{Set{Left: f.Plan, Right: other.Plan, Kind: Except}}
}

func nodes(all []Expr) []Node {
	out := make([]Node, len(all))
	for i, e := range all {
		out[i] = e.Node
	}
	return out
}

// Texts are the pieces of SQL in a frame, as they were written.
func (f Frame) Texts() (all []string) {
	walk(f.Plan, func(p Plan) {
		if q, ok := p.(Query); ok {
			all = append(all, q.SQL)
		}
	}, func(n Node) {
		if t, ok := n.(Text); ok {
			all = append(all, t.SQL)
		}
	})
	return all
}

// Err is what is wrong in the making of a frame, all of it.
func (f Frame) Err() error {
	var all []error
	walk(f.Plan, func(p Plan) {
		if w, ok := p.(Failed); ok {
			all = append(all, w.Err)
		}
		if p == nil {
			all = append(all, errors.New("frame: an empty frame: begin with Table or Select"))
		}
	}, func(n Node) {
		switch n := n.(type) {
		case Wrong:
			all = append(all, n.Err)
		case nil:
			all = append(all, errors.New("frame: an empty expression: begin with Col or Lit"))
		}
	})
	return errors.Join(all...)
}
