package petalake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
)

// TestFailedBatchIsNoDeadEnd: what a person does about a file that cannot be loaded ends the trouble,
// though the offset log names the file for ever.
func TestFailedBatchIsNoDeadEnd(t *testing.T) {
	t.Parallel()
	const bad, good = "a,b\n1,2,3\n4,5,x\n1,2\n", "a,b\n1,2\n"
	const yaml = "lakehouse: x\nsources:\n  t: {path: 'raw/*', format: csv}\n"
	for name, mend := range map[string]func(h *house){
		"correct": func(h *house) { h.write("raw/bad.csv", good) },
		"remove": func(h *house) {
			h.write("raw/good.csv", good)
			if err := os.Remove(filepath.Join(h.dir, "raw/bad.csv")); err != nil {
				h.t.Fatal(err)
			}
		},
		"narrow": func(h *house) {
			h.write("raw/good.csv", good)
			h.write("lakehouse.yaml", strings.Replace(yaml, "raw/*", "raw/g*", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"lakehouse.yaml": yaml, "raw/bad.csv": bad})
			for range 2 {
				_, err := h.up(h.open())
				var failed *petalake.LoadError
				if !errors.As(err, &failed) || failed.Source != "t" || !strings.Contains(err.Error(), "source t: ") || !strings.Contains(err.Error(), "raw/bad.csv:2: ") {
					t.Fatalf("got %v, want an error of source t at raw/bad.csv:2", err)
				}
			}
			mend(h)
			lake := h.open()
			h.mustUp(lake, "source t: built 1")
			h.mustUp(lake, "source t: current")
			h.write("raw/good2.csv", good)
			h.mustUp(lake, "source t: built 1")
			expect(t, lake, "select count(*) from t", "2")
			checkAll(t, lake, "t")
		})
	}
}

// TestTakenAwayIsNotLoaded: a file that was taken away to be corrected, as the hint says, and comes back
// under its name is loaded, once, and so is one that came between.
func TestTakenAwayIsNotLoaded(t *testing.T) {
	t.Parallel()
	const bad, good = "a\n1\nx\n", "a\n1\n2\n"
	for _, first := range []string{"", "a\n7\n"} {
		h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\ntables:\n  t: {columns: [a: int]}\nsources:\n  t: {path: 'raw/*.csv'}\n"})
		lake, want := h.open(), []string{}
		if first != "" {
			h.write("raw/0.csv", first)
			h.mustUp(lake, "source t: built 1")
			want = append(want, "7")
		}
		h.write("raw/1.csv", bad)
		if _, err := h.up(lake); err == nil {
			t.Fatal("a bad row was loaded")
		}
		if err := os.Remove(filepath.Join(h.dir, "raw/1.csv")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			events, err := h.up(lake)
			if err != nil || events[0].State != petalake.Current || !strings.Contains(events[0].Note, "raw/1.csv was taken away") {
				t.Fatalf("got %+v, %v; want the note that the file is gone", events, err)
			}
		}
		h.write("raw/2.csv", "a\n5\n")
		h.mustUp(lake, "source t: built 1")
		h.write("raw/1.csv", good)
		h.mustUp(h.open(), "source t: built 2")
		h.mustUp(lake, "source t: current")
		want = append(want, "1", "2", "5")
		slices.Sort(want)
		expect(t, lake, "select a from t order by a", want...)
		checkAll(t, lake, "t")
	}
}

// A file that is there but empty is one that is still to be written.
func TestEmptyFilesAreWaitedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n"})
	lake := h.open()
	note := func(want string) {
		t.Helper()
		events, err := h.up(lake)
		if err != nil || len(events) != 1 || events[0].State != petalake.Current || events[0].Note != want {
			t.Fatalf("got %+v, %v; want the note %q", events, err, want)
		}
	}
	note("no file matches raw/*.csv")
	h.write("raw/1.csv", "")
	note("only empty files match raw/*.csv")
	h.write("raw/2.csv", "a\n1\n")
	h.mustUp(lake, "source t: built 1")
	note("")
	h.write("raw/1.csv", "a\n2\n")
	h.mustUp(lake, "source t: built 1")
	expect(t, lake, "select a from t order by a", "1", "2")
}

// Names of columns alone do not tell their types: the table is made of the first file with rows.
func TestHeaderAloneMakesNoTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n", "raw/1.csv": "a,b\n"})
	lake := h.open()
	events, err := h.up(lake)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].Note, "raw/1.csv has no rows yet") {
		t.Fatalf("got %+v, %v; want the note that there are no rows yet", events, err)
	}
	h.write("raw/2.csv", "a,b\n1,2.5\n")
	h.mustUp(lake, "source t: built 1")
	h.write("raw/3.csv", "a,b\n")
	h.mustUp(lake, "source t: built 0")
	expect(t, lake, "select typeof(a), typeof(b) from t", "BIGINT|DOUBLE")
}

