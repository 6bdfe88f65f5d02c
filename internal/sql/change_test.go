package sql_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/sql"
)

func TestParseChange(t *testing.T) {
	for text, want := range map[string]sql.Change{
		"INSERT INTO t VALUES (1)":                             {Verb: sql.Insert, Table: sql.TableName{Table: "t"}, Query: "VALUES (1)"},
		"insert\u00a0overwrite table Main.t select 1;; -- end": {Verb: sql.Overwrite, Table: sql.TableName{Table: "t"}, Query: "select 1"},
		`INSERT INTO "a b".c (x, "y""z") FROM u`:               {Verb: sql.Insert, Table: sql.TableName{Schema: "a b", Table: "c"}, Columns: []string{"x", `y"z`}, Query: "FROM u"},
		"INSERT INTO t BY NAME (SELECT 1)":                     {Verb: sql.Insert, Table: sql.TableName{Table: "t"}, ByName: true, Query: "(SELECT 1)"},
		"CREATE OR REPLACE TABLE t PARTITIONED BY (a) COMMENT 'it''s' TBLPROPERTIES ('a' = 'b') AS SELECT 1": {
			Verb: sql.Create, Table: sql.TableName{Table: "t"}, Replace: true, PartitionBy: []string{"a"}, Comment: "it's",
			Properties: map[string]string{"a": "b"}, Query: "SELECT 1",
		},
	} {
		got, err := sql.ParseChange(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		query := got.Query
		if at := strings.Index(text, want.Query); got.At != at || len(query) != at+len(want.Query) {
			t.Errorf("%s: the query is %q at %d, want it at %d", text, query, got.At, at)
		}
		got.Query, got.At, got.Text = strings.TrimSpace(query), 0, ""
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", text, *got, want)
		}
	}
	if c, err := sql.ParseChange("CREATE TABLE t (a int, b struct<c: int>)"); err != nil || c.Query != "" || len(c.Schema.Fields) != 2 {
		t.Errorf("columns: got %+v, %v", c, err)
	}
	if c, err := sql.ParseChange("SELECT 1"); c != nil || err != nil {
		t.Errorf("a query: got %v, %v", c, err)
	}
}

// TestParseChangeWrong promises errors at the place of what is wrong.
func TestParseChangeWrong(t *testing.T) {
	for text, want := range map[string]struct {
		fault  sql.Fault
		offset int
		what   string
	}{
		"INSERT t SELECT 1":                   {sql.Syntax, 7, "neither INTO nor OVERWRITE"},
		"INSERT INTO t":                       {sql.Syntax, 13, "a SELECT or VALUES is missing"},
		"INSERT INTO a.b.c SELECT 1":          {sql.Syntax, 15, "no name of a table"},
		"INSERT INTO t SELECT 1; SELECT 2":    {sql.Refused, 22, "several statements"},
		"CREATE VIEW v AS SELECT 1":           {sql.Refused, 7, "only CREATE TABLE"},
		"CREATE TABLE t (a nothing)":          {sql.Syntax, 15, "nothing"},
		"CREATE TABLE t LOCATION '/x' AS":     {sql.Refused, 15, "place follows from its name"},
		"CREATE TABLE t TBLPROPERTIES (1) AS": {sql.Syntax, 30, "a text is missing"},
		"CREATE TABLE t TBLPROPERTIES ('delta.appendingonly' = 'true') AS SELECT 1": {sql.Syntax, 60, `property "delta.appendingonly": Delta Lake has no such property`},
	} {
		_, err := sql.ParseChange(text)
		wrong, ok := errors.AsType[*sql.Error](err)
		if !ok || wrong.Fault != want.fault || wrong.Offset != want.offset || !strings.Contains(wrong.Message, want.what) {
			t.Errorf("%s: got %+v, want %+v", text, err, want)
		}
	}
}

