package datafile

import (
	"fmt"
	"slices"
	"strconv"
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
	columns := make([]*texts, len(at))
	for i, c := range at {
		columns[i] = &texts{t: s.Fields[c].Type, column: batch.Column(c), known: map[stats.Value]*string{}}
	}
	values := make([]*string, len(at))
	var key []byte
	for row := range int(batch.NumRows()) {
		key = key[:0]
		for i, c := range at {
			var err error
			if values[i], err = columns[i].of(row); err != nil {
				return nil, fmt.Errorf("column %s: %w", s.Fields[c].Name, err)
			}
			if values[i] != nil {
				key = append(strconv.AppendInt(key, int64(len(*values[i])), 10), ':')
				key = append(key, *values[i]...)
			}
			key = append(key, ',')
		}
		g := byKey[string(key)]
		if g == nil {
			g = &rowGroup{values: slices.Clone(values)}
			byKey[string(key)] = g
			groups = append(groups, g)
		}
		g.add(int64(row))
	}
	return groups, nil
}

// texts are the values of a partition column as text, each made once.
type texts struct {
	t      schema.Type
	column arrow.Array
	known  map[stats.Value]*string
}

func (x *texts) of(row int) (*string, error) {
	v, err := Value(x.column, row)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case []byte, stats.Decimal: // cannot be keys
		return stats.FormatPartition(x.t, v)
	}
	text, ok := x.known[v]
	if !ok {
		if text, err = stats.FormatPartition(x.t, v); err != nil {
			return nil, err
		}
		x.known[v] = text
	}
	return text, nil
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