// The hint of a failed load is in the words of what was used: the file, or the command.
func TestHintsNameWhatToWrite(t *testing.T) {
	t.Parallel()
	const yaml = "lakehouse: x\ntables:\n  t:\n    columns: [a: string]\nsources:\n  t: {path: raw/*.csv}\n"
	for _, c := range []struct{ text, inFile, byHand string }{
		{"a,b\n1,2\n", "write evolve: add under tables.t", "load with --evolve add"},
		{"a\n1\n2,3\n", "write on_error: quarantine at the source", "load with --on-error quarantine"},
		{"a\nM\xfcller\n", "options: {encoding: windows-1252}", "--option encoding=windows-1252"},
	} {
		h := newHouse(t, map[string]string{"lakehouse.yaml": yaml, "raw/1.csv": c.text})
		lake := h.open()
		_, inFile := h.up(lake)
		_, byHand := lake.Load(context.Background(), petalake.Load{Table: spec.TableName{Table: "t"}, Paths: []string{filepath.Join(h.dir, "raw/1.csv")}}, nil)
		for want, err := range map[string]error{c.inFile: inFile, c.byHand: byHand} {
			var failed *petalake.LoadError
			if !errors.As(err, &failed) || !strings.Contains(failed.Hint(), want) {
				t.Errorf("%q: got %v, want the hint %q", c.text, err, want)
			} else if !strings.Contains(err.Error(), "raw/1.csv") {
				t.Errorf("%q: got %v, want the file's name", c.text, err)
			}
		}
	}
}

// A table cannot lie in the folder of another.
func TestTablesDoNotNest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\n", "1.csv": "a\n1\n"})
	lake := h.open()
	load := func(schema, table string) error {
		_, err := lake.Load(context.Background(), petalake.Load{Table: spec.TableName{Schema: schema, Table: table}, Paths: []string{filepath.Join(h.dir, "1.csv")}}, nil)
		return err
	}
	var clash *catalog.ClashError
	for _, step := range []struct {
		schema, table string
		ok            bool
	}{{"", "a", true}, {"a", "b", false}, {"A", "b", false}, {"main", "A", true}, {"c", "d", true}, {"", "C", false}, {"C", "D", true}} {
		err := load(step.schema, step.table)
		if step.ok && err != nil || !step.ok && !errors.As(err, &clash) {
			t.Errorf("load %s.%s: got %v, want it to work: %v", step.schema, step.table, err, step.ok)
		}
	}
	expect(t, lake, "select (select count(*) from a), (select count(*) from c.d)", "2|2")
	if err := load("", "_quarantine"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("load _quarantine: got %v, want that it is refused", err)
	}
}

// A file that is something else under the name of a CSV file makes no table.
func TestBinaryIsNoCSV(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	for size := 10; size <= 1_000_000; size *= 10 {
		data := make([]byte, size)
		random.Read(data)
		h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n", "raw/1.csv": string(data)})
		lake := h.open()
		if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "raw/1.csv") {
			t.Errorf("%d random bytes: got %v, want an error that names the file", size, err)
		}
		if _, err := lake.Table(context.Background(), "t"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d random bytes: a table was made of them", size)
		}
	}
}

// Whatever the columns are called, their values come out under these names.
func TestOddColumns(t *testing.T) {
	t.Parallel()
	names := []string{`qu"ote`, "do.t", "ünï", "😀", "a/b", "select", "from", "1st", "per%cent", "no\u00a0break"}
	var header, values []string
	for i, name := range names {
		header = append(header, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
		values = append(values, fmt.Sprint(i))
	}
	text := strings.Join(header, ",") + "\n" + strings.Join(values, ",") + "\n"
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n", "raw/1.csv": text})
	lake := h.open()
	h.mustUp(lake, "source t: built 1")
	for i, name := range names {
		quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		expect(t, lake, fmt.Sprintf("select %s from t where %s = %d", quoted, quoted, i), fmt.Sprint(i))
	}
	checkAll(t, lake, "t")
}

// TestNamesWithoutMapping promises that a name which Spark takes with column mapping alone ends a load with the column and a hint, that no table
// is made, and that the hint helps.
func TestNamesWithoutMapping(t *testing.T) {
	for _, sign := range strings.Split(" ,;{}()\n\t=", "") {
		name := "a" + sign + "b"
		h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n", "raw/1.csv": "\"" + name + "\",c\n1,2\n3,4\n"})
		lake := h.open()
		_, err := h.up(lake)
		var hint interface {
			error
			Hint() string
		}
		if !errors.As(err, &hint) || !strings.Contains(err.Error(), "raw/1.csv") || !strings.Contains(err.Error(), "column `"+name+"`") || !strings.Contains(hint.Hint(), "columns: {order_id") {
			t.Errorf("%q: got %v, want the file, the column and a hint", name, err)
		}
		if _, err := lake.Table(context.Background(), "t"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: a table was made", name)
		}
		h.write("lakehouse.yaml", fmt.Sprintf("lakehouse: x\nsources:\n  t: {path: raw/*.csv, columns: {a_b: %q, '*': '*'}}\n", name))
		lake = h.open()
		h.mustUp(lake, "source t: built 2")
		expect(t, lake, "select a_b, c from t order by 1", "1|2", "3|4")
	}
}

