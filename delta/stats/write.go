package stats

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
)

// JSON writes the statistics as the value of an add action's stats. The schema gives the types and
// the order; columns that it does not hold are left out, and so are bounds the protocol has no form
// for: of booleans, binary values, lists and maps, NaN and the infinities. Timestamps are cut to
// milliseconds. Strings are written as they are: Truncate makes them short.
func (f File) JSON(s *schema.Struct) []byte {
	b := make([]byte, 0, 64+96*len(f.Columns))
	b = append(b, '{')
	if f.NumRecords >= 0 {
		b = append(b, `"numRecords":`...)
		b = strconv.AppendInt(b, f.NumRecords, 10)
		b = append(b, ',')
	}
	if len(f.Columns) > 0 {
		w := sectionWriter{columns: f.Columns}
		b = w.object(append(b, `"minValues":`...), s, nil, minimum)
		b = w.object(append(b, `,"maxValues":`...), s, nil, maximum)
		b = w.object(append(b, `,"nullCount":`...), s, nil, nulls)
		b = append(b, ',')
	}
	b = append(b, `"tightBounds":`...)
	return append(strconv.AppendBool(b, f.TightBounds), '}')
}

type sectionWriter struct {
	columns []Column
	next    int // where the next leaf probably is
}

func (w *sectionWriter) object(b []byte, s *schema.Struct, path []string, what section) []byte {
	b = append(b, '{')
	empty := true
	for _, f := range s.Fields {
		start := len(b)
		if !empty {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name), ':')
		value := len(b)
		at := append(path[:len(path):len(path)], f.Name)
		if inner, ok := f.Type.(*schema.Struct); ok {
			b = w.object(b, inner, at, what)
			if bytes.Equal(b[value:], []byte("{}")) {
				b = b[:value]
			}
		} else if c := w.find(at); c != nil {
			b = c.append(b, f.Type, what)
		}
		if len(b) == value {
			b = b[:start]
			continue
		}
		empty = false
	}
	return append(b, '}')
}

func (w *sectionWriter) find(path []string) *Column {
	for range w.columns {
		if w.next >= len(w.columns) {
			w.next = 0
		}
		c := &w.columns[w.next]
		w.next++
		if slices.Equal(c.Path, path) {
			return c
		}
	}
	return nil
}

// append adds a bound or the count, or nothing.
func (c *Column) append(b []byte, t schema.Type, what section) []byte {
	switch what {
	case minimum:
		return appendBound(b, c.Min, t)
	case maximum:
		return appendBound(b, c.Max, t)
	}
	if c.NullCount < 0 {
		return b
	}
	return strconv.AppendInt(b, c.NullCount, 10)
}

func appendBound(b []byte, v Value, t schema.Type) []byte {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return b
		}
		bits := 64
		if t == schema.Float {
			bits = 32
		}
		return appendFloat(b, v, bits)
	case string:
		if t != schema.String || !utf8.ValidString(v) {
			return b
		}
		return appendString(b, v)
	case Decimal:
		return append(b, v.String()...)
	case Date:
		return append(append(append(b, '"'), v.String()...), '"')
	case Timestamp:
		b = append(append(b, '"'), v.text('T', 3)...)
		if t == schema.Timestamp {
			b = append(b, 'Z')
		}
		return append(b, '"')
	}
	return b
}

// appendFloat marks a whole number as floating-point, as Spark does: 5.0.
func appendFloat(b []byte, v float64, bits int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, v, 'g', -1, bits)
	if !bytes.ContainsAny(b[start:], ".e") {
		b = append(b, ".0"...)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	return append(append(b, s[start:]...), '"')
}
