package duckdb

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/sweep"
)

// FuzzSplit holds sql.Split to DuckDB's own parser.
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
	conn := parserFor(f)
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) && !strings.Contains(text, "\x00") && len(text) <= 1000 {
			holdSplit(t, conn, text)
		}
	})
}

// pieces are what a text of SQL is cut at, or could be taken to be.
var pieces = strings.Split("select 1|select|a|e|E'|'|''|\\|\\'|\"|\"\"|$|$$|$t$|$1|t$|1|1e|.|-|--|-- |/*|*/|/|*|+|;|;;|\n|\r|\r\n|\t| |\u00a0|\u2003|\ufeff|ü|日|`|x'00'|b'1'|n'|u&|(|)|,|[|]|:|::|?|_|from t|as", "|")

// TestSplitPieces holds sql.Split to DuckDB's own parser on texts of pieces in any order, around statements that it understands.
func TestSplitPieces(t *testing.T) {
	conn := parserFor(t)
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 0))
	// 4,000 texts have each pair of pieces several times over; DuckDB understands some hundred of them.
	understood, texts := 0, sweep.Of(500, 4000, 200_000)
	for range texts {
		var text strings.Builder
		text.WriteString([]string{"", "select ", "select '", "select e'", "select $$", "-- ", "/* ", "select \"a"}[dice.IntN(8)])
		for range 1 + dice.IntN(8) {
			text.WriteString(pieces[dice.IntN(len(pieces))])
		}
		text.WriteString([]string{"", "'", "$$", "*/", "\r;select 2", "\n;select 2", "';select 2", "\";select 2", "$$;select 2", "*/;select 2"}[dice.IntN(10)])
		if holdSplit(t, conn, text.String()) {
			understood++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if understood < texts/20 {
		t.Errorf("DuckDB understood %d of the texts, want %d at least (seed %d)", understood, texts/20, seed)
	}
}

// parserFor opens a DuckDB for a test.
func parserFor(t testing.TB) *Conn {
	t.Helper()
	db, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	conn, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// holdSplit says whether DuckDB understands a text, and if so holds sql.Split to it: both find as many statements, and the
// text of each is one statement that means the same. DuckDB gets the text as the engine hands it on, with plain blanks:
// its own reading of others overlooks the last one of a text, and those behind a quote in a comment.
func holdSplit(t *testing.T, conn *Conn, text string) (understood bool) {
	t.Helper()
	plain := sql.Plain(sql.DuckDB, text)
	n, understood := statementsIn(t, conn, plain)
	if !understood || sql.HasWord(sql.DuckDB, text, "PIVOT", "PIVOT_WIDER") { // DuckDB makes several statements of one PIVOT
		return false
	}
	statements := sql.Split(sql.DuckDB, text)
	if len(statements) != n {
		t.Errorf("%q: got %d statements %+v, DuckDB finds %d", text, len(statements), statements, n)
		return true
	}
	var got []string
	for _, s := range statements {
		one := sql.Plain(sql.DuckDB, s.Text+s.After) // a comment behind an operator can make it another one
		if n, ok := statementsIn(t, conn, one); !ok || n != 1 {
			t.Errorf("%q: DuckDB finds %d statements in %q", text, n, s.Text)
		}
		got = append(got, meaning(conn, one))
	}
	if want := meaning(conn, plain); want != "" && strings.Join(got, ", ") != want {
		t.Errorf("%q: the statements %+v mean\n%s\nand in the text they mean\n%s", text, statements, strings.Join(got, ", "), want)
	}
	return true
}

// statementsIn is how many statements DuckDB finds in a text, if it understands it. Extraction alone does not tell: a
// statement that begins with a letter beyond ASCII is passed over where it is none.
func statementsIn(t *testing.T, c *Conn, text string) (n int, understood bool) {
	t.Helper()
	wrong, err := c.Scalar(context.Background(), "SELECT coalesce(json_serialize_sql(CAST($1 AS VARCHAR)) ->> 'error_type', '')", text)
	if err != nil || wrong != "" && wrong != "not implemented" {
		return 0, false
	}
	n = extracted(t, c, text)
	return n, n > 0 || wrong == "" // it also calls named and numbered parameters in one text not implemented
}

func extracted(t *testing.T, c *Conn, text string) int {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.extractLocked(context.Background(), text)
	if errors.As(err, new(*Error)) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.destroy()
	return s.n
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
