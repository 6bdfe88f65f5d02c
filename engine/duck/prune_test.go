package duck

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// TestPruning says how many of the ten files of flights a condition leaves.
func TestPruning(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	flights(l)
	e := l.open()
	for _, c := range []struct {
		where string
		files int
		rows  string
	}{
		{`id = 4321`, 1, "1"},
		{`id + 5 = 4326`, 1, "1"},
		{`4321 = id`, 1, "1"},
		{`id < 1000`, 1, "1000"},
		{`id <= 1000`, 2, "1001"},
		{`id BETWEEN 1500 AND 2500`, 2, "1001"},
		{`id IN (1, 2, 9999)`, 2, "3"},
		{`id = 1 OR id = 9999`, 2, "2"},
		{`id = 1 OR name IS NULL`, 1, "1"},
		{`NOT (id >= 1000)`, 1, "1000"},
		{`id <> 4`, 10, "9999"},
		{`id IS NULL`, 0, "0"},
		{`id IS NOT NULL`, 10, "10000"},
		{`id < 1000 AND price > 3.5`, 1, "985"},
		{`price < 2.5`, 1, "10"},
		{`price = 250`, 2, "1"}, // a step of slack: file 0 ends at 249.75, so one would do
		{`name = 'n9999'`, 1, "1"},
		{`name LIKE 'n99%'`, 2, "111"},
		{`name LIKE 'x%'`, 0, "0"},
		{`day = '2024-01-05'`, 1, "100"},
		{`day >= DATE '2024-04-01'`, 1, "900"},
		{`day BETWEEN '2024-01-08' AND '2024-01-12'`, 2, "500"},
		{`year(day) = 2023`, 10, "0"},
		{`date_trunc('month', day) = '2024-02-01'`, 3, "2900"},
		{`ts < '2024-01-01 12:00:00Z'`, 1, "720"},
		{`ts < '2024-01-01 12:00:00+12'`, 0, "0"},
		{`ts::DATE = '2024-01-02'`, 10, "1440"}, // a cast that depends on the time zone
		{`cost > 6.5`, 0, "0"},
		{`cost = 3`, 10, "1429"},
		{`st.a = 3`, 10, "1"}, // no statistics of nested columns in this lake
		{`false`, 0, "0"},
		{`id = 1 AND id = 2`, 0, "0"},
		{`random() < 2 AND id = 3`, 1, "1"},
		{`name = 'x
id=3
y'`, 10, "0"},
		{`name = 'x''
id=3 -- '`, 10, "0"},
		{`id = 3 AND name = 'n3
'`, 10, "0"}, // one condition did not parse: the scan is not pruned
	} {
		sql := "SELECT count(*) FROM bronze.flights WHERE " + c.where
		p, err := e.Plan(context.Background(), sql)
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		if got := p.Tables[0].Files; got != c.files && !(c.where == `price = 250` && got == 1) {
			t.Errorf("%s: %d files, want %d of 10", c.where, got, c.files)
		}
		if got := strings.Join(collect(t, e, sql), " "); got != c.rows {
			t.Errorf("%s: counted %s, want %s", c.where, got, c.rows)
		}
	}
}

func TestPruningOfSeveralScans(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	f := flights(l)
	l.add("bronze.other", "id bigint", rows("SELECT 1 AS id", "SELECT 2000 AS id", "SELECT 9000 AS id"))
	e := l.open()
	for _, c := range []struct {
		sql   string
		files string
	}{
		{`SELECT * FROM bronze.flights a, bronze.flights b WHERE a.id = 1 AND b.id = 9000`, "2"},
		{`SELECT * FROM bronze.flights a, bronze.flights b WHERE a.id = 1`, "10"},
		{`SELECT * FROM bronze.flights a JOIN bronze.other o USING (id) WHERE a.id = 2000`, "1 1"},
		{`SELECT * FROM bronze.flights a LEFT JOIN bronze.other o ON a.id = o.id AND o.id = 2000`, "10 1"},
		{`WITH x AS MATERIALIZED (SELECT * FROM bronze.flights WHERE id = 5) SELECT * FROM x, x y`, "1"},
		{`WITH x AS (SELECT * FROM bronze.other) SELECT * FROM bronze.flights WHERE id = 3`, "0 1"},
		{`SELECT * FROM bronze.flights WHERE id = 3 UNION ALL SELECT * FROM bronze.flights WHERE id = 8500`, "2"},
		{`SELECT * FROM bronze.flights WHERE id = 4000 ORDER BY price LIMIT 3`, "1"},
		{`SELECT * FROM bronze.flights WHERE id = (SELECT max(id) FROM bronze.other WHERE id < 5)`, "10 1"},
		{`SELECT * FROM bronze.flights LIMIT 0`, "10"},
		{`SELECT count(*) FROM bronze.flights`, "0"},
	} {
		f.listed.Store(0)
		p, err := e.Plan(context.Background(), c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		got := ""
		for _, table := range p.Tables {
			got += fmt.Sprintf(" %d", table.Files)
		}
		if got = got[1:]; got != c.files {
			t.Errorf("%s\ngot  %s files\nwant %s", c.sql, got, c.files)
		}
	}
}

func TestExplainSaysWhatIsRead(t *testing.T) {
	l := newLake(t)
	flights(l)
	e := l.open()
	for _, explain := range []string{"EXPLAIN", "EXPLAIN ANALYZE", "explain (format json)"} {
		got := strings.Join(collect(t, e, explain+" SELECT name FROM bronze.flights WHERE id < 1500"), "\n")
		if want := "table|bronze.flights version 0: files: 2 of 10, "; !strings.Contains(got, want) {
			t.Errorf("%s: got\n%s\nwant a line with %q", explain, got, want)
		}
		if !strings.Contains(strings.ToUpper(got), "PARQUET") {
			t.Errorf("%s: got\n%s\nwant DuckDB's plan", explain, got)
		}
	}
}

func TestWeirdNames(t *testing.T) {
	l := newLake(t)
	l.add("odd.t", "`we ird` bigint, `sel\"ect` string, s struct<`x -- y`:bigint,`a OR b`:bigint>, pl0_1 bigint, `ümlaut` bigint", rows(
		`SELECT 1::BIGINT AS "we ird", 'a' AS "sel""ect", {'x -- y': 1, 'a OR b': 2} AS s, 1::BIGINT AS pl0_1, 5::BIGINT AS "ümlaut"`,
		`SELECT 2::BIGINT AS "we ird", 'b' AS "sel""ect", {'x -- y': 3, 'a OR b': 4} AS s, 2::BIGINT AS pl0_1, 6::BIGINT AS "ümlaut"`))
	e := l.open()
	for _, c := range []struct {
		where, rows string
		files       int
	}{
		{`"we ird" = 2`, "1", 1},
		{`"sel""ect" = 'a'`, "1", 1},
		{`s."x -- y" = 3`, "1", 2},
		{`s."a OR b" = 2 AND "we ird" = 1`, "1", 2},
		{`pl0_1 = 2`, "1", 1},
		{`"ümlaut" = 5`, "1", 1},
	} {
		sql := "SELECT count(*) FROM odd.t WHERE " + c.where
		if got := collect(t, e, sql)[0]; got != c.rows {
			t.Errorf("%s: counted %s, want %s", c.where, got, c.rows)
		}
		p, err := e.Plan(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Tables[0].Files; got != c.files {
			t.Errorf("%s: %d files, want %d", c.where, got, c.files)
		}
	}
}
