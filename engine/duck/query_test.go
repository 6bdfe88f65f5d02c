package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// flights is a table of ten files, a thousand rows each, in order of id and day.
func flights(l *lake) *fake {
	var files []file
	for i := range 10 {
		files = append(files, file{sql: fmt.Sprintf(
			`SELECT i AS id, 'n' || i AS name, DATE '2024-01-01' + (i // 100)::INT AS day,
				TIMESTAMPTZ '2024-01-01 00:00:00Z' + INTERVAL (i) MINUTE AS ts, i / 4.0 AS price,
				(i %% 7)::DECIMAL(10,2) AS cost, {'a': i, 'b': 's' || i} AS st
			 FROM range(%d, %d) r(i)`, i*1000, (i+1)*1000)})
	}
	return l.add("bronze.flights", "id bigint, name string, day date, ts timestamp, price double, cost decimal(10,2), st struct<a:bigint,b:string>", files)
}

func TestQuery(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	flights(l)
	l.add("Air Ports", "code string, city string", rows(`SELECT 'JFK' AS code, 'New York' AS city`))
	l.add("empty", "id bigint, x decimal(5,2)", nil)
	e := l.open()
	for _, c := range []struct{ sql, want string }{
		{`SELECT 1`, "1"},
		{`SELECT count(*) FROM bronze.flights`, "10000"},
		{`SELECT count(*) FROM BRONZE.Flights`, "10000"},
		{`SELECT sum(id) FROM bronze.flights WHERE id < 10`, "45"},
		{`SELECT flights.id FROM bronze.flights WHERE name = 'n77'`, "77"},
		{`SELECT bronze.flights.id FROM bronze.flights WHERE bronze.flights.id = 7`, "7"},
		{`SELECT f.id FROM bronze.flights AS f WHERE f.id = 7`, "7"},
		{`FROM bronze.flights SELECT max(day)`, "2024-04-09"},
		{`SELECT city FROM "Air Ports"`, "New York"},
		{`SELECT city FROM main."air ports"`, "New York"},
		{`SELECT count(*), max(x) FROM empty`, "0|-"},
		{`SELECT * FROM empty`, ""},
		{`WITH flights AS (SELECT 1 AS id) SELECT id FROM flights`, "1"},
		{`WITH flights AS (SELECT id FROM bronze.flights WHERE id = 3) SELECT id FROM flights`, "3"},
		{`WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b`, "1|2"},
		{`WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT max(x) FROM r`, "3"},
		{`VALUES (1, 'x')`, "1|x"},
		{`SELECT x FROM range(2) t(x) UNION ALL SELECT id FROM bronze.flights WHERE id = 5 ORDER BY 1`, "0 1 5"},
		{`SELECT st.b FROM bronze.flights WHERE st.a = 42`, "s42"},
		{`SELECT count(*) FROM bronze.flights a JOIN bronze.flights b USING (id) WHERE a.id < 5`, "5"},
		{`SELECT count(*) FROM (SELECT id FROM bronze.flights LIMIT 7)`, "7"},
		{`SELECT max(id) FROM bronze.flights`, "9999"},
		{`SELECT min(day), max(id), count(*) FROM bronze.flights`, "2024-01-01|9999|10000"},
		{`SELECT count(*) FROM bronze.flights WHERE ts >= '2024-01-01 01:00:00Z' AND ts < '2024-01-01 02:00:00Z'`, "60"},
		{`DESCRIBE empty`, "id|BIGINT|YES|-|-|- x|DECIMAL(5,2)|YES|-|-|-"},
		{`SHOW TABLES`, "|Air Ports bronze|flights |empty"},
		{`/* a comment */ SELECT -- another
			1;`, "1"},
		{`SELECT id FROM bronze.flights WHERE id IN (SELECT 17)`, "17"},
		{`SELECT (SELECT count(*) FROM bronze.flights b WHERE b.id < a.id) FROM bronze.flights a WHERE a.id = 4`, "4"},
		{`TABLE empty`, ""},
		{`SELECT column_name, "count" FROM (SUMMARIZE bronze.flights) WHERE column_name = 'id'`, "id|10000"},
	} {
		if got := strings.Join(collect(t, e, c.sql), " "); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.sql, got, c.want)
		}
	}
}

