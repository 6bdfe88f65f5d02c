package spark

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2024, 2, 29, 13, 4, 5, 678901000, time.FixedZone("", 3600))

// arguments promises that values of every type arrive as they are, by position and by name.
func arguments(t *testing.T, s *Session) {
	for _, c := range []struct {
		arg  any
		want string // the value, and its type on the server
	}{
		{nil, "(null)|void|"},
		{true, "true|boolean|"},
		{int8(-1), "-1|tinyint|"},
		{int16(300), "300|smallint|"},
		{int32(-7), "-7|int|"},
		{5, "5|bigint|"},
		{int64(math.MinInt64), "-9223372036854775808|bigint|"},
		{float32(0.1), "0.1|float|"},
		{-0.1, "-0.1|double|"},
		{math.NaN(), "NaN|double|"},
		{math.Inf(-1), "-Inf|double|"},
		{"plain ü", "plain ü|string|"},
		{"it's \\ \"$ {x} ?\n${y} -- /*", "it's \\ \"$ {x} ?\n${y} -- /*|string|"},
		{"", "|string|"},
		{[]byte("a"), "YQ==|binary|"},
		{Decimal("-012.30"), "-12.3|decimal(4,2)|"},
		{Decimal(".5"), "0.5|decimal(1,1)|"},
		{Date(noon), "2024-02-29|date|"},
		{LocalTime(noon), "2024-02-29T13:04:05.678901|timestamp_ntz|"},
		{noon, "2024-02-29T12:04:05.678901Z|timestamp|"},
		{-90*time.Minute - 5*time.Microsecond, "-5400000005us|interval day to second|"},
		{[]int{1, -2}, "[1,-2]|array<bigint>|"},
		{[]string{"'"}, `["'"]|array<string>|`},
		{[]string{}, "[]|array<string>|"},
		{[]any{1, nil}, "[1,null]|array<bigint>|"},
		{[][]string{{"x", "y"}, {}}, `[["x","y"],[]]|array<array<string>>|`},
		{[]Decimal{"1.5", "22.25"}, `["1.5","22.25"]|array<decimal(4,2)>|`},
		{map[string]int{"a": 1}, `[{"key":"a","value":1}]|map<string,bigint>|`},
		{map[string]bool{}, "[]|map<string,boolean>|"},
	} {
		want(t, s, c.want, "SELECT ?, typeof(?)", c.arg, c.arg)
	}
	want(t, s, "1|2|3|4|5|6|7|", "SELECT ?, ?, ?, ?, ?, ?, ?", 1, 2, 3, 4, 5, 6, 7)
	want(t, s, "6|5|4|3|2|1|1|", "SELECT :f, :e, :d, :c, :b, :a, :a", Named{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6})
	want(t, s, "?|?|7|8|", `SELECT '?', "?", ?-/* ? /* ? */ ? */-1, -- ?`+"\n? AS `?`", 6, 8)
	want(t, s, "0|1|", "SELECT id FROM range(?) LIMIT ?", 10, 2)
	want(t, s, "2|", "SELECT named_struct('a', :a)::struct<a:bigint>.a", Named{"a": 2})
	if _, _, err := all(t.Context(), s, "SELECT :nmae", Named{"name": 1}); err == nil || !strings.Contains(err.Error(), "nmae") {
		t.Errorf("a name that is not bound: got %v, want an error that says so", err)
	}
}

// TestBind promises that only markers are replaced, and that what does not fit is refused.
func TestBind(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"?", " 1L "},
		{"x-?", "x- 1L "},
		{"'?' ?", "'?'  1L "},
		{`'\'?' ?`, `'\'?'  1L `},
		{`r'\'?`, `r'\' 1L `},
		{`bar'\'?`, `bar'\'?`},
		{"'a''?' ?", "'a''?'  1L "},
		{`"?" ?`, `"?"  1L `},
		{"`?``?` ?", "`?``?`  1L "},
		{"$$?$$ $a$?$$?$a$ ?", "$$?$$ $a$?$$?$a$  1L "},
		{"${x} ?", "${x}  1L "},
		{"-- ?\n?", "-- ?\n 1L "},
		{"-- ?\\\n?\n?", "-- ?\\\n?\n 1L "},
		{"/*?/*?*/?*/?", "/*?/*?*/?*/ 1L "},
		{"/*+ h(?) */", "/*+ h( 1L ) */"},
		{"LIMIT /* x */ ?", "LIMIT /* x */  1 "},
		{"limit(?)", "limit( 1L )"},
		{"'?", "'?"},
		{"/*?", "/*?"},
	} {
		got, err := bind(c.sql, []any{1})
		if has := strings.Contains(c.want, " 1"); got != c.want || (err == nil) != has {
			t.Errorf("%q: got %q, %v, want %q", c.sql, got, err, c.want)
		}
	}
	for _, c := range []struct{ sql, want string }{
		{":a", " 1L "},
		{"x::a", "x::a"},
		{"x:a", "x:a"},
		{"struct<b:a>", "struct<b:a>"},
		{"(:a,:b)", "( 1L ,:b)"},
		{"':a' :a", "':a'  1L "},
		{":aa :a", ":aa  1L "},
	} {
		if got, err := bind(c.sql, []any{Named{"a": 1}}); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", c.sql, got, err, c.want)
		}
	}
	for _, c := range []struct {
		sql  string
		args []any
		want string
	}{
		{"?", []any{1, 2}, "1 ?, and 2 arguments"},
		{"? ?", []any{1}, "2 ?, and 1 arguments"},
		{"?", []any{struct{}{}}, "struct {} cannot be sent"},
		{":a ?", []any{Named{"a": 1}, 2}, "stand alone"},
		{"? ?", []any{1, Named{"a": 1}}, "stand alone"},
		{"?", []any{"\xff"}, "not UTF-8"},
		{"?", []any{Decimal("1e5")}, "no decimal"},
		{"?", []any{Decimal(strings.Repeat("9", 39))}, "39 digits"},
		{"?", []any{time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC)}, "year 12024"},
	} {
		if _, err := bind(c.sql, c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q with %v: got %v, want %q", c.sql, c.args, err, c.want)
		}
	}
}

// FuzzBind promises that no value of an argument changes what the statement is: it stays one token
// sequence between what stood around it.
func FuzzBind(f *testing.F) {
	for _, s := range []string{"", "'", "\\", "\\'", "''", "${x}", "a\nb", "-- ", "/*", "*/", "r'", "`", "\x00", "?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := bind("SELECT ? AS x", []any{value})
		if err != nil {
			return // not UTF-8
		}
		var kinds []int
		for i := 0; i < len(got); {
			kind, n := token(got, i)
			if kind != blank {
				kinds = append(kinds, kind)
			}
			i += n
		}
		plain := fmt.Sprint([]int{word, quoted, word, word})
		coded := fmt.Sprint([]int{word, word, other, word, quoted, other, quoted, other, word, word})
		if s := fmt.Sprint(kinds); s != plain && s != coded || strings.ContainsAny(got, "\\$") {
			t.Errorf("%q made %q of it", value, got)
		}
	})
}
