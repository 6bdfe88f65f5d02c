package stats

import (
	"math"
	"slices"
)

// Matches says whether the file may hold a row on which p is true. It errs on one side only: false
// means that no row of the file matches. partition gives the value that a column has in every row
// of the file, for partition columns; nil where there are none.
//
// Paths are compared exactly. Bounds that are outer bounds (File.TightBounds is false) serve as
// well as tight ones; a null count serves where it is none or all.
func Matches(p Predicate, f File, partition func(path []string) (Value, bool)) bool {
	if p == nil {
		return f.NumRecords != 0
	}
	e := estimate{file: &f, partition: partition}
	return f.NumRecords != 0 && e.truths(p)&isTrue != 0
}

// estimate finds the truth values that a predicate may have on the rows of a file. Working with
// sets of the three truth values makes NOT as sound as the rest: it swaps true and false.
type estimate struct {
	file      *File
	partition func([]string) (Value, bool)
}

func (e *estimate) truths(p Predicate) truths {
	switch p := p.(type) {
	case And:
		all := isTrue
		for _, q := range p {
			all = all.and(e.truths(q))
		}
		return all
	case Or:
		some := isFalse
		for _, q := range p {
			some = some.or(e.truths(q))
		}
		return some
	case Not:
		return e.truths(p.Predicate).not()
	case Compare:
		return e.compare(p.Path, p.Op, p.Value)
	case In:
		some := isFalse
		for _, v := range p.Values {
			some = some.or(e.compare(p.Path, EQ, v))
		}
		return some
	case IsNull:
		return e.isNull(p.Path)
	}
	return anything
}

// constant is the value of a partition column.
func (e *estimate) constant(path []string) (Value, bool) {
	if e.partition == nil {
		return nil, false
	}
	return e.partition(path)
}

func (e *estimate) column(path []string) *Column {
	for i := range e.file.Columns {
		if c := &e.file.Columns[i]; slices.Equal(c.Path, path) {
			return c
		}
	}
	return nil
}

func (e *estimate) isNull(path []string) truths {
	if v, ok := e.constant(path); ok {
		if v == nil {
			return isTrue
		}
		return isFalse
	}
	c := e.column(path)
	switch {
	case c == nil:
		return isTrue | isFalse
	case c.NullCount == 0:
		return isFalse
	case c.NullCount >= 0 && c.NullCount == e.file.NumRecords:
		return isTrue
	}
	return isTrue | isFalse
}

func (e *estimate) compare(path []string, op Op, v Value) truths {
	if constant, ok := e.constant(path); ok {
		return compareValues(constant, op, v)
	}
	if v == nil {
		return isNull
	}
	c := e.column(path)
	switch {
	case c == nil:
		return anything
	case c.NullCount >= 0 && c.NullCount == e.file.NumRecords:
		return isNull
	}
	t := c.compare(op, v)
	if c.NullCount != 0 {
		t |= isNull
	}
	return t
}

// compare is what "column op v" may be on the rows where the column is not null.
func (c *Column) compare(op Op, v Value) truths {
	if f, ok := v.(float64); ok && math.IsNaN(f) {
		return compareNaN(op)
	}
	below, equal, above := c.around(v)
	var t truths
	if below {
		t |= op.of(-1)
	}
	if equal {
		t |= op.of(0)
	}
	if above {
		t |= op.of(1)
	}
	return t
}

// compareNaN compares any number with NaN. Some writers leave NaN out of the greatest value, so
// every file may hold one; but no row is greater.
func compareNaN(op Op) truths { return op.of(-1) | op.of(0) }

// around says whether values below, at, and above v may be in the column.
func (c *Column) around(v Value) (below, equal, above bool) {
	below, equal, above = true, true, true
	if c.Min != nil {
		if least, ok := Order(c.Min, v); ok {
			below = least < 0
			equal = least <= 0
		}
	}
	if c.Max != nil {
		if greatest, ok := Order(c.Max, v); ok {
			above = greatest > 0
			equal = equal && greatest >= 0
		}
	}
	if !below && !equal && !above { // the least is greater than the greatest: believe neither
		return true, true, true
	}
	return below, equal, above
}