func TestQueryArguments(t *testing.T) {
	l := newLake(t)
	f := flights(l)
	e := l.open()
	collect(t, e, `SELECT name FROM bronze.flights WHERE id = 1`) // the engine now knows that the files are many
	for _, sql := range []string{`SELECT name FROM bronze.flights WHERE id = $1`, `SELECT name FROM bronze.flights WHERE id = ?`} {
		f.listed.Store(0)
		if got := collect(t, e, sql, 4321); !slices.Equal(got, []string{"n4321"}) {
			t.Errorf("%s: got %v, want [n4321]", sql, got)
		}
		if n := f.listed.Load(); n != 1 {
			t.Errorf("%s: %d files, want 1: arguments must prune", sql, n)
		}
	}
}

func TestTimeTravel(t *testing.T) {
	l := newLake(t)
	for i := range 3 {
		l.add("s.t", "x bigint", rows(fmt.Sprintf("SELECT %d AS x", i)))
		l.add("u", "x bigint", rows(fmt.Sprintf("SELECT %d AS x", 10+i)))
	}
	e := l.open()
	for _, c := range []struct{ sql, want string }{
		{`SELECT x FROM s.t`, "2"},
		{`SELECT x FROM s.t VERSION AS OF 0`, "0"},
		{`SELECT x FROM s.t FOR VERSION AS OF 1`, "1"},
		{`SELECT x FROM s.t version as of '1'`, "1"},
		{`SELECT x FROM s.t AT (VERSION => 1)`, "1"},
		{`SELECT x FROM s.t AT (TIMESTAMP => TIMESTAMP '2001-02-03')`, "1"},
		{`SELECT x FROM s.t TIMESTAMP AS OF '2000-02-03 10:00:00'`, "0"},
		{`SELECT x FROM s.t FOR SYSTEM_TIME AS OF '2001-02-03T10:00:00Z'`, "1"},
		{`SELECT t.x FROM s.t VERSION AS OF 0`, "0"},
		{`SELECT a.x, b.x FROM s.t VERSION AS OF 0 AS a, s.t VERSION AS OF 1 b`, "0|1"},
		{`SELECT a.x, b.x, c.x FROM s.t a, s.t AS b VERSION AS OF 1, u c VERSION AS OF 0`, "2|1|10"},
		{`SELECT 'VERSION AS OF 0' AS v, x FROM s.t /* VERSION AS OF 0 */ -- VERSION AS OF 0`, "VERSION AS OF 0|2"},
		{`SELECT x AS "VERSION AS OF 0" FROM s.t`, "2"},
		{`SELECT u.x FROM "u" VERSION AS OF 1 WHERE x > 3`, "11"},
		{`WITH o AS (SELECT x FROM u VERSION AS OF 0) SELECT o.x, u.x FROM o, u`, "10|12"},
	} {
		if got := strings.Join(collect(t, e, c.sql), " "); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.sql, got, c.want)
		}
	}
}

