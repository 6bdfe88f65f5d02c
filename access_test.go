package petalake_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/job"
)

const guardedShop = `lakehouse: shop
tables:
  bronze.customers:
    columns: [id: bigint, name: string, email: string, code: int, country: string]
    partition_by: code
  gold.vips: {columns: [id: bigint, country: string]}
  bronze.pay: {columns: [id: bigint]}
sources:
  customers: {path: raw/*.csv, table: bronze.customers}
  wide: {path: raw/*.csv, table: wide}
jobs:
  vips:
    role: analyst
    query: INSERT INTO gold.vips SELECT id, country FROM bronze.customers
    writes: gold.vips
  leak:
    role: analyst
    retries: 3
    query: INSERT INTO gold.vips SELECT id, email FROM bronze.customers
    writes: gold.vips
  steal:
    role: analyst
    query: INSERT INTO bronze.pay SELECT id FROM bronze.customers
access:
  roles:
    analyst:
      members: [ann, bob]
      reads: [bronze.customers, wide]
      writes: gold.vips
      except: [bronze.customers.email, bronze.customers.code, wide.gone]
    support:
      members: bob
      reads: bronze.customers
      columns: [bronze.customers.id, bronze.customers.email]
    root:
      members: eve
      writes: "*"
      reason: it mends what is broken
`

func newGuardedShop(t *testing.T) *petalake.Lake {
	t.Helper()
	h := newHouse(t, map[string]string{"lakehouse.yaml": guardedShop, "raw/a.csv": "id,name,email,code,country\n1,Ann,hidden-1@x,4711,de\n2,Bob,hidden-2@x,4712,fr\n"})
	lake := h.open()
	h.mustUp(lake, "source customers: built 2", "source wide: built 2")
	return lake
}

func as(t *testing.T, lake *petalake.Lake, who, sql string) ([]string, error) {
	t.Helper()
	on, err := lake.As(who)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := on.Query(t.Context(), sql)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	out := []string{fmt.Sprint(reader.Schema())}
	for reader.Next() {
		out = append(out, texts(reader)...)
	}
	return out, reader.Err()
}

// TestColumnsThatAreNotTheirs promises that there is no form of a statement by which somebody sees a column
// that is not theirs, neither its values nor that it is there.
func TestColumnsThatAreNotTheirs(t *testing.T) {
	t.Parallel()
	lake := newGuardedShop(t)
	for _, sql := range []string{
		"SELECT * FROM bronze.customers", "FROM bronze.customers", "TABLE bronze.customers", "SELECT c FROM bronze.customers c", "SELECT to_json(c) FROM bronze.customers c", "SELECT c.* FROM bronze.customers AS c",
		"SELECT COLUMNS('.*') FROM bronze.customers", "SELECT * EXCLUDE (id) FROM bronze.customers", "DESCRIBE bronze.customers", "SUMMARIZE bronze.customers", "EXPLAIN SELECT * FROM bronze.customers",
		"WITH c AS (SELECT * FROM bronze.customers) SELECT * FROM c", "SELECT * FROM (SELECT * FROM bronze.customers) x", "SELECT * FROM bronze.customers a JOIN bronze.customers b USING (id)",
		"SELECT * FROM bronze.customers VERSION AS OF 0", "SELECT * FROM BRONZE.Customers", "SELECT count(*), min(id) FROM bronze.customers", "UNPIVOT (SELECT * FROM bronze.customers) ON name, country INTO NAME k VALUE v",
	} {
		got, err := as(t, lake, "ann", sql)
		all := strings.ToLower(fmt.Sprint(got, err))
		if err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		if strings.Contains(all, "hidden") || strings.Contains(all, "email") || strings.Contains(all, "4711") || strings.Contains(all, "code") {
			t.Errorf("%s shows what is not theirs:\n%s", sql, all)
		}
	}
	for _, sql := range []string{
		"SELECT email FROM bronze.customers", "SELECT id FROM bronze.customers WHERE email LIKE 'h%'", "SELECT id FROM bronze.customers ORDER BY code", "SELECT max(code) FROM bronze.customers", "SELECT min(email) FROM bronze.customers",
		"SELECT c.email FROM bronze.customers c", `SELECT "EMAIL" FROM bronze.customers`, "SELECT * FROM bronze.customers a JOIN bronze.customers b USING (email)", "SELECT count(*) FROM bronze.customers GROUP BY code",
		"SELECT c['email'] FROM bronze.customers c", "SELECT struct_extract(c, 'email') FROM bronze.customers c",
	} {
		if got, err := as(t, lake, "ann", sql); err == nil || strings.Contains(fmt.Sprint(got, err), "hidden") || strings.Contains(fmt.Sprint(got, err), "4711") {
			t.Errorf("%s: got %v, %v, want an error", sql, got, err)
		}
	}
	if got, err := as(t, lake, "ann", "SELECT id, name, country FROM bronze.customers ORDER BY id"); err != nil || !slices.Equal(got[1:], []string{"1|Ann|de", "2|Bob|fr"}) {
		t.Errorf("what is theirs: got %q, %v", got, err)
	}
	if got, err := as(t, lake, "bob", "SELECT email, name FROM bronze.customers ORDER BY id"); err != nil || got[1] != "hidden-1@x|Ann" {
		t.Errorf("roles add up: got %q, %v", got, err)
	}
	if got, err := as(t, lake, "support", "SELECT * FROM bronze.customers ORDER BY id"); err != nil || got[1] != "1|hidden-1@x" {
		t.Errorf("columns: got %q, %v", got, err)
	}
}

