package stats

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"
)

// Order is -1, 0 or 1 as a is less than, equal to or greater than b, and false where they have no
// order: a null, or values of unlike types. Numbers of any two types compare exactly; NaN equals
// itself and is greater than every number, as in Spark and DuckDB. A date is its midnight.
func Order(a, b Value) (int, bool) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
		return compareNumbers(a, b)
	case float64, Decimal:
		return compareNumbers(a, b)
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true
		}
	case bool:
		if y, ok := b.(bool); ok {
			return compareBools(x, y), true
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y), true
		}
	case Date, Timestamp:
		return compareTimes(a, b)
	}
	return 0, false
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func compareTimes(a, b Value) (int, bool) {
	if x, ok := a.(Date); ok {
		if y, ok := b.(Date); ok {
			return cmp.Compare(x, y), true
		}
	}
	x, okX := instant(a)
	y, okY := instant(b)
	return cmp.Compare(x, y), okX && okY
}

// instant is false for dates too far away to have microseconds.
func instant(v Value) (int64, bool) {
	switch v := v.(type) {
	case Timestamp:
		return int64(v), true
	case Date:
		return int64(v) * microsPerDay, -106_751_990 < v && v < 106_751_990
	}
	return 0, false
}

func compareNumbers(a, b Value) (int, bool) {
	x, isX := a.(float64)
	y, isY := b.(float64)
	switch {
	case isX && isY:
		return compareFloats(x, y), true
	case isX:
		c, ok := compareFloatExact(x, b)
		return c, ok
	case isY:
		c, ok := compareFloatExact(y, a)
		return -c, ok
	}
	d, okD := exact(a)
	e, okE := exact(b)
	if !okD || !okE {
		return 0, false
	}
	return d.Cmp(e), true
}

func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	}
	return compareBools(math.IsNaN(x), math.IsNaN(y))
}

// compareFloatExact compares a float with a whole number or a decimal, without rounding either.
func compareFloatExact(x float64, v Value) (int, bool) {
	d, ok := exact(v)
	switch {
	case !ok:
		return 0, false
	case math.IsNaN(x) || math.IsInf(x, 1):
		return 1, true
	case math.IsInf(x, -1):
		return -1, true
	}
	a := new(big.Rat).SetFrac(d.Unscaled, pow10(d.Scale))
	return new(big.Rat).SetFloat64(x).Cmp(a), true
}

func exact(v Value) (Decimal, bool) {
	switch v := v.(type) {
	case int64:
		return Decimal{Unscaled: big.NewInt(v)}, true
	case Decimal:
		return v, v.Unscaled != nil && v.Scale >= 0
	}
	return Decimal{}, false
}
