package petalake_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
)

const written = `
lakehouse: x
tables:
  bronze.flights:
    columns: [id: bigint, origin: string, price: "decimal(10,2)", day: date]
    partition_by: [day]
    constraints: {positive: price > 0}
  named: {}
models:
  made: {query: select 1 as a}
`

// TestInsert writes tables by SQL: by position, by list, by name; declared tables are made as declared.
func TestInsert(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": written})
	lake := h.open()
	expect(t, lake, "INSERT INTO bronze.flights VALUES (1, 'TXL', 9.5, DATE '2026-01-01'), (2, NULL, 3, NULL)", "2|2")
	expect(t, lake, "insert into table bronze.flights (origin, price, id) select 'SXF', 2, 3;", "1|1")
	expect(t, lake, "INSERT INTO bronze.flights BY NAME SELECT DATE '2026-01-02' AS day, 4 AS id, 1.25 AS price -- end", "1|1")
	expect(t, lake, "FROM bronze.flights ORDER BY id", "1|TXL|9.5|2026-01-01", "2|null|3|null", "3|SXF|2|null", "4|null|1.25|2026-01-02")
	// It reads what it writes: the rows that are there before, each once.
	expect(t, lake, "INSERT INTO bronze.flights (id, price) SELECT id + 10, price FROM bronze.flights", "4|4")
	expect(t, lake, "SELECT count(*) FROM bronze.flights", "8")
	expect(t, lake, "INSERT OVERWRITE TABLE bronze.flights SELECT * FROM bronze.flights WHERE id < 3", "2|2")
	expect(t, lake, "SELECT id FROM bronze.flights ORDER BY id", "1", "2")
	expect(t, lake, "SELECT count(*) FROM bronze.flights VERSION AS OF 3", "8")
	checkAll(t, lake, "bronze.flights")
}

// TestCreateTable makes tables by SQL, and makes them anew.
func TestCreateTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": written})
	lake := h.open()
	expect(t, lake, "CREATE TABLE silver.a USING delta PARTITIONED BY (P) COMMENT 'it''s' AS SELECT i::int AS id, i % 2 AS p FROM range(4) r(i)", "4|4")
	expect(t, lake, "CREATE TABLE IF NOT EXISTS silver.a AS SELECT 1 AS id", "0|0")
	expect(t, lake, "SELECT * FROM silver.a ORDER BY id", "0|0", "1|1", "2|0", "3|1")
	expect(t, lake, "CREATE OR REPLACE TABLE silver.a AS SELECT max(id) AS most FROM silver.a", "1|1")
	expect(t, lake, "FROM silver.a", "3")
	expect(t, lake, "CREATE TABLE b (id bigint NOT NULL, d date, s struct<x: int>) TBLPROPERTIES ('owner' = 'me')", "0|0")
	expect(t, lake, "INSERT INTO b VALUES (1, NULL, {'x': 2})", "1|1")
	expect(t, lake, "SELECT id, s.x FROM b", "1|2")
	table, err := lake.Table(context.Background(), "b")
	if err != nil {
		t.Fatal(err)
	}
	s, err := table.Snapshot(context.Background(), delta.When{})
	if err != nil || s.Metadata().Configuration["owner"] != "me" {
		t.Errorf("got %v, %v, want the property", s.Metadata().Configuration, err)
	}
	checkAll(t, lake, "silver.a", "b")
}

