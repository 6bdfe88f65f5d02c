package delta

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// large makes a table whose checkpoint holds n files, sorted by id.
func large(t testing.TB, n int) *Table {
	t.Helper()
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	create(t, tab, Metadata{Schema: idSchema()})
	s := latest(t, tab)
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := checkpoint.NewWriter(&b, s.state.metadata, p.checkpoints())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.State(s.state.actions()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		a := &log.AddAction{Add: someFile(fmt.Sprintf("part-00000-%032x-c000.snappy.parquet", i), int64(i)*10, int64(i)*10+9)}
		a.StatsText = string(a.Stats.JSON(idSchema()))
		a.Typed = true
		if err := w.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.PutBytes(ctx, mem, tab.checkpointKey(0), b.Bytes(), store.Always); err != nil {
		t.Fatal(err)
	}
	last := &checkpoint.Pointer{Version: 0, Adds: int64(n)}
	if err := tab.pointTo(ctx, last); err != nil {
		t.Fatal(err)
	}
	// What was counted before the checkpoint was written by hand is not true of it.
	if err := mem.Delete(ctx, tab.crcKey(0)); err != nil {
		t.Fatal(err)
	}
	tab = At(mem, "t")
	if _, err := tab.Update(ctx, func(x *Txn) error { x.Add(someFile("tail.parquet", 1, 2)); return nil }); err != nil {
		t.Fatal(err)
	}
	return At(mem, "t")
}

// Row groups are passed over by their bounds, and no file is lost by it.
func TestManyRowGroups(t *testing.T) {
	t.Parallel()
	const n = 2*checkpoint.GroupRows + 7
	tab := large(t, n)
	s := latest(t, tab)
	if got, err := s.NumFiles(context.Background()); got != n+1 || err != nil {
		t.Errorf("files: got %d, %v; want %d", got, err, n+1)
	}
	for _, at := range []int64{0, checkpoint.GroupRows * 10, checkpoint.GroupRows*10 - 20, n*10 - 1} {
		got := paths(t, s, stats.Compare{Path: []string{"id"}, Op: stats.EQ, Value: at})
		if want := fmt.Sprintf("part-00000-%032x-c000.snappy.parquet", at/10); len(got) != 1 || got[0] != want {
			t.Errorf("files where id = %d: got %q, want %s", at, got, want)
		}
	}
	x := 0
	for a, err := range s.Files(context.Background(), stats.Compare{Path: []string{"id"}, Op: stats.GE, Value: int64(n * 10)}) {
		t.Errorf("files beyond the last: got %s, %v", a.Path, err)
		x++
	}
}

// BenchmarkPlan plans a table of a million files. Claims: a selective predicate under 50 ms where the
// files are sorted, every file's path under 1 s.
func BenchmarkPlan(b *testing.B) {
	tab := large(b, 1_000_000)
	ctx := context.Background()
	for name, where := range map[string]stats.Predicate{
		"one":        stats.Compare{Path: []string{"id"}, Op: stats.EQ, Value: int64(777_777)},
		"unselected": stats.Or{stats.Compare{Path: []string{"id"}, Op: stats.LT, Value: int64(5)}, stats.Compare{Path: []string{"id"}, Op: stats.GT, Value: int64(9_999_985)}, stats.Unknown{}},
		"all":        nil,
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				s, err := At(tab.store, tab.root).Snapshot(ctx, When{})
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range s.Plan(ctx, where) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/float64(b.N), "files")
		})
	}
}
