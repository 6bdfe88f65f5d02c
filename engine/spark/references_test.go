package spark_test

import (
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/spark"
)

func TestReferences(t *testing.T) {
	for sql, want := range map[string]string{
		"insert overwrite a.t select * from b":                       "a.t b",
		"INSERT INTO TABLE t (id, v) SELECT * FROM a JOIN b":         "t a b",
		"insert into t (id) values (1)":                              "t",
		"create table if not exists x.y (a int) using delta":         "x.y",
		"CREATE OR REPLACE TABLE x.`y z` AS SELECT * FROM f(1), g":   "x.y z g",
		"merge into t using s on t.a = s.a when matched then delete": "t s",
		"update t set a = 1":                                         "t",
		"delete from t where exists (select 1 from u)":               "t u",
		"optimize a.t": "a.t",
		"with c as (select 1) select * from c, d": "d",
		"drop table if exists t":                  "t",
	} {
		var got []string
		for _, r := range spark.References(sql) {
			got = append(got, strings.Join(r.Name, "."))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, strings.Join(got, " "), want)
		}
	}
}