// TestChangeRefused says what is wrong with a statement that writes, and leaves the tables alone.
func TestChangeRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": written})
	lake := h.open()
	expect(t, lake, "CREATE TABLE a AS SELECT 1 AS id, 'x' AS name", "1|1")
	for sql, want := range map[string]string{
		"INSERT INTO a VALUES (1)":                                              `line 1:15: the query has 1 columns, and 2 are wanted`,
		"INSERT INTO a (id, nam) VALUES (1, 'x')":                               `no column "nam"`,
		"INSERT INTO a (id, id) VALUES (1, 2)":                                  `line 1:20: the column "id" is there twice`,
		"INSERT INTO a SELECT 'x', 'y'":                                         `table a: column id: the table has int, the rows have string`,
		"INSERT INTO bronze.flights (price, day) VALUES (1, 2)":                 `table bronze.flights: column day: the table has date, the rows have int`,
		"INSERT INTO a\nSELECT id, nme FROM a":                                  `line 2:12:`,
		"INSERT INTO a BY NAME SELECT 1 AS id, 2 AS more":                       `table a: column more: the table has no such column`,
		"INSERT INTO nowhere SELECT 1":                                          `no table "nowhere"`,
		"INSERT INTO made SELECT 1":                                             `made is made by a model`,
		"INSERT INTO _quarantine SELECT 1":                                      `belongs to petalake`,
		"INSERT INTO a":                                                         `line 1:14: a SELECT or VALUES is missing`,
		"INSERT a SELECT 1":                                                     `neither INTO nor OVERWRITE`,
		"INSERT OVERWRITE a PARTITION (id = 1) SELECT 'x'":                      `PARTITION (...) is not needed`,
		"INSERT INTO a SELECT * FROM read_csv('/etc/passwd')":                   `read_csv`,
		"INSERT INTO bronze.flights VALUES (1, 'a', -1, DATE '2026-01-01')":     `constraint positive`,
		"CREATE TABLE a AS SELECT 1":                                            `the table a exists`,
		"CREATE VIEW v AS SELECT 1":                                             `only CREATE TABLE`,
		"CREATE TABLE c LOCATION '/tmp' AS SELECT 1":                            `a table's place follows from its name`,
		"CREATE TABLE c USING parquet AS SELECT 1 AS a":                         `tables of the lake are Delta tables`,
		"CREATE TABLE c PARTITIONED BY (z) AS SELECT 1 AS a":                    `no column "z"`,
		"CREATE TABLE c (a nothing)":                                            `nothing`,
		"UPDATE a SET id = 2":                                                   `UPDATE is not a query`,
		"INSERT INTO a SELECT 2147483648, 'x'":                                  `does not fit`,
		"INSERT INTO a SELECT 1, 'x'; INSERT INTO a SELECT 1, 'x'":              `several statements in one`,
		"CREATE TABLE d AS SELECT 1 AS x, 2 AS x":                               `occurs twice`,
		"INSERT INTO a WITH b AS (DELETE FROM a RETURNING *) SELECT * FROM b":   `A CTE needs a SELECT`,
		"INSERT INTO a SELECT id, name FROM a) AS source; DROP TABLE a; SELECT": `line 1`,
	} {
		if _, err := query(lake, sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", sql, err, want)
		}
	}
	_, err := lake.Query(context.Background(), "INSERT INTO a VALUES (?, 'x')", 1)
	if err == nil || !strings.Contains(err.Error(), "takes no parameters") {
		t.Errorf("parameters: got %v", err)
	}
	expect(t, lake, "FROM a", "1|x")
	checkAll(t, lake, "a")
}

// TestInsertRace has writers add the number of rows that they see. Were one not to see another's row,
// a number would be there twice.
func TestInsertRace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": written})
	lake := h.open()
	expect(t, lake, "CREATE TABLE n AS SELECT 0 AS seen", "1|1")
	const writers, each = 3, 3
	var group sync.WaitGroup
	other := h.open()
	for i := range writers {
		group.Go(func() {
			for range each {
				if _, err := query([]*petalake.Lake{lake, other}[i%2], "INSERT INTO n SELECT count(*)::int FROM n"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	n := writers*each + 1
	expect(t, lake, "SELECT count(*), count(DISTINCT seen), max(seen) FROM n", fmt.Sprintf("%d|%d|%d", n, n, n-1))
	checkAll(t, lake, "n")
}