// FuzzParseChange promises that reading ends on any text, and that offsets in the query are those of the statement.
func FuzzParseChange(f *testing.F) {
	for _, seed := range []string{
		"INSERT INTO t VALUES (1)", "insert overwrite table a.b (x, y) select 1, 2;", "INSERT INTO t BY NAME FROM u",
		"CREATE OR REPLACE TABLE IF NOT EXISTS t USING delta PARTITIONED BY (a) COMMENT 'x' TBLPROPERTIES ('a' = 'b') AS SELECT 1",
		"CREATE TABLE t (a int, b struct<c: int>)", "INSERT INTO \"t", "INSERT INTO t(SELECT 1)", "insert\u00a0into t -- x\rselect 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := sql.ParseChange(text)
		if c == nil || err != nil || c.Query == "" {
			return
		}
		if c.Table.Table == "" || len(c.Query) > len(text) || c.Query[c.At:] != text[c.At:len(c.Query)] || strings.Trim(c.Query[:c.At], " \r\n") != "" {
			t.Fatalf("got %+v of %q", c, text)
		}
		if c.Verb != sql.Create {
			if s := c.Select([]string{"a"}); s[c.At-6:c.At] != "FROM (" || !strings.HasPrefix(s[c.At:], c.Query[c.At:]) {
				t.Fatalf("got %q of %q", s, text)
			}
		}
	})
}

// FuzzCutTravels promises that cutting leaves every other byte where it was.
func FuzzCutTravels(f *testing.F) {
	for _, s := range []string{
		`SELECT * FROM t VERSION AS OF 3`, `FROM a FOR TIMESTAMP AS OF '2024-01-01' x`, `FROM a AT (VERSION => 1), b AT (TIMESTAMP => TIMESTAMP '2024-01-01')`,
		`SELECT 'x VERSION AS OF 3' /* VERSION AS OF 3 */`, "FROM t FOR VERSION\nAS OF\r'3'", `VERSION AS OF 99999999999999999999`, "EXPLAIN ANALYZE FROM t VERSION AS OF 3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest, clauses, err := sql.CutTravels(text)
		if err != nil {
			return
		}
		if len(rest) != len(text) {
			t.Fatalf("%q: %d bytes became %d", text, len(text), len(rest))
		}
		at := 0
		for _, c := range clauses {
			if rest[at:c.From] != text[at:c.From] {
				t.Fatalf("%q: bytes %d to %d changed: %q", text, at, c.From, rest)
			}
			if strings.Trim(rest[c.From:c.To], " \r\n") != "" || (c.Version == nil) == (c.Time == nil) {
				t.Fatalf("%q: %q is left of the clause %+v", text, rest[c.From:c.To], c)
			}
			at = c.To
		}
		if rest[at:] != text[at:] {
			t.Fatalf("%q: the tail changed: %q", text, rest)
		}
		explain, behind := sql.CutExplain(rest)
		if len(behind) != len(text) || behind[len(explain.Text):] != rest[len(explain.Text):] {
			t.Fatalf("%q: EXPLAIN moved the text: %q", text, behind)
		}
	})
}

func TestCutExplain(t *testing.T) {
	for text, want := range map[string]sql.Explain{
		"explain select 1":                  {Text: "explain "},
		"-- why\nEXPLAIN ANALYZE\nselect 1": {Text: "-- why\nEXPLAIN ANALYZE\n", Analyze: true},
		"EXPLAIN (FORMAT json) select 1":    {Text: "EXPLAIN (FORMAT json) "},
		"EXPLAIN (ANALYZE) select 1":        {Text: "EXPLAIN (ANALYZE) ", Analyze: true},
		"EXPLAIN /* ANALYZE */ select 1":    {Text: "EXPLAIN /* ANALYZE */ "},
		"EXPLAIN":                           {},
		"select 'explain'":                  {},
	} {
		if got, rest := sql.CutExplain(text); got != want || len(rest) != len(text) || !strings.HasSuffix(text, strings.TrimSpace(rest)) {
			t.Errorf("%s: got %+v and %q, want %+v", text, got, rest, want)
		}
	}
}