// TestStream: the records of a stream are the lines of the files that they are kept in, each loaded once; one
// that is no record is put aside with its place.
func TestStream(t *testing.T) {
	t.Parallel()
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return b.String()
	}
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\nsources:\n  clicks: {kind: stream, table: bronze.clicks, on_error: quarantine}\n",
		"archive/clicks/2026/11/27/10/clicks-1-a.gz":  packed("{\"user\": \"a\", \"n\": 1}\n{\"user\": \"b\", \"n\": 2}\n"),
		"archive/clicks/2026/11/27/11/clicks-1-b.gz":  packed("{\"user\": \"c\", \"n\": 3}\nno record\n"),
		"archive/visits/2026/11/27/11/visits-1-b.gz":  packed("{\"of\": \"another\"}\n"),
		"undelivered/clicks/format/2026/11/27/error1": "{}",
	})
	lake := h.open()
	h.mustUp(lake, "source clicks: built 3")
	h.mustUp(lake, "source clicks: current")
	expect(t, lake, "SELECT user, n FROM bronze.clicks ORDER BY user", "a|1", "b|2", "c|3")
	expect(t, lake, "SELECT source, line FROM _quarantine", "clicks|2")
	h.write("archive/clicks/2026/11/27/12/clicks-1-c.gz", packed("{\"user\": \"d\", \"n\": 4}\n"))
	h.mustUp(lake, "source clicks: built 1")
	checkAll(t, lake, "bronze.clicks")
}

// TestDatabase: the changes of each table of a database are the rows of a table of the lake, and what the
// table holds now is a model.
func TestDatabase(t *testing.T) {
	h := newHouse(t, map[string]string{"lakehouse.yaml": `lakehouse: x
sources:
  crm: {kind: database, engine: postgres, host: crm, database: crm, tables: [public.contacts, public.orders], network: 10.8.0.0/16}
models:
  silver.contacts:
    query: >
      SELECT * EXCLUDE (n, Op, _commit_time)
      FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY _commit_time DESC) AS n FROM crm.contacts)
      WHERE n = 1 AND Op <> 'D'
`})
	dms := func(table, file, rows string) {
		t.Helper()
		path := filepath.Join(h.dir, "changes/crm/public", table, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		query := "COPY (SELECT * FROM (VALUES " + rows + ") AS t(Op, id, name, _commit_time)) TO '" + path + "' (FORMAT parquet, PARQUET_VERSION v2)"
		if err := exec.CommandContext(t.Context(), servers.Tool(t, "venv/bin/python"), "-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", query).Run(); err != nil {
			t.Fatal(err)
		}
	}
	dms("contacts", "LOAD00000001.parquet", "('I', 1, 'a', '2026-11-27 10:00:00'), ('I', 2, 'b', '2026-11-27 10:00:00')")
	dms("orders", "LOAD00000001.parquet", "('I', 7, 'x', '2026-11-27 10:00:00')")
	lake := h.open()
	h.mustUp(lake, "source crm-contacts: built 2", "source crm-orders: built 1", "model silver.contacts: built 2")
	dms("contacts", "20261127-101500123.parquet", "('U', 1, 'aa', '2026-11-27 10:15:00'), ('D', 2, 'b', '2026-11-27 10:15:01'), ('I', 3, 'c', '2026-11-27 10:15:02')")
	h.mustUp(lake, "source crm-contacts: built 3", "source crm-orders: current", "model silver.contacts: built 2")
	expect(t, lake, "FROM silver.contacts ORDER BY id", "1|aa", "3|c")
	expect(t, lake, "SELECT count(*) FROM crm.orders", "1")
	checkAll(t, lake, "crm.contacts", "crm.orders", "silver.contacts")
}
