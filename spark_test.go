package petalake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

const sparkYAML = `lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
  plain: {path: plain.csv}
models:
  gold.totals:
    query: "SELECT shop, sum(amount) AS amount, count(*) AS n FROM bronze.orders o GROUP BY shop"
    constraints: {positive: amount > 0}
  gold.large:
    query: SELECT id, shop, amount FROM bronze.orders WHERE amount >= 20
    mode: incremental
    incremental_on: bronze.orders
    partition_by: shop
  gold.pairs:
    query: |
      SELECT explode(array(id, id * 2)) AS v, shop
      FROM bronze.orders
jobs:
  tidy:
    engine: spark
    query: |
      CREATE TABLE silver.stock USING delta AS SELECT id, amount FROM bronze.orders;
      INSERT INTO silver.stock (id, amount) SELECT id + 10, amount FROM silver.stock;
      UPDATE silver.stock SET amount = amount + 1;
      MERGE INTO silver.stock s USING bronze.orders o ON s.id = o.id WHEN MATCHED THEN UPDATE SET amount = s.amount * 2;
      DELETE FROM silver.stock WHERE id = 1;
      CREATE OR REPLACE TABLE gold.stock AS SELECT sum(amount) AS amount FROM silver.stock;
      INSERT OVERWRITE silver.stock SELECT id, amount + 1 FROM silver.stock;
      SELECT count(*) FROM silver.stock
  outlives:
    backoff: 1ms
    engine: spark
    query: |
      CREATE TABLE silver.kept USING delta AS SELECT 1 AS a;
      INSERT INTO silver.kept SELECT a + 1 FROM silver.kept;
      INSERT INTO silver.kept SELECT a + 2 FROM silver.kept
environments:
  local:
    engine: spark
    spark: {memory: 1GiB, cores: 2}
`

// TestSpark promises that a lake whose engine is Spark answers as one whose engine is DuckDB: the same
// names, the same tables, whoever made them.
func TestSpark(t *testing.T) {
	servers.SparkForLakes(t)
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": sparkYAML,
		"raw/a.csv":      "id,shop,amount\n1,a,10\n2,b,20\n3,a,30\n",
		"plain.csv":      "x\n1\n2\n",
	})
	lake := h.open()
	t.Cleanup(func() { _ = local.Stop(context.Background(), lake.Rooms().Links.Server().State) })
	duck, err := lake.On(t.Context(), "duckdb")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.up(lake); err != nil {
		t.Fatal(err)
	}
	both := func(want, sql string) {
		t.Helper()
		for name, on := range map[string]querier{"spark": lake, "duckdb": duck} {
			if got := sparkRows(t, on, sql); got != want {
				t.Errorf("%s: %s: got %q, want %q", name, sql, got, want)
			}
		}
	}
	both("a|2\nb|1\n", "select shop, count(*) from bronze.orders group by shop order by shop")
	both("3\n", "select sum(x) from plain")
	both("3\n", "select sum(x) from main.plain")

	sparkRows(t, lake, "create table silver.made as select id * 10 as tenfold, shop from bronze.orders")
	both("10|a\n20|b\n30|a\n", "select * from silver.made order by tenfold")
	sparkRows(t, lake, "delete from silver.made where tenfold = 20")
	both("2\n", "select count(*) from silver.made")
	both("3\n", "select count(*) from silver.made version as of 0")
	sparkRows(t, duck, "insert into silver.made values (40, 'c')")
	both("3\n", "select count(*) from silver.made")
	if got := sparkRows(t, lake, "show tables in bronze"); !strings.Contains(got, "orders") {
		t.Errorf("show tables: got %q, want orders in it", got)
	}
	if _, err := lake.Query(t.Context(), "select * from bronze.nothing"); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("a missing table: got %v", err)
	}
	t.Run("models", func(t *testing.T) { modelsOnSpark(t, h, lake) })
	t.Run("job", func(t *testing.T) { jobOnSpark(t, h, lake) })
	t.Run("dialects", func(t *testing.T) { dialects(t, lake) })
	t.Run("queries", func(t *testing.T) { queriesOfOthers(t, lake) })
	t.Run("frames", func(t *testing.T) { framesOnBoth(t, lake, "Spark") })
	t.Run("programs", func(t *testing.T) { randomPlans(t, lake, "Spark") })
	t.Run("hostile", func(t *testing.T) { hostileToSpark(t, lake) })
	t.Run("network", func(t *testing.T) { jobOverABadNetwork(t, h, lake) })
	t.Run("killed", func(t *testing.T) { jobWithoutSpark(t, lake) })
}

// querier is a lake, or one of its engines.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error)
}

// rowsOf runs a statement and writes its rows as lines.
func sparkRows(t *testing.T, on querier, sql string) string {
	t.Helper()
	r, err := on.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer r.Release()
	var out strings.Builder
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			for c := range int(b.NumCols()) {
				if c > 0 {
					out.WriteString("|")
				}
				out.WriteString(b.Column(c).ValueStr(i))
			}
			out.WriteString("\n")
		}
	}
	if err := r.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out.String()
}

