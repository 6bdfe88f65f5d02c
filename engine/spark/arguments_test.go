package spark

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/sql"
)

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
		{"/* /*+ */ ?", "/* /*+ */  1L "},
		{"-- ?\r?", "-- ?\r 1L "},
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
		var kinds []sql.Kind
		for _, token := range sql.Lex(sql.Spark, got) {
			kinds = append(kinds, token.Kind)
		}
		plain := []sql.Kind{sql.Word, sql.Text, sql.Word, sql.Word}
		coded := []sql.Kind{sql.Word, sql.Word, sql.Symbol, sql.Word, sql.Text, sql.Symbol, sql.Text, sql.Symbol, sql.Word, sql.Word}
		if !slices.Equal(kinds, plain) && !slices.Equal(kinds, coded) || strings.ContainsAny(got, "\\$") {
			t.Errorf("%q made %q of it", value, got)
		}
	})
}
