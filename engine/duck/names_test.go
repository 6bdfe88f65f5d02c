package duck

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A column that nobody named is called as it was written, whatever DuckDB's parser makes of it.
func TestColumnNames(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	flights(l)
	e := l.open()
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{`SELECT count(*) FROM bronze.flights`, []string{"count(*)"}},
		{`SELECT (SELECT count(*) FROM bronze.flights)`, []string{"(SELECT count(*) FROM bronze.flights)"}},
		{`SELECT count(*), sum( id ), id+1 AS more, day FROM bronze.flights WHERE id > 1 GROUP BY ALL LIMIT 1`, []string{"count(*)", "sum( id )", "more", "day"}},
		{"SELECT count(*) /* all */\n  over (), DATE '2020-01-01', [1,  2], true, NOT true, st.b, 1 n FROM bronze.flights", []string{"count(*) over ()", "DATE '2020-01-01'", "[1, 2]", "true", "NOT true", "b", "n"}},
		{`SELECT 1+1, r.*, 2+2 FROM range(1) r`, []string{"1+1", "range", "2+2"}},
		{`SELECT 1+1, *, 2+2, *, 3+3 FROM range(1) r`, []string{"1+1", "range", "(2 + 2)", "range", "3+3"}},
		{`SELECT max(COLUMNS(*)), 1+1 FROM (SELECT 1 AS a, 2 AS b)`, []string{"a", "b", "1+1"}},
		{`SELECT unnest([1]), 1+1`, []string{"unnest(main.list_value(1))", "1+1"}},
		{`FROM range(3) SELECT count(*)`, []string{"count(*)"}},
		{`WITH a AS (SELECT 1+1 AS x) SELECT x+1, FROM a`, []string{"x+1"}},
		{`SELECT count(*) FROM range(2) UNION ALL SELECT 5`, []string{"count(*)"}},
		{`(SELECT 1+1) UNION ALL SELECT 2+2`, []string{"(1 + 1)"}},
		{`SELECT DISTINCT ON (range // 2, 1) range+1, 1 IS DISTINCT FROM 2 FROM range(4) ORDER BY 1`, []string{"range+1", "1 IS DISTINCT FROM 2"}},
		{`SELECT count(*) FROM bronze.flights VERSION AS OF 0 f, range(1)`, []string{"count(*)"}},
		{`SELECT * FROM (SELECT count(*) FROM range(2))`, []string{"count(*)"}},
		{`SELECT 1 AS "count_star()"`, []string{"count_star()"}},
		{`VALUES (1+1)`, []string{"col0"}},
	} {
		r, err := e.Query(t.Context(), c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		for r.Next() {
			if got := r.RecordBatch().Schema(); !got.Equal(r.Schema()) {
				t.Errorf("%s: the batch has %v, its reader %v", c.sql, got, r.Schema())
			}
		}
		var got []string
		for _, f := range r.Schema().Fields() {
			got = append(got, f.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || r.Err() != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.sql, r.Err(), diff)
		}
		r.Release()
	}
}
