package datafile

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// rebase returns a column of a hybrid file with the days and moments that were meant. The caller releases it.
func (c Calendar) rebase(x arrow.Array, column string) (arrow.Array, error) {
	data, err := c.rebaseData(x.Data(), column)
	if err != nil {
		return nil, err
	}
	defer data.Release()
	return array.MakeFromData(data), nil
}

func (c Calendar) rebaseData(x arrow.ArrayData, column string) (arrow.ArrayData, error) {
	switch t := x.DataType().(type) {
	case *arrow.Date32Type:
		if c.Dates {
			return changed(x, func(old []byte, _ func(int) bool) ([]byte, error) { return days(old), nil })
		}
	case *arrow.TimestampType:
		if c.Times && t.TimeZone != "" {
			return changed(x, func(old []byte, null func(int) bool) ([]byte, error) {
				return c.moments(old, null, int64(t.Unit.Multiplier()), column)
			})
		}
	case *arrow.FixedSizeBinaryType:
		if c.Times && t.ByteWidth == int96Bytes {
			return changed(x, func(old []byte, null func(int) bool) ([]byte, error) { return c.int96(old, null, column) })
		}
	case arrow.NestedType:
		children := make([]arrow.ArrayData, 0, len(x.Children()))
		defer func() {
			for _, child := range children {
				child.Release()
			}
		}()
		for _, child := range x.Children() {
			y, err := c.rebaseData(child, column)
			if err != nil {
				return nil, err
			}
			children = append(children, y)
		}
		return array.NewData(x.DataType(), x.Len(), x.Buffers(), children, x.NullN(), x.Offset()), nil
	}
	x.Retain()
	return x, nil
}

// changed is the array with other values.
func changed(x arrow.ArrayData, values func(old []byte, null func(int) bool) ([]byte, error)) (arrow.ArrayData, error) {
	buffers := append([]*memory.Buffer{}, x.Buffers()...)
	if buffers[1] == nil {
		x.Retain()
		return x, nil
	}
	valid := buffers[0]
	null := func(i int) bool { return valid != nil && i < 8*valid.Len() && !bitutil.BitIsSet(valid.Bytes(), i) }
	out, err := values(buffers[1].Bytes(), null)
	if err != nil {
		return nil, err
	}
	buffers[1] = memory.NewBufferBytes(out)
	return array.NewData(x.DataType(), x.Len(), buffers, nil, x.NullN(), x.Offset()), nil
}

func days(old []byte) []byte {
	from := arrow.Date32Traits.CastFromBytes(old)
	to := make([]arrow.Date32, len(from))
	for i, v := range from {
		to[i] = arrow.Date32(rebaseDay(int64(v)))
	}
	return arrow.Date32Traits.CastToBytes(to)
}

// moments rebases times of a unit, of which one has so many nanoseconds.
func (c Calendar) moments(old []byte, null func(int) bool, nanos int64, column string) ([]byte, error) {
	from := arrow.Int64Traits.CastFromBytes(old)
	to := make([]int64, len(from))
	for i, v := range from {
		if null(i) {
			continue
		}
		micros := v
		switch {
		case nanos > 1000:
			micros *= nanos / 1000
		case nanos < 1000:
			micros = floorDiv(v, 1000/nanos)
		}
		meant, ok := c.Moment(micros)
		if !ok {
			return nil, &HybridError{column, c.UnknownZone()}
		}
		to[i] = v + (meant-micros)*1000/nanos
	}
	return arrow.Int64Traits.CastToBytes(to), nil
}

// int96 rebases nanoseconds of the day with the Julian day behind them.
func (c Calendar) int96(old []byte, null func(int) bool, column string) ([]byte, error) {
	const epoch, nanosOfDay = 2_440_588, 1000 * microsOfDay
	to := append([]byte{}, old...)
	for at := 0; at+int96Bytes <= len(to); at += int96Bytes {
		v := to[at : at+int96Bytes]
		nanos, day := int64(binary.LittleEndian.Uint64(v)), int64(int32(binary.LittleEndian.Uint32(v[8:])))
		if null(at/int96Bytes) || nanos < 0 || nanos > nanosOfDay { // the latter is an error of int96Times
			continue
		}
		micros := (day-epoch)*microsOfDay + nanos/1000
		meant, ok := c.Moment(micros)
		if !ok {
			return nil, &HybridError{column, c.UnknownZone()}
		}
		moved := meant - micros
		nanos += moved % microsOfDay * 1000
		day += moved/microsOfDay + floorDiv(nanos, nanosOfDay)
		nanos -= floorDiv(nanos, nanosOfDay) * nanosOfDay
		binary.LittleEndian.PutUint64(v, uint64(nanos))
		binary.LittleEndian.PutUint32(v[8:], uint32(day))
	}
	return to, nil
}

// Day is the day that was meant, in days since 1970.
func (c Calendar) Day(days int64) int64 {
	if c.Dates {
		return rebaseDay(days)
	}
	return days
}

// Moment is the moment that was meant, in microseconds since 1970; false where that is not known.
func (c Calendar) Moment(micros int64) (int64, bool) {
	if !c.Times || micros >= Micros1900 {
		return micros, true
	}
	if c.Zone == nil {
		return 0, false
	}
	return c.Zone.rebase(micros), true
}
