package stats

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta/schema"
)

// Collector finds the statistics of a data file from its rows. It is for one goroutine.
type Collector struct {
	leaves []leaf
	rows   int64
	prefix int
	mask   []bool // scratch
}

// leaf is a column that has statistics.
type leaf struct {
	path  schema.Path
	at    []int // the way to it: positions in the batch and in structs
	t     schema.Type
	nulls int64
	extremes
}

// NewCollector collects for the given leaf columns (see Indexed) of a data file's schema. Strings
// become prefix UTF-16 units long; 0 means DefaultPrefix, and less than 0 no bounds of strings.
func NewCollector(s *schema.Struct, columns []schema.Path, prefix int) *Collector {
	if prefix == 0 {
		prefix = DefaultPrefix
	}
	c := &Collector{prefix: prefix}
	for _, path := range columns {
		l := leaf{path: path}
		in := s
		for _, name := range path {
			i := -1
			if in != nil {
				i = in.Index(name)
			}
			if i < 0 {
				l.at = nil
				break
			}
			l.at = append(l.at, i)
			l.t = in.Fields[i].Type
			in, _ = l.t.(*schema.Struct)
		}
		if l.at != nil {
			c.leaves = append(c.leaves, l)
		}
	}
	return c
}

// Add counts the rows of a batch, which has the Arrow schema of the collector's (schema.ToArrow).
func (c *Collector) Add(batch arrow.RecordBatch) error {
	n := int(batch.NumRows())
	for i := range c.leaves {
		l := &c.leaves[i]
		if l.at[0] >= int(batch.NumCols()) {
			return fmt.Errorf("statistics: column %s: the batch has only %d columns", l.path, batch.NumCols())
		}
		column, mask := batch.Column(l.at[0]), []bool(nil)
		mask = c.hide(column, mask)
		for _, j := range l.at[1:] {
			s, ok := column.(*array.Struct)
			if !ok || j >= s.NumField() {
				return fmt.Errorf("statistics: column %s: the batch has %s", l.path, column.DataType())
			}
			column = s.Field(j)
			mask = c.hide(column, mask)
		}
		l.nulls += int64(countFalse(mask))
		if err := l.add(column, mask); err != nil {
			return fmt.Errorf("statistics: column %s: %w", l.path, err)
		}
	}
	c.rows += int64(n)
	return nil
}

// hide clears the rows of the mask that are null in the array; a nil mask has none cleared.
func (c *Collector) hide(a arrow.Array, mask []bool) []bool {
	if a.NullN() == 0 {
		return mask
	}
	if mask == nil {
		if cap(c.mask) < a.Len() {
			c.mask = make([]bool, a.Len())
		}
		mask = c.mask[:a.Len()]
		for i := range mask {
			mask[i] = true
		}
	}
	for i := range mask {
		if a.IsNull(i) {
			mask[i] = false
		}
	}
	return mask
}

func countFalse(mask []bool) int {
	n := 0
	for _, ok := range mask {
		if !ok {
			n++
		}
	}
	return n
}

// File is what has been collected so far.
func (c *Collector) File() File {
	f := File{NumRecords: c.rows, TightBounds: true, Columns: make([]Column, len(c.leaves))}
	for i := range c.leaves {
		l := &c.leaves[i]
		f.Columns[i] = Column{Path: l.path, NullCount: l.nulls}
		f.Columns[i].Min, f.Columns[i].Max = l.values(l.t)
	}
	f.Truncate(c.prefix)
	return f
}

// values turns the extremes into values of the column's type.
func (x *extremes) values(t schema.Type) (lo, hi Value) {
	switch {
	case !x.some:
		return nil, nil
	case t == schema.Date:
		return Date(x.lo), Date(x.hi)
	case t == schema.Timestamp || t == schema.TimestampNTZ:
		return Timestamp(x.lo), Timestamp(x.hi)
	case t == schema.Float || t == schema.Double:
		if x.nan {
			return x.floatLo, nil
		}
		return x.floatLo, x.floatHi
	case t == schema.String:
		return x.textLo, x.textHi
	}
	if d, ok := t.(schema.Decimal); ok {
		return Decimal{x.numLo.BigInt(), d.Scale}, Decimal{x.numHi.BigInt(), d.Scale}
	}
	return x.lo, x.hi
}

// Merge is what is known of two files together.
func Merge(a, b File) File {
	f := File{NumRecords: -1, TightBounds: a.TightBounds && b.TightBounds}
	if a.NumRecords >= 0 && b.NumRecords >= 0 {
		f.NumRecords = a.NumRecords + b.NumRecords
	}
	if a.NumRecords == 0 {
		f.Columns = b.Columns
		return f
	}
	if b.NumRecords == 0 {
		f.Columns = a.Columns
		return f
	}
	for _, x := range a.Columns {
		e := estimate{file: &b}
		y := e.column(x.Path)
		if y == nil {
			continue
		}
		m := Column{Path: x.Path, NullCount: -1}
		if x.NullCount >= 0 && y.NullCount >= 0 {
			m.NullCount = x.NullCount + y.NullCount
		}
		allX, allY := x.NullCount == a.NumRecords, y.NullCount == b.NumRecords
		switch {
		case allX && x.NullCount > 0:
			m.Min, m.Max = y.Min, y.Max
		case allY && y.NullCount > 0:
			m.Min, m.Max = x.Min, x.Max
		default:
			m.Min, m.Max = outer(x.Min, y.Min, -1), outer(x.Max, y.Max, 1)
		}
		f.Columns = append(f.Columns, m)
	}
	return f
}

// outer is the lesser of two bounds for side -1, the greater for 1, nil where one is not known.
func outer(a, b Value, side int) Value {
	c, ok := Order(a, b)
	switch {
	case !ok:
		return nil
	case c == side:
		return a
	}
	return b
}
