package sql_test

import (
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/sql"
)

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"insert overwrite a.t select * from b":                       "a.t b",
		"INSERT INTO TABLE t (id, v) SELECT * FROM a JOIN b":         "t a b",
		"insert into t (id) values (1)":                              "t",
		"create table if not exists x.y (a int) using delta":         "x.y",
		"CREATE OR REPLACE TABLE x.`y z` AS SELECT * FROM f(1), g":   "x.y z g",
		"merge into t using s on t.a = s.a when matched then delete": "t s",
		"update t set a = 1":                                         "t",
		"delete from t where exists (select 1 from u)":               "t u",
		"optimize a.t": "a.t",
		"with c as (select 1) select * from c, d":     "d",
		"drop table if exists t":                      "t",
		"select * from `a``b`":                        "a`b",
		"select * from\u00a0t -- from u\r, v":         "t v",
		"select trim(both from x) from 'y', \"z\", t": "t",
	} {
		var got []string
		for _, r := range sql.References(sql.Spark, text) {
			got = append(got, strings.Join(r.Name, "."))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s:\n got %s\nwant %s", text, strings.Join(got, " "), want)
		}
	}
}

// TestReferenceTable promises that main.t and t are one table, under Spark's own catalog too.
func TestReferenceTable(t *testing.T) {
	for name, want := range map[string]string{"t": "t", "MAIN.t": "t", "a.t": "a.t", "spark_catalog.Main.t": "t", "other.a.t": "", "a.b.c.d": ""} {
		got, ok := sql.Reference{Name: strings.Split(name, ".")}.Table()
		if got.String() != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t; want %q", name, got, ok, want)
		}
	}
}

func TestRewrite(t *testing.T) {
	got := sql.Rewrite(sql.Spark, "select a.x from a join `b` on a.x = b.x -- from a", func(r sql.Reference) string {
		return map[string]string{"a": "new a", "b": ""}[r.Name[0]]
	})
	if want := "select a.x from new a join `b` on a.x = b.x -- from a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHasWord(t *testing.T) {
	for text, want := range map[string]bool{
		"select * from a Join b": true, "select 'join'": false, "select \"join\" -- join": false, "select joined": false, "join": true,
	} {
		if got := sql.HasWord(sql.DuckDB, text, "JOIN", "ORDER"); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}