// TestFilesAreNotNamed promises that no plan and no error names a data file to somebody who may not see
// every column: its folder has values of partition columns.
func TestFilesAreNotNamed(t *testing.T) {
	t.Parallel()
	const yaml = `lakehouse: shop
tables:
  bronze.people: {columns: [id: bigint, secret: string, n: int], partition_by: secret}
sources:
  people: {path: raw/p.csv, table: bronze.people}
access:
  roles:
    analyst: {members: [ann], reads: bronze.people, except: bronze.people.secret}
    auditor: {members: [ada], reads: "*", writes: "*", reason: audits all}
`
	h := newHouse(t, map[string]string{"lakehouse.yaml": yaml, "raw/p.csv": "id,secret,n\n1,TOPSECRET,5\n2,HIDDEN,6\n"})
	lake := h.open()
	h.mustUp(lake, "source people: built 2")
	explains := []string{
		"EXPLAIN", "EXPLAIN ANALYZE", "explain analyze", "EXPLAIN (ANALYZE)", "EXPLAIN (FORMAT JSON)", "EXPLAIN (ANALYZE, FORMAT JSON)",
		"EXPLAIN (FORMAT html, ANALYZE)", "EXPLAIN /* */ ANALYZE",
	}
	queries := []string{"SELECT * FROM bronze.people", "SELECT n FROM bronze.people WHERE id = 1", "SELECT count(*) FROM bronze.people", "WITH p AS (FROM bronze.people) SELECT max(n) FROM p"}
	refused := 0
	for _, explain := range explains {
		for _, query := range queries {
			got, err := as(t, lake, "ann", explain+" "+query)
			if shown := fmt.Sprint(got, err); strings.Contains(shown, "TOPSECRET") || strings.Contains(shown, "HIDDEN") || strings.Contains(shown, ".parquet") {
				t.Errorf("%s %s shows a file:\n%s", explain, query, shown)
			}
			if err != nil {
				refused++
			}
		}
	}
	if refused == len(explains)*len(queries) {
		t.Error("every EXPLAIN is refused, want EXPLAIN without ANALYZE to be answered")
	}
	data, err := filepath.Glob(filepath.Join(h.dir, "lake/bronze/people/*/*.parquet"))
	if err != nil || len(data) != 2 {
		t.Fatalf("data files: got %v, %v, want 2", data, err)
	}
	for name, damage := range map[string]func(string) error{
		"cut":  func(f string) error { return os.WriteFile(f, []byte("PAR1"), 0o600) },
		"gone": os.Remove,
	} {
		for _, f := range data {
			if err := damage(f); err != nil {
				t.Fatal(err)
			}
		}
		for _, query := range append(queries[:2:2], "DESCRIBE bronze.people", "SUMMARIZE bronze.people") {
			got, err := as(t, lake, "ann", query)
			if shown := fmt.Sprint(got, err); strings.Contains(shown, "SECRET") || strings.Contains(shown, "HIDDEN") || strings.Contains(shown, ".parquet") {
				t.Errorf("%s: %s shows a file:\n%s", name, query, shown)
			}
		}
		if _, err := as(t, lake, "ada", queries[0]); err == nil || !strings.Contains(err.Error(), ".parquet") {
			t.Errorf("%s: to somebody who may read everything: got %v, want the file", name, err)
		}
	}
	if _, err := lake.As(""); err == nil {
		t.Error("As with an empty name: got the lake, want an error")
	}
}

