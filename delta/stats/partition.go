package stats

import (
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
)

// FormatPartition writes the value of a partition column as an add action's partitionValues holds
// it (PROTOCOL.md, Partition Value Serialization). Null and the empty string are nil. Dates and times are of the years 1 to 9999:
// readers do not agree on the text of others, and one that cannot read a partition cannot read the table.
func FormatPartition(t schema.Type, v Value) (*string, error) {
	if year, dated := yearOf(v); dated && (year < 1 || year > 9999) {
		return nil, fmt.Errorf("partition value %v: readers of Delta tables agree on the years 1 to 9999 of a partition only", v)
	}
	text, err := partitionText(t, v)
	if err != nil || text == "" {
		return nil, err
	}
	return &text, nil
}

// yearOf is the year of a date or a time.
func yearOf(v Value) (year int, dated bool) {
	switch v := v.(type) {
	case Date:
		return time.Unix(int64(v)*24*3600, 0).UTC().Year(), true
	case Timestamp:
		return time.UnixMicro(int64(v)).UTC().Year(), true
	}
	return 0, false
}

func partitionText(t schema.Type, v Value) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return floatText(t, v), nil
	case string:
		if utf8.ValidString(v) {
			return v, nil
		}
		return "", fmt.Errorf("partition value %q: not UTF-8", v)
	case []byte:
		if utf8.Valid(v) {
			return string(v), nil
		}
		return "", fmt.Errorf("partition value %q: the protocol has no form for binary values that are not UTF-8", v)
	case Decimal:
		return v.String(), nil
	case Date:
		return v.String(), nil
	case Timestamp:
		if t == schema.TimestampNTZ {
			return v.text(' ', 6), nil
		}
		return v.text('T', 6) + "Z", nil
	}
	return "", fmt.Errorf("partition value %v: a %T is not a value of a column", v, v)
}

func floatText(t schema.Type, v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	bits := 64
	if t == schema.Float {
		bits = 32
	}
	return string(appendFloatText(v, bits))
}

func appendFloatText(v float64, bits int) []byte {
	if math.IsNaN(v) {
		return []byte("NaN")
	}
	return appendFloat(nil, v, bits)
}

// ParsePartition reads the value of a partition column. Timestamps are those of FormatPartition,
// and "2024-01-01 00:00:00.123456", which is taken as UTC.
func ParsePartition(t schema.Type, text *string) (Value, error) {
	if text == nil || *text == "" {
		return nil, nil
	}
	v, ok := partitionValue(t, *text)
	if !ok {
		return nil, fmt.Errorf("partition value %q: not of type %s", *text, t)
	}
	return v, nil
}

func partitionValue(t schema.Type, text string) (Value, bool) {
	if d, ok := t.(schema.Decimal); ok {
		v, ok := ParseDecimal(text)
		if !ok {
			return nil, false
		}
		return v.rescale(d.Scale), true
	}
	switch t {
	case schema.String:
		return text, true
	case schema.Binary:
		return []byte(text), true
	case schema.Boolean:
		return text == "true", text == "true" || text == "false"
	case schema.Long, schema.Integer, schema.Short, schema.Byte:
		v, err := strconv.ParseInt(text, 10, integerBits(t))
		return v, err == nil
	case schema.Float:
		v, err := strconv.ParseFloat(text, 32)
		return v, err == nil
	case schema.Double:
		v, err := strconv.ParseFloat(text, 64)
		return v, err == nil
	case schema.Date:
		v, ok := ParseDate(text)
		return v, ok
	case schema.Timestamp, schema.TimestampNTZ:
		v, ok := ParseTimestamp(text)
		return v, ok
	}
	return nil, false
}

func integerBits(t schema.Type) int {
	switch t {
	case schema.Byte:
		return 8
	case schema.Short:
		return 16
	case schema.Integer:
		return 32
	}
	return 64
}
