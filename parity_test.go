package petalake_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/spec"
)

// codes are the pieces of code in a line of a page.
var codes = regexp.MustCompile("`([^`]+)`")

// between is the part of a page between two marks.
func between(t *testing.T, page, begin string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "<!-- "+begin+" -->\n")
	part, _, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		t.Fatalf("no part %s in the page", begin)
	}
	var rows []string
	for line := range strings.Lines(part) {
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|---") && strings.Contains(line, "`") {
			rows = append(rows, strings.ReplaceAll(strings.TrimSpace(line), `\|`, "|"))
		}
	}
	return rows
}

// dialectsTable makes the table t of docs/dialects.md.
const dialectsTable = `CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES
	(1, 'a b', DATE '2024-02-29', CAST(2.5 AS DECIMAL(2,1)), CAST(0.5 AS DOUBLE)),
	(2, NULL, DATE '2023-12-31', CAST(-2.5 AS DECIMAL(2,1)), CAST(1.5 AS DOUBLE)),
	(NULL, 'C', NULL, NULL, NULL)) v(i, s, d, x, y)`

// dialects promises that docs/dialects.md is true: what it says differs does, what is to be written
// instead and the portable subset do not.
func dialects(t *testing.T, lake *petalake.Lake) {
	text, err := os.ReadFile("docs/dialects.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	sparkRows(t, mustOn(t, lake, "duckdb"), dialectsTable)
	same := func(expressions ...string) {
		t.Helper()
		var columns []string
		for i, e := range expressions {
			columns = append(columns, fmt.Sprintf("%s AS c%d", e, i))
		}
		a, err := lake.Verify(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM t")
		if err != nil || a.Difference != "" {
			t.Errorf("%q: got %v %s, want the same on both", expressions, err, a.Difference)
		}
	}
	checked := 0
	for _, row := range between(t, page, "differ") {
		cells := strings.Split(row[1:], " | ")
		e := codes.FindStringSubmatch(cells[0])[1]
		a, err := lake.Verify(t.Context(), "SELECT "+e+" AS v FROM t")
		if err == nil && a.Difference == "" && len(a.Notes) == 0 {
			t.Errorf("%s: both engines agree, and the page says that they do not", e)
		}
		for _, m := range codes.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			same(m[1])
			checked++
		}
	}
	for _, row := range between(t, page, "same") { // a row has aggregates alone, or none
		var expressions []string
		for _, m := range codes.FindAllStringSubmatch(row, -1) {
			expressions = append(expressions, m[1])
		}
		same(expressions...)
		checked += len(expressions)
	}
	if checked < 100 {
		t.Errorf("%d expressions of the page were looked at, want more than 100", checked)
	}
}

func mustOn(t *testing.T, lake *petalake.Lake, name spec.Engine) querier {
	t.Helper()
	on, err := lake.On(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return on
}

func load(t *testing.T, lake *petalake.Lake, table spec.TableName, path string) {
	t.Helper()
	if _, err := lake.Load(t.Context(), petalake.Load{Table: table, Paths: []string{path}}, nil); err != nil {
		t.Fatal(err)
	}
}

// tpchQuery is the text of query n of TPC-H, from 1 to 22.
func tpchQuery(t testing.TB, n int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("bench/tpch/q%02d.sql", n))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tpchTables are the tables of TPC-H, by the files of a folder that tpchgen-cli wrote.
func tpchTables(t testing.TB, dir string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil || len(paths) != 8 {
		t.Fatalf("got %d tables of TPC-H, %v", len(paths), err)
	}
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".parquet"))
	}
	return names
}

// loadTPCH loads the tables of TPC-H.
func loadTPCH(t *testing.T, lake *petalake.Lake) {
	dir := t.TempDir()
	out, err := exec.Command(".tools/venv/bin/tpchgen-cli", "parquet", "-s", "0.01", "--output-dir", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("tpchgen-cli: %v\n%s", err, out)
	}
	for _, table := range tpchTables(t, dir) {
		load(t, lake, spec.TableName{Table: table}, filepath.Join(dir, table+".parquet"))
	}
}

// queriesOfOthers promises that the 22 queries of TPC-H and the models of the example give the same
// rows on both engines.
func queriesOfOthers(t *testing.T, lake *petalake.Lake) {
	loadTPCH(t, lake)
	example, err := filepath.Abs("examples/flights")
	if err != nil {
		t.Fatal(err)
	}
	load(t, lake, spec.TableName{Schema: "bronze", Table: "flights"}, filepath.Join(example, "raw/flights/2001-01.csv"))
	load(t, lake, spec.TableName{Schema: "bronze", Table: "airports"}, filepath.Join(example, "raw/airports.jsonl"))
	queries := map[string]string{}
	for n := range 22 {
		queries[fmt.Sprintf("tpch/q%02d", n+1)] = tpchQuery(t, n+1)
	}
	models, _ := filepath.Glob(filepath.Join(example, "models/*.sql"))
	for _, path := range models {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		queries[filepath.Base(path)] = string(text)
	}
	rows := int64(0)
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		a, err := lake.Verify(t.Context(), strings.TrimRight(queries[name], "; \n"))
		if err != nil || a.Difference != "" {
			t.Errorf("%s: got %v %s, want the same on both", name, err, a.Difference)
		}
		rows += a.Rows
	}
	if len(queries) != 24 || rows < 1000 {
		t.Errorf("%d queries with %d rows, want 24 with more than 1000", len(queries), rows)
	}
}