// TestTablesThatAreNotTheirs promises that tables of others are refused, read or written, and are not listed; and that
// a column that is to be left out and is not found refuses the table.
func TestTablesThatAreNotTheirs(t *testing.T) {
	t.Parallel()
	lake := newGuardedShop(t)
	for _, c := range []struct{ who, sql, want string }{
		{"support", "SELECT * FROM wide", "support does not read wide"},
		{"support", "SELECT 1 WHERE EXISTS (SELECT 1 FROM wide)", "support does not read wide"},
		{"support", "WITH w AS (FROM wide) SELECT 1", "support does not read wide"},
		{"ann", "SELECT * FROM nowhere", "analyst does not read nowhere"},
		{"ann", "SELECT * FROM _quarantine", "analyst does not read _quarantine"},
		{"ann", "SELECT * FROM wide", `the column "gone" that is not to be read is not in this version of the table`},
		{"ann", "INSERT INTO bronze.customers SELECT * FROM bronze.customers", "analyst does not write bronze.customers"},
		{"ann", "CREATE TABLE bronze.copy AS SELECT 1 AS x", "analyst does not write bronze.copy"},
		{"ann", "CREATE OR REPLACE TABLE bronze.pay AS SELECT 1 AS x", "analyst does not write bronze.pay"},
		{"support", "INSERT INTO gold.vips SELECT 1, 'x'", "support does not write gold.vips"},
	} {
		got, err := as(t, lake, c.who, c.sql)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %s: got %v, %v, want %s", c.who, c.sql, got, err, c.want)
		}
	}
	if _, err := as(t, lake, "ann", "INSERT INTO gold.vips SELECT id, country FROM bronze.customers"); err != nil {
		t.Errorf("what is theirs: %v", err)
	}
	if _, err := as(t, lake, "ann", "INSERT INTO gold.vips SELECT id, email FROM bronze.customers"); err == nil {
		t.Error("a column that is not theirs was written elsewhere")
	}
	for who, want := range map[string]string{"support": "bronze|customers", "ann": "bronze|customers gold|vips |wide", "eve": "bronze|customers gold|vips |wide"} {
		got, err := as(t, lake, who, "SHOW TABLES")
		if err != nil || len(got) != 1+len(strings.Fields(want)) {
			t.Errorf("%s: SHOW TABLES: got %q, %v, want %s", who, got, err, want)
		}
	}
	if got, err := as(t, lake, "eve", "SELECT email FROM bronze.customers ORDER BY id"); err != nil || got[1] != "hidden-1@x" {
		t.Errorf("who may everything: got %q, %v", got, err)
	}
	if _, err := lake.As("nobody"); err == nil {
		t.Error("a name that nobody has acts")
	}
	if expect(t, lake, "SELECT count(*) FROM gold.vips", "2"); t.Failed() {
		t.Log("what was refused was written")
	}
}

// TestJobsAreHeldToTheirRole promises that the statements of a job with a role do what the role may, and end for
// good where it may not.
func TestJobsAreHeldToTheirRole(t *testing.T) {
	t.Parallel()
	lake := newGuardedShop(t)
	for name, want := range map[string]string{"vips": "", "leak": "email", "steal": "analyst does not write bronze.pay"} {
		run, err := lake.CreateJob(t.Context(), name, nil, "test")
		if err == nil {
			run, err = lake.DriveJob(t.Context(), run, nil)
		}
		state := job.Succeeded
		if want != "" {
			state = job.Failed
		}
		if (err == nil) != (want == "") || run.State != state || run.Attempt != 1 || !strings.Contains(run.Outcome.Error, want) {
			t.Errorf("%s: got %s at attempt %d: %s (%v), want %s %s", name, run.State, run.Attempt, run.Outcome.Error, err, state, want)
		}
	}
	expect(t, lake, "SELECT count(*) FROM gold.vips", "2")
}
