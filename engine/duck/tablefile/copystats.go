package tablefile

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// Staged is a row of COPY's RETURN_STATS: a file, and of each of its columns what DuckDB says as
// text: null_count, min, max, has_nan.
type Staged struct {
	path       string
	rows, size int64
	columns    map[string]map[string]string // by quoted path: "st"."c"
	partition  string                       // the number of its partition
}

// stats turns the texts into values of the columns' types. A bound that has no exact reading (an
// infinite date, a year before Christ) is left out. Lists and maps are left out wholly: what DuckDB
// counts there are null elements, which Delta does not mean.
func (w *Staged) stats(s *schema.Struct) stats.File {
	byPath := make(map[string]map[string]string, len(w.columns))
	for quoted, c := range w.columns {
		if path, ok := splitPath(quoted); ok {
			byPath[strings.Join(path, "\x00")] = c
		}
	}
	f := stats.File{NumRecords: w.rows, TightBounds: true}
	for path, field := range s.Leaves() {
		c, ok := byPath[strings.Join(path, "\x00")]
		if !ok || classOf(field.Type) == nestedClass {
			continue
		}
		f.Columns = append(f.Columns, columnStats(path, field.Type, c))
	}
	return f
}

func columnStats(path []string, t schema.Type, c map[string]string) stats.Column {
	out := stats.Column{Path: path, NullCount: -1}
	if n, err := strconv.ParseInt(c["null_count"], 10, 64); err == nil && n >= 0 {
		out.NullCount = n
	}
	if text, ok := c["min"]; ok {
		out.Min = statValue(t, text, false)
	}
	if text, ok := c["max"]; ok && c["has_nan"] != "true" {
		out.Max = statValue(t, text, true)
	}
	return out
}

// statValue reads one bound, nil where it is none. A string may be cut by DuckDB at 256 bytes, in
// the middle of a character: a lower bound then loses the rest, an upper one has the greatest character there, unless it may be that one
// which was cut.
func statValue(t schema.Type, text string, upper bool) stats.Value {
	if d, ok := t.(schema.Decimal); ok {
		v, ok := stats.ParseDecimal(text)
		if !ok || v.Scale > d.Scale {
			return nil
		}
		return v
	}
	switch t {
	case schema.String:
		whole := text
		for !utf8.ValidString(whole) {
			whole = whole[:len(whole)-1]
		}
		if upper && len(whole) < len(text) {
			if len(whole) < 252 || text[len(whole)] >= 0xf4 {
				return nil
			}
			whole += string(utf8.MaxRune)
		}
		return whole
	case schema.Byte, schema.Short, schema.Integer, schema.Long:
		return orNil(strconv.ParseInt(text, 10, 64))
	case schema.Float:
		return number(strconv.ParseFloat(text, 32))
	case schema.Double:
		return number(strconv.ParseFloat(text, 64))
	case schema.Boolean:
		return orNil(strconv.ParseBool(text))
	case schema.Binary:
		return orNil(hex.DecodeString(text))
	case schema.Date:
		if v, ok := stats.ParseDate(text); ok {
			return v
		}
	case schema.Timestamp, schema.TimestampNTZ:
		if v, ok := stats.ParseTimestamp(strings.TrimSuffix(text, "+00")); ok {
			return v
		}
	}
	return nil
}

func orNil[T any](v T, err error) stats.Value {
	if err != nil {
		return nil
	}
	return v
}

func number(v float64, err error) stats.Value {
	if err != nil || math.IsNaN(v) {
		return nil
	}
	return v
}

// splitPath reads `"a"."b ""c"""`.
func splitPath(quoted string) ([]string, bool) {
	var path []string
	for {
		if !strings.HasPrefix(quoted, `"`) {
			return nil, false
		}
		var name strings.Builder
		rest := quoted[1:]
		for {
			before, after, ok := strings.Cut(rest, `"`)
			if !ok {
				return nil, false
			}
			name.WriteString(before)
			rest = after
			if !strings.HasPrefix(rest, `"`) {
				break
			}
			name.WriteByte('"')
			rest = rest[1:]
		}
		path = append(path, name.String())
		if rest == "" {
			return path, true
		}
		if rest[0] != '.' {
			return nil, false
		}
		quoted = rest[1:]
	}
}
