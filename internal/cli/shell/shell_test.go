package shell

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever was typed, completing it ends, and a word that is completed is before the cursor.
func FuzzComplete(f *testing.F) {
	for _, s := range []string{"select ';' ; x", "/* /* */ ;", "$a$;$b$", "--;\n;", `e'\`, "\"", "é;'", "select a. from t", "1.5."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if start, _ := vocabulary.Complete(text, len(text)); start < 0 || start > len(text) {
			t.Errorf("Complete(%q): the word begins at %d", text, start)
		}
	})
}

var vocabulary = Vocabulary{
	Tables: map[string][]string{
		"bronze.orders":   {"order_id", "ordered_at", "price"},
		"gold.revenue":    {"day", "revenue"},
		"bronze.airports": {"iata"},
	},
	Commands: []string{`\d`, `\dt`, ".tables"},
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		text  string // | is the cursor
		start int
		want  []string
	}{
		{"sel|", 0, []string{"select"}},
		{"SEL|", 0, []string{"SELECT"}},
		{"select * from |", 14, []string{"bronze.airports", "bronze.orders", "gold.revenue"}},
		{"select * from bronze.o|", 14, []string{"bronze.orders"}},
		{"select | from bronze.orders", 7, nil},
		{"select pr| from bronze.orders", 7, []string{"price"}},
		{"select ord| from bronze.orders", 7, []string{"order", "order_id", "ordered_at"}},
		{"select o.pr| from bronze.orders o", 7, []string{"o.price"}},
		{"select x.pr| from bronze.orders as x", 7, []string{"x.price"}},
		{"select orders.pr| from bronze.orders", 7, []string{"orders.price"}},
		{"select 'sel|", 11, nil},
		{"select 1 -- sel|", 15, nil},
		{`\d|`, 0, []string{`\d`, `\dt`}},
		{`\d gold|`, 3, []string{"gold.revenue"}},
	} {
		pos := strings.IndexByte(c.text, '|')
		start, got := vocabulary.Complete(c.text[:pos]+c.text[pos+1:], pos)
		if start != c.start || !slices.Equal(got, c.want) {
			t.Errorf("Complete(%q): got %d %q, want %d %q", c.text, start, got, c.start, c.want)
		}
	}
}

func TestCommon(t *testing.T) {
	for _, c := range []struct {
		candidates []string
		want       string
	}{
		{nil, ""},
		{[]string{"one"}, "one"},
		{[]string{"order", "ORDER_id"}, "order"},
		{[]string{"é1", "è2"}, ""},
	} {
		if got := common(c.candidates); got != c.want {
			t.Errorf("common(%q): got %q, want %q", c.candidates, got, c.want)
		}
	}
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "petalake", "history")
	h, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"select 1;", "select 1;", "select\n  2;", "select 'a\nb';"} {
		if err := h.Keep(s); err != nil {
			t.Fatal(err)
		}
	}
	again, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"b';", "select 'a", "select 2;", "select 1;"}
	for name, h := range map[string]*History{"in memory": h, "from the file": again} {
		var got []string
		for i := range h.Len() {
			got = append(got, h.At(i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: got %v, %v; want mode 0600", info.Mode(), err)
	}
}

func TestTake(t *testing.T) {
	l := &Lines{}
	for _, c := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"  ", nil},
		{`\d orders`, []string{`\d orders`}},
		{"quit", []string{"quit"}},
		{"select 1", nil},
		{`\d is part of it now`, nil},
		{"; select 2;", []string{"select 1\n\\d is part of it now", "select 2"}},
		{".5 as a number", nil},
		{";", []string{".5 as a number"}},
	} {
		if got := l.take(c.line); !slices.Equal(got, c.want) {
			t.Errorf("take(%q): got %q, want %q", c.line, got, c.want)
		}
	}
}

// Ctrl-C becomes keys that clear the line and end it, and is remembered.
func TestKeys(t *testing.T) {
	k := &keys{in: strings.NewReader("abc\x03def")}
	buf := make([]byte, 4)
	n, err := k.Read(buf)
	if err != nil || string(buf[:n]) != "\x05\x15\rd" {
		t.Errorf("got %q, %v; want Ctrl-E, Ctrl-U, Enter and what follows", buf[:n], err)
	}
	if !k.takeInterrupt() || k.takeInterrupt() {
		t.Error("takeInterrupt: want true once")
	}
}
