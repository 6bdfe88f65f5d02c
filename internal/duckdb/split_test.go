package duckdb

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/petalake/petalake/internal/sql"
)

// FuzzSplit holds sql.Split to DuckDB's own parser: of a text that DuckDB understands, both find as many statements, and the
// text of each is one statement that means the same. DuckDB gets the text as the engine hands it on, with plain blanks:
// its own reading of others overlooks the last one of a text, and those behind a quote in a comment.
func FuzzSplit(f *testing.F) {
	raw, err := os.ReadFile("../sql/testdata/statements.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		dialect, rest, _ := strings.Cut(line, " ")
		if quoted, err := strconv.QuotedPrefix(strings.TrimLeft(rest, " ")); err == nil && dialect != "spark" {
			text, _ := strconv.Unquote(quoted) // a quoted prefix can be unquoted
			f.Add(text)
		}
	}
	db, err := Open(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(db.Close)
	conn, err := db.Conn()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(conn.Close)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") || len(text) > 1000 {
			return
		}
		plain := sql.Plain(sql.DuckDB, text)
		n, understood := statementsIn(t, conn, plain)
		if !understood || sql.HasWord(sql.DuckDB, text, "PIVOT", "PIVOT_WIDER") { // DuckDB makes several statements of one PIVOT
			return
		}
		statements := sql.Split(sql.DuckDB, text)
		if len(statements) != n {
			t.Fatalf("%q: got %d statements %+v, DuckDB finds %d", text, len(statements), statements, n)
		}
		var got []string
		for _, s := range statements {
			one := sql.Plain(sql.DuckDB, s.Text)
			if n, ok := statementsIn(t, conn, one); !ok || n != 1 {
				t.Fatalf("%q: DuckDB finds %d statements in %q", text, n, s.Text)
			}
			got = append(got, meaning(conn, one))
		}
		if want := meaning(conn, plain); want != "" && strings.Join(got, ", ") != want {
			t.Fatalf("%q: the statements %+v mean\n%s\nand in the text they mean\n%s", text, statements, strings.Join(got, ", "), want)
		}
	})
}

// statementsIn is how many statements DuckDB finds in a text, if it understands it.
func statementsIn(t *testing.T, c *Conn, text string) (n int, understood bool) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.extractLocked(context.Background(), text)
	if wrong, ok := errors.AsType[*Error](err); ok {
		return 0, wrong.Message == "no statement"
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.destroy()
	return s.n, true
}

// places are the offsets in a serialized statement, which depend on where it stands.
var places = regexp.MustCompile(`"query_location":\d+`)

// meaning is DuckDB's tree of each SELECT in a text, "" where a statement is none.
func meaning(c *Conn, text string) string {
	tree, err := c.Scalar(context.Background(), "SELECT json_extract(json_serialize_sql(CAST($1 AS VARCHAR))::JSON, '$.statements[*].node')::VARCHAR", text)
	if err != nil {
		return "" // a tree that DuckDB cannot write
	}
	return places.ReplaceAllString(strings.TrimSuffix(strings.TrimPrefix(tree, "["), "]"), "")
}
