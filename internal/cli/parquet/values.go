package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// flushTo writes what was collected with the writer of its physical type.
func flushTo[T any, W interface {
	WriteBatch([]T, []int16, []int16) (int64, error)
}](c file.ColumnChunkWriter, list *[]T, def, rep []int16) error {
	w, ok := c.(W)
	if !ok {
		return fmt.Errorf("a %T writes this column", c)
	}
	_, err := w.WriteBatch(*list, def, rep)
	*list = (*list)[:0]
	return err
}

type bools struct{ list []bool }

func (v *bools) bind(a arrow.Array) func(int) {
	b := a.(*array.Boolean)
	return func(i int) { v.list = append(v.list, b.Value(i)) }
}

func (v *bools) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[bool, *file.BooleanColumnChunkWriter](c, &v.list, def, rep)
}

type int32s struct{ list []int32 }

func (v *int32s) bind(a arrow.Array) func(int) {
	switch a := a.(type) {
	case *array.Int8:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Int16:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Int32:
		return func(i int) { v.list = append(v.list, a.Value(i)) }
	case *array.Uint8:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Uint16:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Uint32:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Date32:
		return func(i int) { v.list = append(v.list, int32(a.Value(i))) }
	case *array.Date64:
		return func(i int) { v.list = append(v.list, int32(a.Value(i).ToTime().Unix()/86_400)) }
	}
	return func(int) { v.list = append(v.list, 0) } // the null type has no values
}

func (v *int32s) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[int32, *file.Int32ColumnChunkWriter](c, &v.list, def, rep)
}

type int64s struct{ list []int64 }

func (v *int64s) bind(a arrow.Array) func(int) {
	switch a := a.(type) {
	case *array.Int64:
		return func(i int) { v.list = append(v.list, a.Value(i)) }
	case *array.Uint64:
		return func(i int) { v.list = append(v.list, int64(a.Value(i))) }
	case *array.Timestamp:
		multiply := micros(a.DataType().(*arrow.TimestampType).Unit)
		return func(i int) { v.list = append(v.list, int64(a.Value(i))*multiply) }
	case *array.Time32:
		multiply := micros(a.DataType().(*arrow.Time32Type).Unit)
		return func(i int) { v.list = append(v.list, int64(a.Value(i))*multiply) }
	case *array.Time64:
		divide := int64(1)
		if a.DataType().(*arrow.Time64Type).Unit == arrow.Nanosecond {
			divide = 1000
		}
		return func(i int) { v.list = append(v.list, int64(a.Value(i))/divide) }
	}
	return func(int) { v.list = append(v.list, 0) }
}

// micros is how many microseconds a unit is; a nanosecond stays one of its own.
func micros(u arrow.TimeUnit) int64 {
	switch u {
	case arrow.Second:
		return 1_000_000
	case arrow.Millisecond:
		return 1_000
	}
	return 1
}

func (v *int64s) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[int64, *file.Int64ColumnChunkWriter](c, &v.list, def, rep)
}

type floats struct{ list []float32 }

func (v *floats) bind(a arrow.Array) func(int) {
	if h, ok := a.(*array.Float16); ok {
		return func(i int) { v.list = append(v.list, h.Value(i).Float32()) }
	}
	f := a.(*array.Float32)
	return func(i int) { v.list = append(v.list, f.Value(i)) }
}

func (v *floats) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[float32, *file.Float32ColumnChunkWriter](c, &v.list, def, rep)
}

type doubles struct{ list []float64 }

func (v *doubles) bind(a arrow.Array) func(int) {
	f := a.(*array.Float64)
	return func(i int) { v.list = append(v.list, f.Value(i)) }
}

func (v *doubles) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[float64, *file.Float64ColumnChunkWriter](c, &v.list, def, rep)
}

type binaries struct{ list []parquet.ByteArray }

func (v *binaries) bind(a arrow.Array) func(int) {
	switch a := a.(type) {
	case interface{ Value(int) []byte }:
		return func(i int) { v.list = append(v.list, a.Value(i)) }
	case interface{ Value(int) string }:
		return func(i int) { v.list = append(v.list, []byte(a.Value(i))) }
	}
	return func(i int) { v.list = append(v.list, []byte(a.ValueStr(i))) }
}

func (v *binaries) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[parquet.ByteArray, *file.ByteArrayColumnChunkWriter](c, &v.list, def, rep)
}

// fixed holds decimals, big-endian, and binary of one length.
type fixed struct {
	size int
	list []parquet.FixedLenByteArray
}

func (v *fixed) bind(a arrow.Array) func(int) {
	switch a := a.(type) {
	case *array.Decimal32:
		return func(i int) { v.decimal(decimal128.FromI64(int64(a.Value(i)))) }
	case *array.Decimal64:
		return func(i int) { v.decimal(decimal128.FromI64(int64(a.Value(i)))) }
	case *array.Decimal128:
		return func(i int) { v.decimal(a.Value(i)) }
	}
	b := a.(*array.FixedSizeBinary)
	return func(i int) { v.list = append(v.list, b.Value(i)) }
}

func (v *fixed) decimal(n decimal128.Num) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(n.HighBits()))
	binary.BigEndian.PutUint64(b[8:], n.LowBits())
	v.list = append(v.list, append([]byte(nil), b[16-v.size:]...))
}

func (v *fixed) flush(c file.ColumnChunkWriter, def, rep []int16) error {
	return flushTo[parquet.FixedLenByteArray, *file.FixedLenByteArrayColumnChunkWriter](c, &v.list, def, rep)
}
