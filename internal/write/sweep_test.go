package write_test

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

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

// house is a lakehouse whose store fails as a plan says.
type house struct {
	t    *testing.T
	dir  string
	mem  store.Store
	spec *spec.Lakehouse
}

const houseYAML = `
lakehouse: x
tables:
  t: {columns: [id: int, v: double]}
sources:
  s: {path: raw/*.csv, table: t, on_error: quarantine}
`

func newHouse(t *testing.T) *house {
	h := &house{t: t, dir: t.TempDir(), mem: store.NewMem()}
	h.write("raw/1.csv", "id,v\n1,1.5\n2,\"2,5\"\nx,3\n4,\"4,5\"\n")
	h.write("raw/2.csv", "id,v,w\n5,1,1\n")
	h.write("raw/3.csv", "id,v\n6,6\n7,\"7,5\"\n")
	h.describe("")
	return h
}

func (h *house) write(name, text string) {
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// describe changes the options of the source.
func (h *house) describe(options string) {
	l, err := spec.Parse(filepath.Join(h.dir, "lakehouse.yaml"), []byte(strings.Replace(houseYAML, "on_error: quarantine", "on_error: quarantine"+options, 1)), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.spec = l
}

func (h *house) open(s store.Store) *write.Writer {
	env := &lake.Env{Spec: h.spec, Environment: &spec.Environment{Name: "local"}, Dir: h.dir, Lookup: os.LookupEnv,
		Storage: lake.Storage{Store: s}, Catalog: catalog.NewLocal(s)}
	return &write.Writer{Env: env, Loader: raw.Loader{Threads: 1}}
}

func (h *house) pull(ctx context.Context, w *write.Writer) error {
	return w.Pull(ctx, h.spec.Source("s"), write.NewBacklog(), func(lake.Event) {})
}

// ids are the rows of the table, and the texts of those that are put aside.
func (h *house) ids(ctx context.Context) (rows, aside []string) {
	h.t.Helper()
	w := h.open(h.mem)
	table, err := w.Env.Table(ctx, spec.TableName{Table: "t"})
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := table.Snapshot(ctx, delta.When{})
	if err != nil {
		h.t.Fatal(err)
	}
	for batch, err := range delta.Scan(ctx, s, []string{"id"}, nil) {
		if err != nil {
			h.t.Fatal(err)
		}
		for i := range int(batch.NumRows()) {
			rows = append(rows, fmt.Sprint(batch.Column(0).(*array.Int32).Value(i)))
		}
	}
	for row, err := range w.BadRows(ctx, "") {
		if err != nil {
			h.t.Fatal(err)
		}
		aside = append(aside, fmt.Sprintf("%s:%d %s", filepath.Base(row.File), row.Line, row.Raw))
	}
	slices.Sort(rows)
	slices.Sort(aside)
	return rows, aside
}

// TestLoadSweep: whatever operation of the store goes wrong while a source is loaded, or rows are read again out of the quarantine, once
// it was done again each row is in the table or in the quarantine, once.
func TestLoadSweep(t *testing.T) {
	loaded, aside := []string{"1", "6"}, []string{`1.csv:3 2,"2,5"`, `1.csv:4 x,3`, `1.csv:5 4,"4,5"`, `2.csv:0 `, `3.csv:3 7,"7,5"`}
	replayed, left := []string{"1", "2", "4", "6", "7"}, []string{`1.csv:4 x,3`, `2.csv:0 `}
	points := 0
	for _, fault := range storetest.Faults() {
		for at := 0; ; at += sweep.Of(25, 5, 1) {
			plan := &storetest.Plan{Fault: fault, At: at}
			h, ctx := newHouse(t), t.Context()
			name := plan.String()
			check := func(step string, rows, bad []string) {
				t.Helper()
				if gotRows, gotBad := h.ids(ctx); !slices.Equal(gotRows, rows) || !slices.Equal(gotBad, bad) {
					t.Fatalf("%s: %s: got %q and aside %q, want %q and %q", name, step, gotRows, gotBad, rows, bad)
				}
			}
			first := h.pull(ctx, h.open(storetest.Faulty(h.mem, plan)))
			hit := plan.Hit()
			if first != nil && !hit {
				t.Fatalf("%s: %v", name, first)
			}
			if err := h.pull(ctx, h.open(h.mem)); err != nil {
				t.Fatalf("%s: loading again: %v", name, err)
			}
			check("loaded", loaded, aside)
			h.describe(", options: {decimal: ','}")
			again := &storetest.Plan{Fault: fault, At: at}
			_, err := h.open(storetest.Faulty(h.mem, again)).Replay(ctx, "s", nil)
			if err != nil && !again.Hit() {
				t.Fatalf("%s: replay: %v", name, err)
			}
			if rows, bad := h.ids(ctx); len(rows)+len(bad) != len(loaded)+len(aside) {
				t.Fatalf("%s: after the fault: got %q and aside %q", name, rows, bad)
			}
			if _, err := h.open(h.mem).Replay(ctx, "s", nil); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: replay again: %v", name, err)
			}
			check("replayed", replayed, left)
			points++
			if !hit && !again.Hit() {
				break
			}
		}
	}
	t.Logf("%d points", points)
}
