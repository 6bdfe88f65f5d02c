package delta

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

func idRows(t testing.TB, rows ...struct {
	id  int64
	day string
}) iter.Seq2[arrow.RecordBatch, error] {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema.ToArrow(idSchema()))
	defer b.Release()
	for _, r := range rows {
		b.Field(0).(*array.Int64Builder).Append(r.id)
		b.Field(1).(*array.StringBuilder).Append(r.day)
	}
	batch := b.NewRecordBatch()
	t.Cleanup(batch.Release)
	return func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
}

type row = struct {
	id  int64
	day string
}

func ids(t testing.TB, s *Snapshot, where stats.Predicate) []int64 {
	t.Helper()
	out := []int64{}
	for batch, err := range Scan(context.Background(), s, []string{"id"}, where) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, batch.Column(0).(*array.Int64).Int64Values()...)
		batch.Release()
	}
	slices.Sort(out)
	return out
}

func TestAppendScanCheck(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	if _, err := Append(ctx, tab, idRows(t, row{1, "a"}, row{2, "b"}, row{3, "a"}), AppendOptions{Create: &Metadata{PartitionColumns: []string{"day"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Append(ctx, tab, idRows(t, row{4, "c"}), AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, latest(t, tab), nil), []int64{1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("ids: got %v, want %v", got, want)
	}
	isA := stats.Compare{Path: []string{"day"}, Op: stats.EQ, Value: "a"}
	if got, want := ids(t, latest(t, tab), isA), []int64{1, 3}; !slices.Equal(got, want) {
		t.Errorf("ids where day = a: got %v, want %v", got, want)
	}
	if _, err := Append(ctx, tab, idRows(t, row{9, "a"}), AppendOptions{Replace: true, ReplaceWhere: isA}); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, latest(t, tab), nil), []int64{2, 4, 9}; !slices.Equal(got, want) {
		t.Errorf("ids after replacing day a: got %v, want %v", got, want)
	}
	r, err := tab.Check(ctx, CheckOptions{Data: true})
	if err != nil || len(r.Problems) > 0 || len(r.Orphans) > 0 || r.Files != 3 {
		t.Errorf("check: got %+v, %v; want 3 files and nothing wrong", r, err)
	}
	since := []string{}
	for _, err := range latest(t, tab).Since(ctx, 0) {
		if !errors.Is(err, ErrRewritten) {
			t.Errorf("since 0: got %v, want ErrRewritten", err)
		}
	}
	one := int64(1)
	s, err := tab.Snapshot(ctx, When{Version: &one})
	if err != nil {
		t.Fatal(err)
	}
	for a, err := range s.Since(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		since = append(since, *a.PartitionValues["day"])
	}
	if !slices.Equal(since, []string{"c"}) {
		t.Errorf("since 0 at version 1: got files of days %v, want c", since)
	}
}

// Check says what is wrong with a table that was damaged.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for kind, damage := range map[ProblemKind]func(s store.Store, tab *Table, files []Add) error{
		ProblemMissing: func(s store.Store, tab *Table, files []Add) error { return s.Delete(ctx, tab.key(files[0].Path)) },
		ProblemSize: func(s store.Store, tab *Table, files []Add) error {
			return store.PutBytes(ctx, s, tab.key(files[0].Path), []byte("short"), store.Always)
		},
		ProblemGap: func(s store.Store, tab *Table, files []Add) error { return s.Delete(ctx, tab.commitKey(3)) },
		ProblemCommit: func(s store.Store, tab *Table, files []Add) error {
			return store.PutBytes(ctx, s, tab.commitKey(3), []byte(`{"add":`), store.Always)
		},
		ProblemCheckpoint: func(s store.Store, tab *Table, files []Add) error { return halve(s, tab.checkpointKey(10)) },
		ProblemChecksum:   func(s store.Store, tab *Table, files []Add) error { return halve(s, tab.crcKey(10)) },
		ProblemPointer:    func(s store.Store, tab *Table, files []Add) error { return s.Delete(ctx, tab.checkpointKey(10)) },
		ProblemStatistics: func(s store.Store, tab *Table, files []Add) error {
			_, err := tab.Update(ctx, func(x *Txn) error {
				f := files[0]
				f.Stats = stats.File{NumRecords: 7, TightBounds: true, Columns: []stats.Column{{Path: []string{"id"}, Min: int64(100), Max: int64(200), NullCount: 1}}}
				x.Add(f)
				return nil
			})
			return err
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			mem := store.NewMem()
			tab := At(mem, "t")
			for i := range int64(12) {
				if _, err := Append(ctx, tab, idRows(t, row{i, "a"}), AppendOptions{Create: &Metadata{}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := damage(mem, tab, allFiles(t, latest(t, tab), nil)); err != nil {
				t.Fatal(err)
			}
			r, err := At(mem, "t").Check(ctx, CheckOptions{Data: true})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind == kind }) {
				t.Errorf("problems: got %v, want one of kind %s", r.Problems, kind)
			}
			t.Log(r.Problems)
		})
	}
}
