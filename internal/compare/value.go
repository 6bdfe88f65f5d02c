package compare

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// class is the kind of a type, in which widths do not count.
func class(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return "an integer"
	case arrow.DecimalType:
		if t.GetScale() == 0 {
			return "an integer"
		}
		return "a decimal"
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type:
		return "a floating-point number"
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return "a text"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return "binary"
	case *arrow.Date32Type, *arrow.Date64Type:
		return "a date"
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return "a timestamp without zone"
		}
		return "a timestamp"
	case *arrow.DictionaryType:
		return class(t.ValueType)
	case *arrow.MapType:
		return "a map of " + class(t.KeyType()) + " to " + class(t.ItemType())
	case arrow.ListLikeType:
		return "a list of " + class(t.Elem())
	case *arrow.StructType:
		var fields []string
		for _, f := range t.Fields() {
			fields = append(fields, strings.ToLower(f.Name)+" "+class(f.Type))
		}
		return "a struct of " + strings.Join(fields, ", ")
	}
	return t.Name()
}

func floating(t arrow.DataType) bool { return class(t) == "a floating-point number" }

// missing says whether there is no value. An array of the type null says otherwise of its values.
func missing(values arrow.Array, i int) bool {
	return values.IsNull(i) || values.DataType().ID() == arrow.NULL
}

// float is a number of a column that is compared by tolerance; false for a null.
func float(values arrow.Array, i int) (float64, bool) {
	if missing(values, i) {
		return 0, false
	}
	switch v := values.(type) {
	case *array.Float64:
		return v.Value(i), true
	case *array.Float32:
		return float64(v.Value(i)), true
	case *array.Float16:
		return float64(v.Value(i).Float32()), true
	}
	number, err := strconv.ParseFloat(text(values, i), 64)
	return number, err == nil
}

// text is a value in a form that equal values of one class share.
func text(values arrow.Array, i int) string {
	switch v := values.(type) {
	case *array.Dictionary:
		return text(v.Dictionary(), v.GetValueIndex(i))
	case *array.Decimal128:
		return digits(v.Value(i).BigInt().String(), v.DataType().(arrow.DecimalType).GetScale())
	case *array.Decimal256:
		return digits(v.Value(i).BigInt().String(), v.DataType().(arrow.DecimalType).GetScale())
	case *array.Float64, *array.Float32, *array.Float16: // inside a nested value
		number, _ := float(values, i)
		return rounded(number)
	case *array.Binary:
		return hex.EncodeToString(v.Value(i))
	case *array.LargeBinary:
		return hex.EncodeToString(v.Value(i))
	case *array.FixedSizeBinary:
		return hex.EncodeToString(v.Value(i))
	case *array.Timestamp:
		t := v.Value(i).ToTime(v.DataType().(*arrow.TimestampType).Unit)
		return t.UTC().Format("2006-01-02 15:04:05.999999")
	case *array.Date32:
		return v.Value(i).ToTime().Format("2006-01-02")
	case *array.Date64:
		return v.Value(i).ToTime().Format("2006-01-02")
	case *array.Map:
		return entries(v, i)
	case array.ListLike:
		from, to := v.ValueOffsets(i)
		var all []string
		for k := from; k < to; k++ {
			all = append(all, shown(v.ListValues(), int(k)))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case *array.Struct:
		var all []string
		for k := range v.NumField() {
			all = append(all, shown(v.Field(k), i))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return values.ValueStr(i)
}

// shown is a value inside another: a text is quoted, so that its own commas are none of the list's.
func shown(values arrow.Array, i int) string {
	switch {
	case missing(values, i):
		return "null"
	case class(values.DataType()) == "a text":
		return strconv.Quote(text(values, i))
	}
	return text(values, i)
}

// entries are those of a map, in the order of their keys.
func entries(m *array.Map, i int) string {
	from, to := m.ValueOffsets(i)
	var all []string
	for k := from; k < to; k++ {
		all = append(all, shown(m.Keys(), int(k))+": "+shown(m.Items(), int(k)))
	}
	slices.Sort(all)
	return "{" + strings.Join(all, ", ") + "}"
}

// digits writes a decimal without zeros at its end.
func digits(unscaled string, scale int32) string {
	sign := ""
	if rest, ok := strings.CutPrefix(unscaled, "-"); ok {
		sign, unscaled = "-", rest
	}
	if scale <= 0 {
		return sign + unscaled + strings.Repeat("0", int(-scale))
	}
	if missing := int(scale) + 1 - len(unscaled); missing > 0 {
		unscaled = strings.Repeat("0", missing) + unscaled
	}
	at := len(unscaled) - int(scale)
	out := strings.TrimRight(unscaled[:at]+"."+unscaled[at:], "0")
	out = strings.TrimSuffix(out, ".")
	if out == "0" {
		return out
	}
	return sign + out
}

// rounded writes a floating-point number to nine digits.
func rounded(v float64) string {
	if v == 0 || math.IsNaN(v) {
		return fmt.Sprint(math.Abs(v))
	}
	return strconv.FormatFloat(v, 'g', 9, 64)
}
