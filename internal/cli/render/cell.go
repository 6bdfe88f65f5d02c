package render

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// cell appends the text of one row of an array; the row is not null.
type cell func(dst []byte, row int) []byte

// form is how text is written where there is a choice.
type form struct {
	sep  byte // between the date and the time of a timestamp
	json bool // strings quoted, as inside a JSON value
}

var (
	plain  = form{sep: ' '}             // for people
	exact  = form{sep: 'T'}             // for CSV
	quoted = form{sep: 'T', json: true} // for JSON, and for what is inside a nested value
)

// bind makes the cell of an array. Every Arrow type has one.
func (f form) bind(a arrow.Array) cell {
	if c := number(a, f); c != nil {
		return c
	}
	if c := f.temporal(a); c != nil {
		return f.quote(c)
	}
	switch a := a.(type) {
	case *array.String:
		return f.text(a.Value)
	case *array.LargeString:
		return f.text(a.Value)
	case *array.StringView:
		return f.text(a.Value)
	case *array.Binary:
		return f.quote(hexOf(a.Value))
	case *array.LargeBinary:
		return f.quote(hexOf(a.Value))
	case *array.BinaryView:
		return f.quote(hexOf(a.Value))
	case *array.FixedSizeBinary:
		return f.quote(hexOf(a.Value))
	case *array.Null:
		return func(dst []byte, _ int) []byte { return append(dst, "null"...) }
	}
	if c := f.nested(a); c != nil {
		return c
	}
	return f.text(a.ValueStr)
}

func (f form) text(value func(int) string) cell {
	if f.json {
		return func(dst []byte, i int) []byte { return appendQuoted(dst, value(i)) }
	}
	return func(dst []byte, i int) []byte { return append(dst, value(i)...) }
}

// quote puts a value that holds nothing to escape into quotes.
func (f form) quote(c cell) cell {
	if !f.json {
		return c
	}
	return func(dst []byte, i int) []byte { return append(c(append(dst, '"'), i), '"') }
}

func hexOf(value func(int) []byte) cell {
	return func(dst []byte, i int) []byte { return hex.AppendEncode(dst, value(i)) }
}

// number binds booleans and numbers; nil for anything else.
func number(a arrow.Array, f form) cell {
	switch a := a.(type) {
	case *array.Boolean:
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }
	case *array.Int8:
		return integer(a.Value)
	case *array.Int16:
		return integer(a.Value)
	case *array.Int32:
		return integer(a.Value)
	case *array.Int64:
		return integer(a.Value)
	case *array.Uint8:
		return integer(a.Value)
	case *array.Uint16:
		return integer(a.Value)
	case *array.Uint32:
		return integer(a.Value)
	case *array.Uint64:
		return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, a.Value(i), 10) }
	case *array.Float16:
		return f.float(32, func(i int) float64 { return float64(a.Value(i).Float32()) })
	case *array.Float32:
		return f.float(32, func(i int) float64 { return float64(a.Value(i)) })
	case *array.Float64:
		return f.float(64, a.Value)
	case *array.Decimal32:
		return decimal(a.DataType(), a.Value)
	case *array.Decimal64:
		return decimal(a.DataType(), a.Value)
	case *array.Decimal128:
		return decimal(a.DataType(), a.Value)
	case *array.Decimal256:
		return decimal(a.DataType(), a.Value)
	}
	return nil
}

func integer[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](value func(int) T) cell {
	return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(value(i)), 10) }
}

func decimal[T interface{ ToString(int32) string }](t arrow.DataType, value func(int) T) cell {
	scale := t.(arrow.DecimalType).GetScale()
	return func(dst []byte, i int) []byte { return append(dst, value(i).ToString(scale)...) }
}

func (f form) float(bits int, value func(int) float64) cell {
	return func(dst []byte, i int) []byte {
		v := value(i)
		switch {
		case math.IsNaN(v):
			return f.word(dst, "NaN")
		case math.IsInf(v, 1):
			return f.word(dst, "Infinity")
		case math.IsInf(v, -1):
			return f.word(dst, "-Infinity")
		}
		format := byte('f')
		if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
			format = 'e'
		}
		return strconv.AppendFloat(dst, v, format, -1, bits)
	}
}

// word appends a value that is a number but has no JSON number.
func (f form) word(dst []byte, s string) []byte {
	if f.json {
		return append(append(append(dst, '"'), s...), '"')
	}
	return append(dst, s...)
}

// isNull is IsNull, true for arrays of the null type also.
func isNull(a arrow.Array, row int) bool {
	return a.IsNull(row) || a.DataType().ID() == arrow.NULL
}

// isNumber says whether people read a column of this type from its last digit.
func isNumber(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return isNumber(d.ValueType)
	}
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}
