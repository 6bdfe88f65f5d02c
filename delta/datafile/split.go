package datafile

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// Part is the rows of a batch that belong to one partition.
type Part struct {
	Values map[string]*string // by partition column, as an add action holds them; nil is null
	Rows   arrow.RecordBatch  // without the partition columns
}

// Split divides a batch, which has the Arrow form of the schema, by the values of its partition
// columns, in the order of their first rows. The caller releases the parts.
func Split(batch arrow.RecordBatch, s *schema.Struct, columns []string) ([]Part, error) {
	at, keep, err := divide(batch, s, columns)
	if err != nil {
		return nil, err
	}
	groups, err := group(batch, s, at)
	if err != nil {
		return nil, err
	}
	rest := schema.ToArrow(s.Without(columns...))
	parts := make([]Part, 0, len(groups))
	for _, g := range groups {
		rows, err := g.rows(batch, keep, rest)
		if err != nil {
			return nil, err
		}
		values := make(map[string]*string, len(at))
		for i, c := range at {
			values[s.Fields[c].Name] = g.values[i]
		}
		parts = append(parts, Part{Values: values, Rows: rows})
	}
	return parts, nil
}

// divide tells the positions of the partition columns and of the others.
func divide(batch arrow.RecordBatch, s *schema.Struct, columns []string) (at, keep []int, err error) {
	if int(batch.NumCols()) != len(s.Fields) {
		return nil, nil, fmt.Errorf("partition: the batch has %d columns, the schema %d", batch.NumCols(), len(s.Fields))
	}
	partition := map[int]bool{}
	for _, c := range columns {
		i := s.Index(c)
		if i < 0 {
			return nil, nil, fmt.Errorf("partition: no column %s", c)
		}
		at = append(at, i)
		partition[i] = true
	}
	for i := range s.Fields {
		if !partition[i] {
			keep = append(keep, i)
		}
	}
	return at, keep, nil
}

// span is the rows [from, to) of a batch.
type span struct{ from, to int64 }

type rowGroup struct {
	values []*string
	spans  []span
}

func group(batch arrow.RecordBatch, s *schema.Struct, at []int) ([]*rowGroup, error) {
	var groups []*rowGroup
	byKey := map[string]*rowGroup{}
	texts := make([]*string, len(at))
	var key strings.Builder
	for row := range int(batch.NumRows()) {
		key.Reset()
		for i, c := range at {
			v, err := Value(batch.Column(c), row)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", s.Fields[c].Name, err)
			}
			if texts[i], err = stats.FormatPartition(s.Fields[c].Type, v); err != nil {
				return nil, fmt.Errorf("column %s: %w", s.Fields[c].Name, err)
			}
			if texts[i] != nil {
				fmt.Fprintf(&key, "%d:%s", len(*texts[i]), *texts[i])
			}
			key.WriteByte(',')
		}
		g := byKey[key.String()]
		if g == nil {
			g = &rowGroup{values: append([]*string(nil), texts...)}
			byKey[key.String()] = g
			groups = append(groups, g)
		}
		g.add(int64(row))
	}
	return groups, nil
}

func (g *rowGroup) add(row int64) {
	if n := len(g.spans); n > 0 && g.spans[n-1].to == row {
		g.spans[n-1].to++
		return
	}
	g.spans = append(g.spans, span{row, row + 1})
}

func (g *rowGroup) rows(batch arrow.RecordBatch, keep []int, to *arrow.Schema) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, len(keep))
	defer func() { release(columns) }()
	n := int64(0)
	for _, s := range g.spans {
		n += s.to - s.from
	}
	for _, i := range keep {
		slices := make([]arrow.Array, len(g.spans))
		for j, s := range g.spans {
			slices[j] = array.NewSlice(batch.Column(i), s.from, s.to)
		}
		if len(slices) == 1 {
			columns = append(columns, slices[0])
			continue
		}
		c, err := array.Concatenate(slices, memory.DefaultAllocator)
		release(slices)
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return array.NewRecordBatch(to, columns, n), nil
}

// Value is the value of one row of a column that has a type of ToArrow and is no list, map or struct.
func Value(a arrow.Array, row int) (stats.Value, error) {
	if a.IsNull(row) {
		return nil, nil
	}
	switch a := a.(type) {
	case *array.Int64:
		return a.Value(row), nil
	case *array.Int32:
		return int64(a.Value(row)), nil
	case *array.Int16:
		return int64(a.Value(row)), nil
	case *array.Int8:
		return int64(a.Value(row)), nil
	case *array.Float64:
		return a.Value(row), nil
	case *array.Float32:
		return float64(a.Value(row)), nil
	case *array.Boolean:
		return a.Value(row), nil
	case *array.String:
		return strings.Clone(a.Value(row)), nil
	case *array.Binary:
		return append([]byte{}, a.Value(row)...), nil
	case *array.Date32:
		return stats.Date(a.Value(row)), nil
	case *array.Timestamp:
		return stats.Timestamp(a.Value(row)), nil
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return stats.Decimal{Unscaled: a.Value(row).BigInt(), Scale: int(scale)}, nil
	}
	return nil, fmt.Errorf("%s is not a type of one value", a.DataType())
}
