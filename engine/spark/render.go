package spark

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Decimal is an argument of type DECIMAL, as text: "-12.30" is a DECIMAL(4,2).
type Decimal string

// Date is an argument of type DATE: the day of a time, where that time is.
type Date time.Time

// LocalTime is an argument of type TIMESTAMP_NTZ: what the clock shows, without a zone.
type LocalTime time.Time

// render is a value as SQL text. Count says that it is a number of rows, for which Spark wants an INT.
//
// No value can end its own text: strings with anything but plain characters are written in
// hexadecimal, whatever a session's settings make of backslashes, quotes and ${variables}.
func render(arg any, count bool) (string, error) {
	switch v := arg.(type) {
	case nil:
		return "NULL", nil
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)), nil
	case float32:
		return float(float64(v), 32), nil
	case float64:
		return float(v, 64), nil
	case string:
		return text(v)
	case []byte:
		return "X'" + hex.EncodeToString(v) + "'", nil
	case Decimal:
		return decimal(string(v))
	case Date:
		return moment("DATE", time.DateOnly, time.Time(v))
	case LocalTime:
		return moment("TIMESTAMP_NTZ", "2006-01-02 15:04:05.999999", time.Time(v))
	case time.Time:
		return moment("TIMESTAMP", "2006-01-02 15:04:05.999999Z", v.UTC())
	case time.Duration:
		sign, micros := "", v.Microseconds()
		if micros < 0 {
			sign, micros = "-", -micros
		}
		return fmt.Sprintf("make_dt_interval(0, 0, 0, CAST('%s%d.%06d' AS DECIMAL(18,6)))", sign, micros/1e6, micros%1e6), nil
	case Named:
		return "", errors.New("arguments by name stand alone: give each of the others a name too")
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.Int, reflect.Int64:
		return integer(v.Int(), "L", count), nil
	case reflect.Int32:
		return integer(v.Int(), "", count), nil
	case reflect.Int16:
		return integer(v.Int(), "S", count), nil
	case reflect.Int8:
		return integer(v.Int(), "Y", count), nil
	case reflect.Slice, reflect.Array:
		return list(v)
	case reflect.Map:
		return dictionary(v)
	}
	return "", fmt.Errorf("a %T cannot be sent: pass a bool, an int, a float, a string, []byte, a time.Time, a time.Duration, "+
		"a spark.Decimal, spark.Date or spark.LocalTime, a slice or map of these, or nil", arg)
}

// integer is a whole number. A negative one stands in brackets, so that what follows applies to all of it.
func integer(n int64, suffix string, count bool) string {
	if count && n >= math.MinInt32 && n <= math.MaxInt32 {
		suffix = ""
	}
	if n == math.MinInt64 {
		return "CAST('-9223372036854775808' AS BIGINT)" // no literal in every grammar: the digits alone are too large
	}
	s := strconv.FormatInt(n, 10) + suffix
	if n < 0 {
		return "(" + s + ")"
	}
	return s
}

func float(f float64, bits int) string {
	name := "DOUBLE"
	if bits == 32 {
		name = "FLOAT"
	}
	s := strconv.FormatFloat(f, 'E', -1, bits)
	switch {
	case math.IsInf(f, 1):
		s = "Infinity"
	case math.IsInf(f, -1):
		s = "-Infinity"
	}
	return "CAST('" + s + "' AS " + name + ")"
}

func text(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("a string that is not UTF-8: pass []byte")
	}
	plain := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`'"\$`, r) })
	if plain {
		return "'" + s + "'", nil
	}
	return "decode(X'" + hex.EncodeToString([]byte(s)) + "', 'UTF-8')", nil
}

// decimal is a number with the precision and the scale that its digits show.
func decimal(s string) (string, error) {
	digits := strings.TrimLeft(s, "+-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	all := whole + fraction
	if len(s)-len(digits) > 1 || all == "" || dotted && fraction == "" || strings.Trim(all, "0123456789") != "" {
		return "", fmt.Errorf("%q is no decimal number such as -12.30", s)
	}
	precision := max(len(strings.TrimLeft(whole, "0"))+len(fraction), 1)
	if precision > 38 {
		return "", fmt.Errorf("%s has %d digits: a decimal has at most 38", s, precision)
	}
	return fmt.Sprintf("CAST('%s' AS DECIMAL(%d,%d))", s, precision, len(fraction)), nil
}

func moment(kind, layout string, t time.Time) (string, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return "", fmt.Errorf("the year %d: 1 to 9999 can be sent", y)
	}
	return kind + " '" + t.Format(layout) + "'", nil
}

// list is an array. The type of an empty one comes from its Go type.
func list(v reflect.Value) (string, error) {
	if v.Len() == 0 {
		return empty("array()", v.Type())
	}
	parts := make([]string, v.Len())
	for i := range parts {
		part, err := render(v.Index(i).Interface(), false)
		if err != nil {
			return "", fmt.Errorf("element %d: %w", i+1, err)
		}
		parts[i] = part
	}
	return "array(" + strings.Join(parts, ", ") + ")", nil
}

// dictionary is a map, its keys in order.
func dictionary(v reflect.Value) (string, error) {
	if v.Len() == 0 {
		return empty("map()", v.Type())
	}
	var parts []string
	for _, key := range v.MapKeys() {
		k, err := render(key.Interface(), false)
		if err != nil {
			return "", fmt.Errorf("a key: %w", err)
		}
		value, err := render(v.MapIndex(key).Interface(), false)
		if err != nil {
			return "", fmt.Errorf("key %s: %w", k, err)
		}
		parts = append(parts, k+", "+value)
	}
	slices.Sort(parts)
	return "map(" + strings.Join(parts, ", ") + ")", nil
}

func empty(made string, t reflect.Type) (string, error) {
	name, ok := sqlType(t)
	if !ok {
		return made, nil
	}
	return "CAST(" + made + " AS " + name + ")", nil
}

// sqlType is the type that values of a Go type have in Spark, where they all have one.
func sqlType(t reflect.Type) (string, bool) {
	switch t {
	case reflect.TypeFor[[]byte]():
		return "BINARY", true
	case reflect.TypeFor[time.Time]():
		return "TIMESTAMP", true
	case reflect.TypeFor[Date]():
		return "DATE", true
	case reflect.TypeFor[LocalTime]():
		return "TIMESTAMP_NTZ", true
	case reflect.TypeFor[time.Duration]():
		return "INTERVAL DAY TO SECOND", true
	case reflect.TypeFor[Decimal]():
		return "", false // each has its own
	}
	switch t.Kind() {
	case reflect.Bool:
		return "BOOLEAN", true
	case reflect.Int8:
		return "TINYINT", true
	case reflect.Int16:
		return "SMALLINT", true
	case reflect.Int32:
		return "INT", true
	case reflect.Int, reflect.Int64:
		return "BIGINT", true
	case reflect.Float32:
		return "FLOAT", true
	case reflect.Float64:
		return "DOUBLE", true
	case reflect.String:
		return "STRING", true
	case reflect.Slice, reflect.Array:
		e, ok := sqlType(t.Elem())
		return "ARRAY<" + e + ">", ok
	case reflect.Map:
		k, ok := sqlType(t.Key())
		e, also := sqlType(t.Elem())
		return "MAP<" + k + ", " + e + ">", ok && also
	}
	return "", false
}