func TestErrorsPointIntoTheText(t *testing.T) {
	l := newLake(t)
	flights(l)
	l.add("u", "x bigint", rows("SELECT 1 AS x"))
	e := l.open()
	for _, c := range []struct {
		sql    string
		kind   Kind
		line   int
		column int
		in     string
		hint   string
	}{
		{"SELECT *\nFROM bronze.flighs", Unknown, 2, 6, `no table "bronze.flighs"`, "did you mean bronze.flights?"},
		{"SELECT * FROM flights", Unknown, 1, 15, `no table "flights"`, "did you mean bronze.flights?"},
		{"SELECT 1 FROM 'data.csv'", Unknown, 1, 15, `no table "data.csv"`, "petalake load"},
		{"SELECT idd FROM bronze.flights", Unknown, 1, 8, `no column "idd"`, "did you mean id?"},
		{"SELECT 'ü', idd FROM bronze.flights", Unknown, 1, 13, `no column "idd"`, "did you mean id?"},
		{"SELECT v.x FROM u VERSION AS OF 0 AS v,\n u WHERE v.xx = 1", Unknown, 2, 10, `xx`, ""},
		{"SELECT u.x FROM u VERSION AS OF 0 WHERE yy = 1", Unknown, 1, 41, `yy`, ""},
		{"SELEC 1", Syntax, 1, 1, `syntax error`, ""},
		{"SELECT 1 +\n FROM u)", Syntax, 2, 2, `syntax error`, ""},
		{"SELECT * FROM u VERSION AS OF 7", Unknown, 1, 15, `version 7`, "petalake history"},
		{"SELECT * FROM u VERSION AS OF 1.5", Syntax, 1, 31, `not a version`, ""},
		{"SELECT * FROM u TIMESTAMP AS OF 'yesterday'", Syntax, 1, 33, `not a time`, ""},
		{"SELECT x VERSION AS OF 1 FROM u", Syntax, 1, 10, `follows no table`, ""},
		{"SELECT * FROM a.b.c", Unknown, 1, 15, `no catalog "a"`, ""},
		{"SELECT sumx(id) FROM bronze.flights", Refused, 1, 8, `function "sumx"`, "did you mean sum"},
		{"SELECT sumx(1)", Refused, 1, 8, `function "sumx"`, "did you mean sum"},
		{"SELECT a", Unknown, 1, 8, `no column "a"`, "name a table, as in SELECT ... FROM bronze.orders"},
		{"", Syntax, 0, 0, "empty", ""},
		{"SELECT 1; SELECT 2", Refused, 0, 0, "2 statements", "one by one"},
		{"SELECT (name || 'x')::BIGINT FROM bronze.flights", Failed, 1, 21, "Could not convert", ""},
	} {
		_, err := tryCollect(e, c.sql)
		got, ok := err.(*Error)
		if !ok {
			t.Errorf("%s\ngot  %v\nwant an *Error", c.sql, err)
			continue
		}
		if got.Kind != c.kind || got.Line != c.line || got.Column != c.column ||
			!strings.Contains(got.Message, c.in) || !strings.Contains(got.Hint(), c.hint) {
			t.Errorf("%s\ngot  %s at %d:%d: %q, hint %q\nwant %s at %d:%d: %q, hint %q",
				c.sql, got.Kind, got.Line, got.Column, got.Message, got.Hint(), c.kind, c.line, c.column, c.in, c.hint)
		}
		if c.kind == Failed {
			continue // what a row's value does is told by its run
		}
		p, err := e.Prepare(t.Context(), c.sql)
		if err == nil {
			p.Close()
		}
		if found, ok := err.(*Error); !ok || found.Kind != got.Kind || found.Line != got.Line || found.Column != got.Column {
			t.Errorf("%s\nPrepare: got  %v\nwant what running it says: %v", c.sql, err, got)
		}
	}
}

func TestReferences(t *testing.T) {
	l := newLake(t)
	e := l.open()
	got, err := e.References(context.Background(), `
		WITH a AS (SELECT * FROM bronze.x), x AS (SELECT * FROM x)
		SELECT * FROM a JOIN x ON true JOIN Silver.Y y ON y.k IN (SELECT k FROM z VERSION AS OF 3)
		UNION ALL SELECT * FROM bronze.X, LATERAL (SELECT * FROM a)`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range got {
		names = append(names, n.String())
	}
	slices.Sort(names)
	if want := []string{"Silver.Y", "bronze.x", "x", "z"}; !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
}

func TestDescribe(t *testing.T) {
	l := newLake(t)
	f := flights(l)
	e := l.open()
	s, err := e.Describe(context.Background(), `SELECT id, st, cost * 2 AS c, ts FROM bronze.flights WHERE id = 3`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Fields() {
		got = append(got, f.Name+" "+f.Type.String())
	}
	want := []string{"id int64", "st struct<a: int64 nullable, b: utf8 nullable>", "c decimal(18, 2)", "ts timestamp[us, tz=UTC]"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := f.listed.Load(); n != 0 {
		t.Errorf("%d files were listed, want 0", n)
	}
}
