package job_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/job"
)

func TestSplit(t *testing.T) {
	for sql, want := range map[string][]string{
		"":                                   nil,
		" ; -- nothing;\n;":                  nil,
		"select 1":                           {"select 1"},
		"a; b ;\n/* c; /* d */ ; */ e -- f;": {"a", "b", "e"},
		`select ';' ; select ";", 'it''s; one' ; select 1`: {`select ';'`, `select ";", 'it''s; one'`, "select 1"},
		"select `a;b`; select 2":                           {"select `a;b`", "select 2"},
		"select $$a;b$$, $x$;$x$; c":                       {"select $$a;b$$, $x$;$x$", "c"},
		"select $1; select '":                              {"select $1", "select '"},
		"a /* b */ c;":                                     {"a /* b */ c"},
	} {
		var got []string
		for _, s := range job.Split(sql, false) {
			got = append(got, s.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", sql, got, want)
		}
	}
	if got := job.Split(`select 'it\'s;'; b`, true); len(got) != 2 || got[0].Text != `select 'it\'s;'` {
		t.Errorf("escapes: got %+v", got)
	}
	if got := job.Split("a;\n  ü; b", false)[2]; got.Line != 2 || got.Column != 6 {
		t.Errorf("got %+v, want line 2, column 6", got)
	}
}

// Whatever the text, splitting it ends, and every statement stands where it is said to.
func FuzzSplit(f *testing.F) {
	f.Add("a; 'b;", true)
	f.Add("/* $x$ ; */ $$", false)
	f.Fuzz(func(t *testing.T, sql string, escapes bool) {
		for _, s := range job.Split(sql, escapes) {
			lines := strings.Split(sql, "\n")
			rest := strings.Join(lines[s.Line-1:], "\n")
			if s.Text == "" || !strings.HasPrefix(string([]rune(rest)[s.Column-1:]), strings.ToValidUTF8(s.Text, "\uFFFD")) && strings.ToValidUTF8(sql, "") == sql {
				t.Fatalf("%q is not at %d:%d", s.Text, s.Line, s.Column)
			}
		}
	})
}
