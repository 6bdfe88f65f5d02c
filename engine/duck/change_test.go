package duck

import (
	"strings"
	"testing"
)

// Whatever the text, reading it ends, and places in the query are those of the statement.
func FuzzParseChange(f *testing.F) {
	for _, seed := range []string{
		"INSERT INTO t VALUES (1)", "insert overwrite table a.b (x, y) select 1, 2;", "INSERT INTO t BY NAME FROM u",
		"CREATE OR REPLACE TABLE IF NOT EXISTS t USING delta PARTITIONED BY (a) COMMENT 'x' TBLPROPERTIES ('a' = 'b') AS SELECT 1",
		"CREATE TABLE t (a int, b struct<c: int>)", "INSERT INTO \"t", "INSERT INTO t(SELECT 1)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		c, err := ParseChange(sql)
		if c == nil || err != nil || c.Query == "" {
			return
		}
		if c.Table.Name == "" && !strings.Contains(sql, `""`) || len(c.Query) > len(sql) || c.Query[c.at:] != sql[c.at:len(c.Query)] || strings.Trim(c.Query[:c.at], " \n") != "" {
			t.Fatalf("got %+v of %q", c, sql)
		}
		if c.Verb != Create {
			if s := c.Select([]string{"a"}); s[c.at-6:c.at] != "FROM (" || !strings.HasPrefix(s[c.at:], c.Query[c.at:]) {
				t.Fatalf("got %q of %q", s, sql)
			}
		}
	})
}
