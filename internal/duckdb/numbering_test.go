package duckdb

import (
	"fmt"
	"strconv"
	"testing"
)

// TestNumbering promises one number for each distinct list of texts, whatever the texts hold, and the
// texts back for each number.
func TestNumbering(t *testing.T) {
	db, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Numbering() // another, with numbers of its own
	n := c.Numbering()
	// Lists that run into one another when joined, NULL beside the empty text, short and long ones.
	const rows = `(SELECT unnest([NULL, '', 'a', 'ab', 'A', 'é', repeat('x', 12), repeat('x', 13), repeat('y', 1000), chr(0)]) AS a),
		(SELECT unnest([NULL, '', 'b', 'bc', '` + "\x01" + `']) AS b), range(300)`
	got, err := c.Strings(t.Context(), `SELECT a, b, a IS NULL, b IS NULL, count(DISTINCT n), min(n), count(*)
		FROM (SELECT a, b, `+n.SQL("a", "b")+` AS n FROM `+rows+`) GROUP BY ALL`)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range got {
		number, err := strconv.Atoi(r[5])
		if err != nil || r[4] != "1" || r[6] != "300" || seen[r[5]] {
			t.Errorf("list %q, %q: got number %s, %s numbers for %s rows (seen before: %v)", r[0], r[1], r[5], r[4], r[6], seen[r[5]])
		}
		seen[r[5]] = true
		texts, ok := n.Texts(number)
		want := fmt.Sprintf("%q %s %q %s", r[0], r[2], r[1], r[3])
		if !ok || describe(texts) != want {
			t.Errorf("number %d: got %v, %s, want %s", number, ok, describe(texts), want)
		}
	}
	if len(got) != 50 {
		t.Errorf("got %d lists, want 50", len(got))
	}
	c.Forget(n)
	if _, err := c.Strings(t.Context(), "SELECT "+n.SQL("'a'")); err == nil {
		t.Error("a numbering that was forgotten: got a number, want an error")
	}
	if _, ok := n.Texts(50); ok {
		t.Error("Texts(50): got a list, want none")
	}
}

func describe(texts []*string) (out string) {
	for i, text := range texts {
		if i > 0 {
			out += " "
		}
		if text == nil {
			out += `"" true`
		} else {
			out += fmt.Sprintf("%q false", *text)
		}
	}
	return out
}
