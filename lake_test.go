package petalake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/aws"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/spec"
)

// house is a lakehouse in a folder of a test.
type house struct {
	t   *testing.T
	dir string
}

// newHouse writes files, by their paths; "lakehouse.yaml" must be among them.
func newHouse(t *testing.T, files map[string]string) *house {
	h := &house{t: t, dir: t.TempDir()}
	for path, text := range files {
		h.write(path, text)
	}
	return h
}

func (h *house) write(path, text string) {
	h.t.Helper()
	full := filepath.Join(h.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open() *petalake.Lake {
	h.t.Helper()
	lake, err := petalake.Open(context.Background(), petalake.Options{File: filepath.Join(h.dir, "lakehouse.yaml"), Memory: 1 << 30, AWS: aws.Services()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { lake.Close() })
	return lake
}

// up runs everything once and returns what was told, but for progress.
func (h *house) up(lake *petalake.Lake) ([]petalake.Event, error) {
	var events []petalake.Event
	err := lake.Run(context.Background(), petalake.Up{Once: true}, func(e petalake.Event) {
		if e.State != petalake.Running {
			events = append(events, e)
		}
	})
	return events, err
}

// mustUp runs everything once and compares the states, as "source flights: built 3".
func (h *house) mustUp(lake *petalake.Lake, want ...string) {
	h.t.Helper()
	events, err := h.up(lake)
	if err != nil {
		h.t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		text := fmt.Sprintf("%s %s: %s", e.Kind, e.Name, e.State)
		if e.State == petalake.Built {
			text += fmt.Sprintf(" %d", e.Rows)
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		h.t.Fatalf("run:\n got %q\nwant %q", got, want)
	}
}

// rows runs a query and gives each row as text, its values separated by a bar.
func rows(t *testing.T, lake *petalake.Lake, sql string) []string {
	t.Helper()
	out, err := query(lake, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func query(lake *petalake.Lake, sql string) ([]string, error) {
	reader, err := lake.Query(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	var out []string
	for reader.Next() {
		out = append(out, texts(reader)...)
	}
	return out, reader.Err()
}

func texts(reader array.RecordReader) (out []string) {
	batch := reader.RecordBatch()
	for i := range int(batch.NumRows()) {
		var values []string
		for _, column := range batch.Columns() {
			if column.IsNull(i) {
				values = append(values, "null")
			} else {
				values = append(values, column.ValueStr(i))
			}
		}
		out = append(out, strings.Join(values, "|"))
	}
	return out
}

func expect(t *testing.T, lake *petalake.Lake, sql string, want ...string) {
	t.Helper()
	if got := rows(t, lake, sql); !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
	}
}

const shop = `
lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
models:
  gold.totals:
    query: select customer, sum(amount)::bigint as total from bronze.orders group by all order by all
  gold.best:
    query: select customer from gold.totals order by total desc limit 1
`

func TestFilesBecomeTablesAndModels(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": shop,
		"raw/1.csv":      "customer,amount\nann,3\nbob,4\n",
	})
	lake := h.open()
	h.mustUp(lake, "source orders: built 2", "model gold.totals: built 2", "model gold.best: built 1")
	expect(t, lake, "from gold.best", "bob")
	h.mustUp(lake, "source orders: current", "model gold.totals: current", "model gold.best: current")

	h.write("raw/2.csv", "customer,amount\nann,10\n")
	h.mustUp(lake, "source orders: built 1", "model gold.totals: built 2", "model gold.best: built 1")
	expect(t, lake, "from gold.totals", "ann|13", "bob|4")
	expect(t, lake, "select count(*) from bronze.orders version as of 0", "2")

	// Another process finds everything done.
	h.mustUp(h.open(), "source orders: current", "model gold.totals: current", "model gold.best: current")
}

func TestModelIsBuiltAnewWhenItsDefinitionChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": shop, "raw/1.csv": "customer,amount\nann,3\n"})
	h.mustUp(h.open(), "source orders: built 1", "model gold.totals: built 1", "model gold.best: built 1")
	h.write("lakehouse.yaml", strings.Replace(shop, "sum(amount)::bigint as total", "sum(amount)::double as total, count(*) as n", 1))
	lake := h.open()
	h.mustUp(lake, "source orders: current", "model gold.totals: built 1", "model gold.best: built 1")
	expect(t, lake, "from gold.totals", "ann|3|1")
}

func TestIncrementalModelSeesOnlyNewRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": `
lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: orders}
models:
  big:
    query: select customer, amount from orders where amount > 5
    mode: incremental
    incremental_on: orders
`,
		"raw/1.csv": "customer,amount\nann,3\nbob,40\n",
	})
	lake := h.open()
	h.mustUp(lake, "source orders: built 2", "model big: built 1")
	h.write("raw/2.csv", "customer,amount\nann,10\ncid,11\ndan,1\n")
	h.mustUp(lake, "source orders: built 3", "model big: built 2")
	expect(t, lake, "select customer from big order by 1", "ann", "bob", "cid")
	h.mustUp(lake, "source orders: current", "model big: current")

	// Rows that are taken away cannot be followed: the model is built anew.
	event, err := lake.Load(context.Background(), petalake.Load{
		Table: spec.TableName{Table: "orders"}, Paths: []string{filepath.Join(h.dir, "raw/2.csv")}, Replace: true,
	}, nil)
	if err != nil || event.Rows != 3 {
		t.Fatalf("load: got %d rows, %v", event.Rows, err)
	}
	h.mustUp(lake, "source orders: current", "model big: built 2")
	expect(t, lake, "select customer from big order by 1", "ann", "cid")
}

func TestReplacingSource(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\nsources:\n  prices: {path: raw/*.jsonl, mode: replace}\n",
		"raw/a.jsonl":    `{"id": 1, "price": 2.5}` + "\n",
	})
	lake := h.open()
	h.mustUp(lake, "source prices: built 1")
	h.write("raw/b.jsonl", `{"id": 2, "price": 9}`+"\n"+`{"id": 3, "price": 1}`+"\n")
	h.mustUp(lake, "source prices: built 3")
	if err := os.Remove(filepath.Join(h.dir, "raw/a.jsonl")); err != nil {
		t.Fatal(err)
	}
	h.mustUp(lake, "source prices: built 2")
	expect(t, lake, "select id from prices order by id", "2", "3")
	if err := os.Remove(filepath.Join(h.dir, "raw/b.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "no file matches raw/*.jsonl any more, of 1 that were loaded: the table keeps their rows") {
		t.Errorf("all files are gone: got %v, want an error that says so", err)
	}
	expect(t, lake, "select count(*) from prices", "2")
	h.write("lakehouse.yaml", "lakehouse: x\nsources:\n  prices: {path: raw/*.jsonl, mode: replace, allow_empty: true}\n")
	lake = h.open()
	h.mustUp(lake, "source prices: built 0")
	expect(t, lake, "select count(*) from prices", "0")
}

// TestFormatsOfASource promises that files of two formats that one source takes are each loaded, in batches of one.
func TestFormatsOfASource(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\nsources:\n  s: {path: [raw/*.jsonl, raw/*.csv, raw/*.tsv], table: t}\n",
		"raw/a.jsonl":    `{"id": 1, "v": "x"}` + "\n", "raw/b.csv": "id,v\n2,y\n", "raw/c.tsv": "id\tv\n3\tz\n", "raw/d.jsonl": `{"id": 4}` + "\n",
	})
	lake := h.open()
	if _, err := h.up(lake); err != nil {
		t.Fatal(err)
	}
	expect(t, lake, "select id, v from t order by id", "1|x", "2|y", "3|z", "4|null")
	h.mustUp(lake, "source s: current")
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	yaml := `
lakehouse: x
tables:
  t:
    columns: [id: int, name: string]
sources:
  t: {path: "raw/*.csv", on_error: reject}
`
	h := newHouse(t, map[string]string{"lakehouse.yaml": yaml, "raw/1.csv": "id,name\n1,a\nx,b\n3,c\n"})
	lake := h.open()
	_, err := h.up(lake)
	var bad *raw.BadRowError
	if !errors.As(err, &bad) || bad.Line != 3 || filepath.Base(bad.File) != "1.csv" {
		t.Fatalf("reject: got %v, want an error at 1.csv line 3", err)
	}
	if _, err := lake.Table(context.Background(), "t"); err == nil {
		t.Error("reject: a table was made of a file with a bad row")
	}
	h.write("lakehouse.yaml", strings.Replace(yaml, "reject", "quarantine", 1))
	lake = h.open()
	events, err := h.up(lake)
	if err != nil || len(events) != 1 || events[0].Rows != 2 || events[0].Rejected != 1 {
		t.Fatalf("quarantine: got %+v, %v; want 2 rows, 1 rejected", events, err)
	}
	expect(t, lake, "select id, name from t order by id", "1|a", "3|c")
	got := rows(t, lake, "select source, line, reason from _quarantine")
	if len(got) != 1 || !strings.HasPrefix(got[0], "t|3|") {
		t.Errorf("quarantine: got %q, want one row of source t, line 3", got)
	}
}

func TestEvolution(t *testing.T) {
	t.Parallel()
	yaml := "lakehouse: x\ntables:\n  t:\n    columns: [id: int]\n    evolve: EVOLVE\nsources:\n  t: {path: raw/*.csv}\n"
	h := newHouse(t, map[string]string{"lakehouse.yaml": strings.Replace(yaml, "EVOLVE", "none", 1), "raw/1.csv": "id\n1\n"})
	lake := h.open()
	h.mustUp(lake, "source t: built 1")
	h.write("raw/2.csv", "id,note\n2,new\n")
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "note") {
		t.Fatalf("evolve none: got %v, want an error that names column note", err)
	}
	h.write("lakehouse.yaml", strings.Replace(yaml, "EVOLVE", "add", 1))
	lake = h.open()
	h.mustUp(lake, "source t: built 1")
	expect(t, lake, "select id, note from t order by id", "1|null", "2|new")
	h.write("raw/3.csv", "id,note\n3000000000,wide\n")
	if _, err := h.up(lake); err == nil {
		t.Fatal("evolve add: a number that does not fit was loaded")
	}
	h.write("lakehouse.yaml", strings.Replace(yaml, "EVOLVE", "widen", 1))
	lake = h.open()
	h.mustUp(lake, "source t: built 1")
	expect(t, lake, "select id, note from t order by id", "1|null", "2|new", "3000000000|wide")
}

func TestModelProblemsAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": `
lakehouse: x
models:
  a: {query: select * from b}
  b: {query: select * from a}
  c: {sql: c.sql}
`,
		"c.sql": "select 1 as\nfrom where\n",
	})
	_, err := h.up(h.open())
	var problems spec.Errors
	if !errors.As(err, &problems) || len(problems) != 2 {
		t.Fatalf("got %v, want two problems", err)
	}
	text := err.Error()
	for _, want := range []string{"c.sql:", "model a reads itself: a -> b -> a"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want it to contain %q", text, want)
		}
	}
}

func TestConstraintsHold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\ntables:\n  t:\n    constraints: {positive: id > 0}\nsources:\n  t: {path: raw/*.csv}\n",
		"raw/1.csv":      "id\n1\n-2\n",
	})
	lake := h.open()
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "positive") {
		t.Fatalf("got %v, want an error that names the constraint", err)
	}
	h.write("raw/1.csv", "id\n1\n2\n")
	if _, err := h.up(lake); err != nil {
		t.Fatal(err)
	}
	expect(t, lake, "select id from t order by id", "1", "2")
}

// An error in a statement points at the word it is about, in the .sql file or in lakehouse.yaml.
func TestModelErrorsPointIntoTheStatement(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\nmodels:\n  m: {sql: m.sql}\n  k:\n    query: |\n      select a,\n             nob\n      from t\n  d: {query: \"select noc from t\"}\n  w: {query: select * from waiting}\n",
		"m.sql":          "-- a comment\nselect\n    a,\n    noa\nfrom t\n",
		"raw/1.csv":      "a\n1\n",
	})
	_, err := h.up(h.open())
	if err == nil {
		t.Fatal("got no error, want one for each model")
	}
	for _, want := range []string{"m.sql:4:5: model m: ", "lakehouse.yaml:9:14: model k: ", "lakehouse.yaml:11:22: model d: ", "model w: reads waiting: no table"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to contain %q", err, want)
		}
	}
}

// A model whose source has no file yet says so.
func TestModelWaitsForItsSource(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": shop})
	lake := h.open()
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "reads bronze.orders, which source orders has not made yet") {
		t.Errorf("got %v, want an error that names the source", err)
	}
	h.write("raw/1.csv", "customer,amount\nann,3\n")
	h.mustUp(lake, "source orders: built 1", "model gold.totals: built 1", "model gold.best: built 1")
}

// Wider types are tried before a row is put aside, and the first try leaves nothing behind.
func TestWidenBeforeQuarantine(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\ntables:\n  t:\n    columns: [id: int]\n    evolve: widen\nsources:\n  t: {path: raw/*.csv, on_error: quarantine}\n",
		"raw/1.csv":      "id\n1\n3000000000\n",
	})
	lake := h.open()
	h.mustUp(lake, "source t: built 2")
	expect(t, lake, "select id from t order by id", "1", "3000000000")
	table, err := lake.Table(context.Background(), "t")
	if err != nil {
		t.Fatal(err)
	}
	report, err := table.Check(context.Background(), delta.CheckOptions{Data: true})
	if err != nil || len(report.Problems) > 0 || len(report.Orphans) > 0 {
		t.Errorf("check: problems %v, orphans %v, %v; want none", report.Problems, report.Orphans, err)
	}
	if _, err := lake.Table(context.Background(), "_quarantine"); err == nil {
		t.Error("a row that fits the wider type was put aside")
	}
}