// hostileToSpark promises that SQL from users reaches nothing but the lake.
func hostileToSpark(t *testing.T, lake *petalake.Lake) {
	for _, sql := range []string{
		"select * from text.`/etc/passwd`",
		"select * from csv.`file:///etc/passwd`",
		"select * from parquet . `/x`",
		"select * from delta.`/somewhere/else`",
		"create table silver.x using csv location '/etc'",
		"create table silver.x (a string) using text options (path '/etc/passwd')",
		"create table silver.x (a string) using text options ('path' '/etc/passwd')",
		"create table silver.x (a string) using text options ('p\\141th' '/etc/passwd')",
		"create temporary view v using csv options (path '/etc/passwd')",
		"create table silver.x (a int) using delta location '/elsewhere'",
		"create schema evil location '/etc'",
		"alter table silver.made set location '/etc'",
		"insert overwrite directory '/evil' using csv select 1",
		"insert overwrite local directory '/evil' select 1",
		"add jar '/evil.jar'",
		"add\u00a0jar '/evil.jar'",
		"/* /*+ */ add jar '/evil.jar' -- */",
		"create table silver.x (a int) using delta options ('p\\u0061th' = '/elsewhere')",
		"list files",
		"load data local inpath '/etc/passwd' into table silver.made",
		"convert to delta parquet.`/x`",
		"set spark.sql.runSQLOnFiles=true",
		"set spark.sql.warehouse.dir=/etc",
		"set spark.hadoop.fs.s3a.secret.key",
		"reset spark.sql.runSQLOnFiles",
		"select reflect('java.lang.System', 'getenv', 'HOME')",
		"select /* x */ java_method('java.lang.System', 'exit', 1)",
		"select `reflect`('java.lang.System', 'getenv', 'HOME')",
		"select transform(a) using 'cat' from (select 1 as a)",
		"select transform(a) using 'cat /etc/passwd' as (b string) from values (1) t(a)",
		"from (select 1 as a) map a using 'cat' as b",
		"create function f as 'x.Y' using jar '/evil.jar'",
		"create or replace temporary function f as 'x.Y'",
		"execute immediate 'select * from text.' || '`/etc/passwd`'",
		"begin execute immediate 'select 1'; end",
		"select * from identifier('text.`/etc/passwd`')",
		"vacuum '/elsewhere'",
		"describe detail '/elsewhere'",
		"select * from table_changes_by_path('/elsewhere', 0)",
	} {
		r, err := lake.Query(t.Context(), sql)
		if err == nil {
			r.Release()
			t.Errorf("%s: ran, want a refusal", sql)
			continue
		}
		var refused *spark.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a refusal before it is sent", sql, err)
		}
	}
	// What looks like it and is not goes through.
	for sql, want := range map[string]string{
		"select transform(array(1, 2), x -> x + 1)":                                               "[2,3]\n",
		"select 'text.`/etc/passwd`' as path, 1 as location":                                      "text.`/etc/passwd`|1\n",
		"select path from values ('a') t(path)":                                                   "a\n",
		"-- add jar x\nselect 1":                                                                  "1\n",
		"select shop from bronze.orders join silver.made using (shop) where tenfold = 10 limit 1": "a\n",
	} {
		if got := sparkRows(t, lake, sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
}

// modelsOnSpark promises that a model that Spark runs is built when one of DuckDB would be, from the
// same versions and with the same record, and that nothing of its making stays.
func modelsOnSpark(t *testing.T, h *house, lake *petalake.Lake) {
	want := func(want, sql string) {
		t.Helper()
		duck, err := lake.On(t.Context(), "duckdb")
		if err != nil {
			t.Fatal(err)
		}
		if got := sparkRows(t, duck, sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	want("a|40|2\nb|20|1\n", "select * from gold.totals order by shop")
	want("2|b|20\n3|a|30\n", "select id, shop, amount from gold.large order by id")
	want("1|a\n2|a\n2|b\n3|a\n4|b\n6|a\n", "select v, shop from gold.pairs order by v, shop")
	h.mustUp(lake, "source orders: current", "source plain: current", "model gold.totals: current", "model gold.large: current", "model gold.pairs: current")

	h.write("raw/b.csv", "id,shop,amount\n4,c,50\n5,c,1\n")
	h.mustUp(lake, "source orders: built 2", "source plain: current", "model gold.totals: built 3", "model gold.large: built 1", "model gold.pairs: built 10")
	want("2|b\n3|a\n4|c\n", "select id, shop from gold.large order by id")
	for _, table := range []string{"gold.totals", "gold.large", "gold.pairs"} {
		found, err := lake.Table(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		report, err := found.Check(t.Context(), delta.CheckOptions{Data: true})
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("check %s: %v, %v", table, err, report.Problems)
		}
	}
	for o, err := range lake.Store().List(t.Context(), "gold/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(o.Key, "/spark-") && strings.Contains(o.Key, "_delta_log") {
			t.Errorf("%s is left of a run on Spark", o.Key)
		}
	}
	for o := range lake.Store().List(t.Context(), "_petalake/staging/", "") {
		t.Errorf("%s is left of a run on Spark", o.Key)
	}
}
