package shell

import (
	"io"
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
		{"select o.| from bronze.orders o", 7, []string{"o.order_id", "o.ordered_at", "o.price"}},
		{"select o.| from bronze.orders o;", 7, []string{"o.order_id", "o.ordered_at", "o.price"}},
		{"select o.|\nfrom -- all\n\"bronze\".\"orders\" as O, gold.revenue r", 7, []string{"o.order_id", "o.ordered_at", "o.price"}},
		{"select r.| from bronze.orders o join gold.revenue r on o.ordered_at=r.day", 7, []string{"r.day", "r.revenue"}},
		{"select * from bronze.orders o join gold.revenue r on o.price = r.|", 63, []string{"r.day", "r.revenue"}},
		{"select revenue.| from bronze.orders revenue", 7, []string{"revenue.order_id", "revenue.ordered_at", "revenue.price"}},
		{"select o.pr| from bronze.orders version as of 3 as o", 7, []string{"o.price"}},
		{"select o.pr| from bronze.orders for timestamp as of '2026-01-01' o", 7, []string{"o.price"}},
		{"select \"o\".pr| from bronze.orders o", 7, []string{"\"o\".price"}},
		{"select z.| from bronze.orders o", 7, nil},
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

// What is typed at a terminal gives these lines, by a search in the history among the keys.
func TestSearch(t *testing.T) {
	h := &History{}
	for _, line := range []string{"select 1;", "select café;", "FROM orders;", "select 2;", "select 2;", "show tables;", "select 2;"} {
		h.remember(line)
	}
	for _, c := range []struct{ typed, want string }{
		{"\x12from\r", "FROM orders;"},            // in any case of letters
		{"\x12select\r", "select 2;"},             // the newest
		{"\x12select\x12\r", "select café;"},      // an older one, that is not the same again
		{"\x12select\x12\x12\r", "select 1;"},     // and another
		{"\x12select\x12\x12\x12\r", "select 1;"}, // there are no more
		{"\x12fé\r", "select café;"},              // beyond ASCII
		{"\x12fé\x7f\x7fx\r", ""},                 // nothing is found
		{"\x12fromx\x7f\r", "FROM orders;"},       // what was typed too much is taken off
		{"abc\x12from\x07d\r", "abcd"},            // Ctrl-G gives the line back
		{"abc\x12\r", "abc"},                      // nothing was searched for
		{"\x12from\x01-- \r", "-- FROM orders;"},  // another key works on what was found
		{"\x12from\x1b[D!\r", "FROM orders!;"},    // so do keys of several bytes
		{"\x12from\x12\x03", ""},                  // Ctrl-C clears the line
		{"x\x12from\x03", ""},                     // and what stood there before
		{"\x12tab\r", "show tables;"},
	} {
		l := &Lines{History: h, Names: func() Vocabulary { return vocabulary }, keys: &keys{in: strings.NewReader(c.typed)}}
		l.open(io.Discard)
		if got, err := l.term.ReadLine(); got != c.want || err != nil {
			t.Errorf("typed %q: got %q, %v; want %q", c.typed, got, err, c.want)
		}
		if l.search.on {
			t.Errorf("typed %q: the search goes on", c.typed)
		}
	}
}
