package datafile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// constant is a column of n equal values, v being one of the type. The caller releases it.
func constant(t schema.Type, v stats.Value, n int) (arrow.Array, error) {
	to := schema.ArrowType(t)
	if v == nil {
		return array.MakeArrayOfNull(memory.DefaultAllocator, to, n), nil
	}
	b := array.NewBuilder(memory.DefaultAllocator, to)
	defer b.Release()
	b.Reserve(n)
	appendOne, ok := appender(b, v)
	if !ok {
		return nil, fmt.Errorf("a %T is not a value of type %s", v, t)
	}
	for range n {
		appendOne()
	}
	return b.NewArray(), nil
}

// appender is what appends v to b, once for each call.
func appender(b array.Builder, v stats.Value) (func(), bool) {
	switch v := v.(type) {
	case int64:
		return wholeAppender(b, v)
	case float64:
		switch b := b.(type) {
		case *array.Float64Builder:
			return func() { b.Append(v) }, true
		case *array.Float32Builder:
			return func() { b.Append(float32(v)) }, true
		}
	case bool:
		b, ok := b.(*array.BooleanBuilder)
		return func() { b.Append(v) }, ok
	case string:
		b, ok := b.(*array.StringBuilder)
		return func() { b.Append(v) }, ok
	case []byte:
		b, ok := b.(*array.BinaryBuilder)
		return func() { b.Append(v) }, ok
	case stats.Date:
		b, ok := b.(*array.Date32Builder)
		return func() { b.Append(arrow.Date32(v)) }, ok
	case stats.Timestamp:
		b, ok := b.(*array.TimestampBuilder)
		return func() { b.Append(arrow.Timestamp(v)) }, ok
	case stats.Decimal:
		b, ok := b.(*array.Decimal128Builder)
		if !ok || v.Unscaled == nil || v.Unscaled.BitLen() > 127 {
			return nil, false
		}
		n := decimal128.FromBigInt(v.Unscaled)
		return func() { b.Append(n) }, v.Scale == int(b.Type().(*arrow.Decimal128Type).Scale)
	}
	return nil, false
}

func wholeAppender(b array.Builder, v int64) (func(), bool) {
	switch b := b.(type) {
	case *array.Int64Builder:
		return func() { b.Append(v) }, true
	case *array.Int32Builder:
		return func() { b.Append(int32(v)) }, true
	case *array.Int16Builder:
		return func() { b.Append(int16(v)) }, true
	case *array.Int8Builder:
		return func() { b.Append(int8(v)) }, true
	}
	return nil, false
}
