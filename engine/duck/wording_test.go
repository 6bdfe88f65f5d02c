package duck

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/duckdb"
)

// Errors about a statement say what is wrong in it and what to write instead, in words of petalake.
func TestWording(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	flights(l)
	e := l.open()
	foreign := regexp.MustCompile(`(?i)candidate|extension|install|\bSET \w|_LITERAL|Error:|read_csv|duckdb|\n`)
	for _, c := range []struct{ sql, message, hint string }{
		{`SELECT nme FROM bronze.flights`, `no column "nme"`, `did you mean name`},
		{`SELECT f.nme FROM bronze.flights f`, `"f" has no column "nme"`, ``},
		{`SELECT g.id FROM bronze.flights f`, `no table "g" in FROM`, `did you mean f?`},
		{`SELECT nme`, `no column "nme"`, `name a table`},
		{`SELECT * FROM bronze.flights JOIN range(1) USING (nix)`, `no column "nix" on the left side of the join`, ``},
		{`SELECT sum(name) FROM bronze.flights`, `there is no sum(VARCHAR)`, `cast the arguments; there is sum(DECIMAL), `},
		{`SELECT upper()`, `there is no upper()`, `upper(VARCHAR)`},
		{`SELECT substr(1, 2, 3, 4)`, `there is no substr(INTEGER, INTEGER, INTEGER, INTEGER)`, `substr(VARCHAR, BIGINT)`},
		{`SELECT DATE '2024-01-01' + 'x'`, `more than one function fits +(DATE, VARCHAR)`, `+(DATE, INTERVAL)`},
		{`SELECT 1::foo`, `no type foo`, `did you mean`},
		{`SELECT 'a'::inet`, `no type "inet"`, ``},
		{`SELECT row_number()`, `no function row_number that can stand here`, ``},
		{`SELECT name COLLATE nix FROM bronze.flights`, `no Collation nix`, ``},
		{`SELECT s.x FROM (SELECT {'a': 1} AS s)`, `the struct has no field "x"`, `did you mean a?`},
		{`SELECT (SELECT id FROM bronze.flights)`, `a subquery that stands for one value gives more than one row`, `LIMIT 1`},
		{`SELECT TIMESTAMPTZ '2024-01-01' AT TIME ZONE 'Mars'`, `Unknown TimeZone 'Mars'!`, `did you mean`},
		{`SELECT list_sort([1], 'x')`, `unrecognized value`, ``},
		{`SELECT $1`, `the statement has 1 parameters, and 0 values were given`, ``},
	} {
		r, err := e.Query(t.Context(), c.sql)
		if err == nil {
			for r.Next() {
			}
			err = r.Err()
			r.Release()
		}
		var wrong *Error
		if !errors.As(err, &wrong) {
			t.Errorf("%s: got %v, want an *Error", c.sql, err)
			continue
		}
		if !strings.Contains(wrong.Message, c.message) || !strings.Contains(wrong.Hint(), c.hint) {
			t.Errorf("%s: got %q with hint %q, want %q with %q", c.sql, wrong.Message, wrong.Hint(), c.message, c.hint)
		}
		if word := foreign.FindString(wrong.Message + " " + wrong.Hint()); word != "" {
			t.Errorf("%s: %q with hint %q has %q in it", c.sql, wrong.Message, wrong.Hint(), word)
		}
	}
}

// No message makes reword fail or leaves words about extensions behind the first sentence.
func TestReword(t *testing.T) {
	t.Parallel()
	said := "Something is wrong. Please INSTALL encodings; LOAD encodings;\nSee https://duckdb.org/docs\nIt is row 3."
	if got, hint := reword(said); got != "Something is wrong. It is row 3." || hint != "" {
		t.Errorf("reword(%q): got %q, %q", said, got, hint)
	}
	plain := "Could not convert string 'x' to INT32"
	if got, _ := reword((&duckdb.Error{Message: plain}).Message); got != plain {
		t.Errorf("got %q, want what DuckDB said", got)
	}
}
