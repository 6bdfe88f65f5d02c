package datafile

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
)

// Adapt returns the rows of the batch with the columns and types of a schema, as ToArrow gives
// them: columns are found by name without case, those the batch lacks become null, others are left
// out, and values are cast where that loses nothing (nanoseconds are cut to microseconds). A value
// that does not fit is an error, a null where there must be none a *NullError. The caller releases
// the batch, which may share memory with the one given.
func Adapt(ctx context.Context, batch arrow.RecordBatch, want *schema.Struct) (arrow.RecordBatch, error) {
	return adapter{ctx: ctx}.batch(batch, want)
}

func (a adapter) batch(batch arrow.RecordBatch, want *schema.Struct) (arrow.RecordBatch, error) {
	to := schema.ToArrow(want)
	columns := make([]arrow.Array, 0, len(want.Fields))
	defer func() { release(columns) }()
	source := members{names: batch.Schema().Field, n: int(batch.NumCols()), column: batch.Column, rows: int(batch.NumRows())}
	for i, f := range want.Fields {
		c, err := a.member(source, f, to.Field(i).Type, nil)
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
		if err := checkNulls(c, f.Type, f.Nullable, nil, schema.Path{f.Name}); err != nil {
			return nil, err
		}
	}
	return array.NewRecordBatch(to, columns, batch.NumRows()), nil
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// members are the columns of a batch or the fields of a struct.
type members struct {
	names  func(int) arrow.Field
	n      int
	column func(int) arrow.Array
	rows   int
}

func (m members) find(name string) int {
	same := -1
	for i := range m.n {
		switch other := m.names(i).Name; {
		case other == name:
			return i
		case same < 0 && schema.SameName(other, name):
			same = i
		}
	}
	return same
}

// adapter carries the context into the casts of one call.
type adapter struct {
	ctx   context.Context
	int96 bool // 12 bytes may be a time
}

func (a adapter) member(in members, f schema.Field, to arrow.DataType, parent schema.Path) (arrow.Array, error) {
	i := in.find(f.Name)
	if i < 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, to, in.rows), nil
	}
	return a.array(in.column(i), f.Type, to, append(parent[:len(parent):len(parent)], f.Name))
}

// array returns the values of x as the type t, which is to in Arrow. The caller releases it.
func (a adapter) array(x arrow.Array, t schema.Type, to arrow.DataType, path schema.Path) (arrow.Array, error) {
	if e, ok := x.(array.ExtensionArray); ok {
		x = e.Storage()
	}
	if x.DataType().ID() == arrow.NULL {
		return array.MakeArrayOfNull(memory.DefaultAllocator, to, x.Len()), nil
	}
	switch d := x.DataType().(type) {
	case *arrow.DictionaryType:
		plain, err := a.cast(x, d.ValueType, path)
		if err != nil {
			return nil, err
		}
		defer plain.Release()
		return a.array(plain, t, to, path)
	case *arrow.RunEndEncodedType:
		return nil, fmt.Errorf("column %s: run-end encoded values are not supported", path)
	}
	switch t := t.(type) {
	case *schema.Struct:
		if s, ok := x.(*array.Struct); ok {
			return a.structure(s, t, to.(*arrow.StructType), path)
		}
	case *schema.Array:
		if l, ok := x.(array.ListLike); ok && x.DataType().ID() != arrow.MAP {
			return a.list(l, t, to.(*arrow.ListType), path)
		}
	case *schema.Map:
		if m, ok := x.(*array.Map); ok {
			return a.mapping(m, t, to.(*arrow.MapType), path)
		}
	}
	if b, ok := x.(*array.FixedSizeBinary); ok && a.int96 && (t == schema.Timestamp || t == schema.TimestampNTZ) {
		return int96Times(b, to, path)
	}
	if !castable(x.DataType(), t) {
		return nil, fmt.Errorf("column %s: from %s to %s: not without loss", path, x.DataType(), to)
	}
	return a.cast(x, to, path)
}

// castable says whether values of the one type are values of the other, or are where they fit.
func castable(x arrow.DataType, t schema.Type) bool {
	s, err := schema.FromArrow(arrow.NewSchema([]arrow.Field{{Name: "x", Type: x}}, nil))
	if err != nil {
		return false
	}
	from := s.Fields[0].Type
	_, toDecimal := t.(schema.Decimal)
	_, fromDecimal := from.(schema.Decimal)
	return from == t || schema.Widens(from, t) || whole(t) && whole(from) || toDecimal && (fromDecimal || whole(from))
}

func whole(t schema.Type) bool { return t == schema.Long || schema.Widens(t, schema.Long) }

func (a adapter) cast(x arrow.Array, to arrow.DataType, path schema.Path) (arrow.Array, error) {
	if arrow.TypeEqual(x.DataType(), to) {
		x.Retain()
		return x, nil
	}
	if from, ok := x.DataType().(*arrow.TimestampType); ok {
		if into, ok := to.(*arrow.TimestampType); ok && from.TimeZone != into.TimeZone && from.TimeZone != "" {
			return a.rezone(x, from, into, path)
		}
	}
	if h, ok := x.(*array.Float16); ok {
		x = halves(h)
		defer x.Release()
	}
	options := compute.SafeCastOptions(to)
	options.AllowTimeTruncate = true
	y, err := compute.CastArray(a.ctx, x, options)
	if err != nil {
		return nil, fmt.Errorf("column %s: from %s to %s: %w", path, x.DataType(), to, err)
	}
	return y, nil
}

// halves widens 16-bit floats, which the casts do not know.
func halves(x *array.Float16) arrow.Array {
	b := array.NewFloat32Builder(memory.DefaultAllocator)
	defer b.Release()
	for i, v := range x.Values() {
		if x.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(v.Float32())
		}
	}
	return b.NewArray()
}

// rezone gives the same instants another zone: the stored numbers are UTC either way.
func (a adapter) rezone(x arrow.Array, from, to *arrow.TimestampType, path schema.Path) (arrow.Array, error) {
	if to.TimeZone == "" {
		return nil, fmt.Errorf("column %s: from %s to %s: the zone would be lost", path, from, to)
	}
	d := x.Data()
	same := array.NewData(&arrow.TimestampType{Unit: from.Unit, TimeZone: to.TimeZone}, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
	defer same.Release()
	y := array.MakeFromData(same)
	defer y.Release()
	return a.cast(y, to, path)
}
