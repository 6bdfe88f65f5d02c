package sql_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/sql"
)

// TestGuard promises that Spark gets no statement by which SQL reaches beyond the lake at /lake, however it is written.
func TestGuard(t *testing.T) {
	within := func(location string) bool { return location == "/lake" || strings.HasPrefix(location, "/lake/") }
	for _, text := range []string{
		"add jar '/x.jar'",
		"add\u00a0jar '/x.jar'",
		"\u2003LIST\u3000FILES",
		"/* /*+ */ add jar '/x.jar' -- */",
		"-- one\radd jar '/x.jar'",
		"select /*+ h */* from text.`/x` -- */",
		"set spark.jars = /x.jar",
		"set\u00a0spark.jars = /x.jar",
		"SET `spark.sql.warehouse.dir` = /x",
		"begin set spark.jars = 1; end",
		"create function f as 'x.Y'",
		"create or replace temporary function f as 'x.Y'",
		"select `reflect`('java.lang.System', 'getenv')",
		"select transform(a) row format serde 'x' with serdeproperties ('a' = 'b', 'c' = 'd') using 'cat' from t",
		"from (select 1 as a) map a using 'cat' as b",
		"select * from identifier('x')",
		"execute immediate 'x'",
		"create table t using parquet",
		"create table t using `parquet`",
		"create table t using delta location '/elsewhere'",
		"create table t using delta location '/lake/' '../elsewhere'",
		"create table t using delta location '/lake/.' './elsewhere'",
		"create table t using delta location r'/elsewhere'",
		"create table t using delta options (path '/elsewhere')",
		"create table t using delta options ('path' = '/elsewhere')",
		"create table t using delta options ('pa' 'th' = '/elsewhere')",
		`create table t using delta options ('p\u0061th' = '/elsewhere')`,
		"select * from delta.`/elsewhere`",
		"select * from text.`/lake/x`",
		"vacuum '/elsewhere'",
		"insert overwrite directory '/lake/x' select 1",
		"select * from table_changes_by_path('/lake/x', 0)",
	} {
		err := sql.Guard(text, within)
		if wrong, ok := errors.AsType[*sql.Error](err); !ok || wrong.Fault != sql.Refused || wrong.Offset < 0 || wrong.Offset >= len(text) {
			t.Errorf("%q: got %v, want a refusal", text, err)
		}
	}
	for _, text := range []string{
		"",
		"select 1",
		"select 'add jar', `reflect` from t -- add jar",
		"/* add jar /* /* */ */ */ select 1",
		"set time zone 'UTC'",
		"set spark.sql.shuffle.partitions = 4",
		"select transform(array(1, 2), x -> x + 1)",
		"select * from a join b using (c)",
		"merge into t using s on t.a = s.a when matched then delete",
		"create table t using delta location '/lake/t'",
		"select * from delta.`/lake/t`",
		"select path from t",
	} {
		if err := sql.Guard(text, within); err != nil {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// TestNonsense promises that what Spark may understand is left to Spark, and that what no SQL is is said to be none.
func TestNonsense(t *testing.T) {
	for text, want := range map[string]bool{
		"selct 1":                    true,
		"":                           true,
		"-- nothing":                 true,
		"1":                          true,
		"select (1":                  true,
		"select [1)":                 true,
		"select 1)":                  true,
		"select 'it":                 true,
		"select `a from t":           true,
		"select 1 /* open":           true,
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
		if got := sql.Nonsense(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

// TestReads promises that statements which may change something are known as such.
func TestReads(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": true, " -- x\n(select 1)": true, "WITH a AS (SELECT 1) SELECT * FROM a": true, "VALUES (1)": true,
		"SHOW TABLES": true, "INSERT INTO t VALUES (1)": false, "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a": false,
		"FROM a INSERT INTO b SELECT 1": false, "CREATE TABLE t (a INT)": false, "OPTIMIZE t": false, "": false,
		"WITH a AS (SELECT 'insert') SELECT * FROM a": true,
	} {
		if got := sql.Reads(text); got != want {
			t.Errorf("%q only reads: got %v, want %v", text, got, want)
		}
	}
}
