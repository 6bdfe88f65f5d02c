package spark_test

import (
	"testing"

	"github.com/petalake/petalake/engine/spark"
)

// TestNonsense promises that what Spark may understand is left to Spark, and what no SQL is told.
func TestNonsense(t *testing.T) {
	for sql, want := range map[string]bool{
		"selct 1":                    true,
		"":                           true,
		"-- nothing":                 true,
		"select (1":                  true,
		"select [1)":                 true,
		"select 1)":                  true,
		"select 'it":                 true,
		"select `a from t":           true,
		"updte t set a = 1":          true,
		"select 1":                   false,
		"select * form t":            false, // form could be an alias
		"(select 1) union select 2":  false,
		"select 'a)' from t":         false,
		"select 1 -- (":              false,
		`select "it's", 'a\'b'`:      false,
		"from t select a":            false,
		"b: begin select 1; end":     false,
		"optimize t zorder by (a)":   false,
		"vacuum t":                   false,
		"select r'\\' as x":          false,
		"select a[0], m['k'] from t": false,
		"with a as (select 1) select * from a lateral view explode(array(1)) x as y": false,
	} {
		if got := spark.Nonsense(sql); got != want {
			t.Errorf("%q: got %t, want %t", sql, got, want)
		}
	}
}
