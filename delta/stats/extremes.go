package stats

import (
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// extremes are the least and the greatest value seen, in the one form that the column's type uses.
type extremes struct {
	some             bool // a value has been seen that is neither null nor NaN
	nan              bool
	lo, hi           int64 // whole numbers, dates, timestamps
	floatLo, floatHi float64
	textLo, textHi   string
	numLo, numHi     decimal128.Num
}

// add takes in the rows of an array whose mask is set, all for a nil mask.
func (x *extremes) add(a arrow.Array, mask []bool) error {
	switch a := a.(type) {
	case *array.Int64:
		addWhole(x, a.Int64Values(), mask)
	case *array.Int32:
		addWhole(x, a.Int32Values(), mask)
	case *array.Int16:
		addWhole(x, a.Int16Values(), mask)
	case *array.Int8:
		addWhole(x, a.Int8Values(), mask)
	case *array.Date32:
		addWhole(x, a.Date32Values(), mask)
	case *array.Timestamp:
		if unit := a.DataType().(*arrow.TimestampType).Unit; unit != arrow.Microsecond {
			return fmt.Errorf("want microseconds, found %s", unit)
		}
		addWhole(x, a.TimestampValues(), mask)
	case *array.Float64:
		addFloat(x, a.Float64Values(), mask)
	case *array.Float32:
		addFloat(x, a.Float32Values(), mask)
	case *array.String:
		x.addText(a, mask)
	case *array.LargeString:
		x.addText(a, mask)
	case *array.Decimal128:
		x.addDecimal(a.Values(), mask)
	}
	return nil
}

func addWhole[T ~int8 | ~int16 | ~int32 | ~int64](x *extremes, values []T, mask []bool) {
	if len(values) == 0 {
		return
	}
	first := 0
	if mask != nil {
		for first < len(values) && !mask[first] {
			first++
		}
		if first == len(values) {
			return
		}
	}
	lo, hi := values[first], values[first]
	if mask == nil {
		for _, v := range values {
			lo, hi = min(lo, v), max(hi, v)
		}
	} else {
		for i, v := range values {
			if mask[i] {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	if !x.some {
		x.some, x.lo, x.hi = true, int64(lo), int64(hi)
		return
	}
	x.lo, x.hi = min(x.lo, int64(lo)), max(x.hi, int64(hi))
}

// addFloat leaves out NaN, and widens a zero to both: readers may tell -0.0 from 0.0.
func addFloat[T float32 | float64](x *extremes, values []T, mask []bool) {
	lo, hi := math.Inf(1), math.Inf(-1)
	some := false
	for i, v := range values {
		if mask != nil && !mask[i] {
			continue
		}
		if v != v {
			x.nan = true
			continue
		}
		some = true
		if f := float64(v); f < lo {
			lo = f
		}
		if f := float64(v); f > hi {
			hi = f
		}
	}
	if !some {
		return
	}
	// Of infinities alone, neither comparison was true: lo and hi hold the right values even so.
	if !x.some {
		x.some, x.floatLo, x.floatHi = true, lo, hi
	}
	x.floatLo, x.floatHi = min(x.floatLo, lo), max(x.floatHi, hi)
	if x.floatLo == 0 {
		x.floatLo = math.Copysign(0, -1)
	}
	if x.floatHi == 0 {
		x.floatHi = 0
	}
}

// addText keeps copies: the array's memory may be given back.
func (x *extremes) addText(a interface {
	Len() int
	Value(int) string
}, mask []bool) {
	lo, hi, some := x.textLo, x.textHi, x.some
	for i := range a.Len() {
		if mask != nil && !mask[i] {
			continue
		}
		v := a.Value(i)
		switch {
		case !some:
			lo, hi, some = v, v, true
		case v < lo:
			lo = v
		case v > hi:
			hi = v
		}
	}
	x.textLo, x.textHi, x.some = strings.Clone(lo), strings.Clone(hi), some
}

func (x *extremes) addDecimal(values []decimal128.Num, mask []bool) {
	for i, v := range values {
		if mask != nil && !mask[i] {
			continue
		}
		switch {
		case !x.some:
			x.numLo, x.numHi, x.some = v, v, true
		case v.Less(x.numLo):
			x.numLo = v
		case x.numHi.Less(v):
			x.numHi = v
		}
	}
}
