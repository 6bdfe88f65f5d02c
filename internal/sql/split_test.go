package sql_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/sql"
)

// held is a text of testdata/statements.txt.
type held struct {
	dialects   []sql.Dialect
	text       string
	statements []string
	ended      bool // the last statement has a semicolon behind it
}

// texts reads testdata/statements.txt, to which all that cut SQL are held: a job, petalake sql, its shell, petalake verify.
// The fuzz test of internal/duckdb begins with its texts.
func texts(t testing.TB) (all []held) {
	t.Helper()
	raw, err := os.ReadFile("testdata/statements.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		dialect, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		d, ok := map[string][]sql.Dialect{"both": both, "duckdb": both[:1], "spark": both[1:]}[dialect]
		if !ok {
			continue
		}
		h := held{dialects: d, ended: true}
		quoted := func() string {
			t.Helper()
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("%s: %v at %q", line, err, rest)
			}
			rest = rest[len(q):]
			text, _ := strconv.Unquote(q) // a quoted prefix can be unquoted
			return text
		}
		rest = strings.TrimLeft(rest, " ")
		h.text = quoted()
		for rest = strings.TrimPrefix(rest, " ->"); rest != ""; {
			rest = strings.TrimPrefix(rest, " ")
			h.statements = append(h.statements, quoted())
			rest, h.ended = strings.CutPrefix(rest, ";")
		}
		all = append(all, h)
	}
	return all
}

var both = []sql.Dialect{sql.DuckDB, sql.Spark}

func TestSplit(t *testing.T) {
	for _, c := range texts(t) {
		for _, d := range c.dialects {
			var got []string
			ended := true
			for _, s := range sql.Split(d, c.text) {
				got = append(got, s.Text)
				ended = s.Ended
			}
			if !slices.Equal(got, c.statements) || ended != c.ended {
				t.Errorf("Split(%d, %q):\n got %q, ended %t\nwant %q, ended %t", d, c.text, got, ended, c.statements, c.ended)
			}
		}
	}
}

// TestPosition promises lines and columns as people count them, whatever ends a line.
func TestPosition(t *testing.T) {
	for text, want := range map[string]sql.Position{
		"x":                    {Line: 1, Column: 1},
		"a;  x":                {Line: 1, Column: 5},
		"a;\n  ü; x":           {Line: 2, Column: 6},
		"a;\n\n x":             {Line: 3, Column: 2},
		"a;\r\n\r\n x":         {Line: 3, Column: 2},
		"a;\r\r x":             {Line: 3, Column: 2},
		"a;\n\r x":             {Line: 3, Column: 2},
		"a; -- b\r/* \r\n */x": {Line: 3, Column: 4},
		"'a\r';é日x":            {Line: 2, Column: 3},
	} {
		all := sql.Split(sql.DuckDB, text)
		if got := all[len(all)-1].Position; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestAround promises that nothing of a text is lost: the comments around a statement stay with it.
func TestAround(t *testing.T) {
	for text, want := range map[string][]string{
		"-- a;\nselect 1 -- b; c\n;":    {"-- a;\nselect 1 -- b; c"},
		"a /* 1 */; /* 2 */ b /* 3 */":  {"a /* 1 */", "/* 2 */ b /* 3 */"},
		"a; ; -- of none\n; -- of b\nb": {"a", "-- of b\nb"},
	} {
		var got []string
		for _, s := range sql.Split(sql.DuckDB, text) {
			got = append(got, s.Whole())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTrim(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ;-- x": "", "select 1": "select 1", "select 1 ; ; -- x\n;\r\n": "select 1", "-- a\nselect ';' -- b": "-- a\nselect ';'",
	} {
		if got := sql.Trim(sql.Spark, text); got != want {
			t.Errorf("Trim(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		text, want string
		ok         bool
	}{
		{"select 1", "select 1", true},
		{"select\n  a, -- why\n  b\nfrom t", "select a, b from t", true},
		{"select a, -- why\r  b", "select a, b", true},
		{"select 'a\nb'", "", false},
		{"select /* a\r\n */ 1", "", false},
		{"select '  '  ,  1", "select '  ' , 1", true},
	} {
		if got, ok := sql.Fold(sql.DuckDB, c.text); got != c.want || ok != c.ok {
			t.Errorf("Fold(%q): got %q, %v; want %q, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// FuzzLex promises for any text, in each dialect, that its tokens are the text, that its statements stand where they are said to,
// and that a statement which is cut again is itself.
func FuzzLex(f *testing.F) {
	for _, c := range texts(f) {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range both {
			at := 0
			for _, token := range sql.LexAll(d, text) {
				if token.From != at || token.Text == "" || len(token.Value()) > len(token.Text) || token.Open && token.To() != len(text) {
					t.Fatalf("%d, %q: token %+v at byte %d", d, text, token, at)
				}
				at = token.To()
			}
			if at != len(text) {
				t.Fatalf("%d, %q: the tokens end at byte %d", d, text, at)
			}
			for _, s := range sql.Split(d, text) {
				if whole := s.Before + s.Text + s.After; s.Text == "" || !strings.HasPrefix(text[s.From-len(s.Before):], whole) || sql.PositionAt(text, s.From) != s.Position {
					t.Fatalf("%d, %q: no statement %+v is there", d, text, s)
				}
				if again := sql.Split(d, s.Text+"\n;"); s.Ended && (len(again) != 1 || again[0].Text != s.Text || !again[0].Ended) {
					t.Fatalf("%d, %q: statement %q is cut again into %+v", d, text, s.Text, again)
				}
			}
			if line, ok := sql.Fold(d, text); ok && strings.ContainsAny(line, "\n\r") {
				t.Fatalf("%d: Fold(%q) = %q has a line break", d, text, line)
			}
			if plain := sql.Plain(d, text); len(plain) != len(text) || len(sql.Lex(d, plain)) != len(sql.Lex(d, text)) {
				t.Fatalf("%d: Plain(%q) = %q", d, text, plain)
			}
			sql.References(d, text)
			sql.Trim(d, text)
		}
		sql.Nonsense(text)
		_ = sql.Guard(text, func(string) bool { return false })
	})
}
