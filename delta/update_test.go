package delta

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

func idSchema() *schema.Struct {
	return &schema.Struct{Fields: []schema.Field{
		{Name: "id", Type: schema.Long, Nullable: true},
		{Name: "day", Type: schema.String, Nullable: true},
	}}
}

func someFile(path string, lo, hi int64) Add {
	return Add{Path: path, Size: 100, ModTime: 1, DataChange: true, Stats: stats.File{NumRecords: hi - lo + 1, TightBounds: true,
		Columns: []stats.Column{{Path: []string{"id"}, Min: lo, Max: hi, NullCount: 0}}}}
}

func create(t testing.TB, tab *Table, m Metadata) {
	t.Helper()
	if _, err := tab.Update(context.Background(), func(x *Txn) error { x.SetMetadata(m); return nil }); err != nil {
		t.Fatal(err)
	}
}

func paths(t testing.TB, s *Snapshot, where stats.Predicate) []string {
	t.Helper()
	out := []string{}
	for a, err := range s.Files(context.Background(), where) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a.Path)
	}
	slices.Sort(out)
	return out
}

func latest(t testing.TB, tab *Table) *Snapshot {
	t.Helper()
	s, err := tab.Snapshot(context.Background(), When{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreateAppendRead(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "a/b")
	if _, err := tab.Snapshot(ctx, When{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("snapshot of nothing: got %v, want fs.ErrNotExist", err)
	}
	create(t, tab, Metadata{Name: "t", Schema: idSchema()})
	for i, path := range []string{"one.parquet", "two with space%.parquet"} {
		c, err := tab.Update(ctx, func(x *Txn) error { x.Add(someFile(path, int64(i)*10, int64(i)*10+9)); return nil })
		if err != nil || c.After != nil {
			t.Fatal(err, c.After)
		}
		if c.Version != int64(i+1) {
			t.Fatalf("version: got %d, want %d", c.Version, i+1)
		}
	}
	for _, tab := range []*Table{tab, At(mem, "a/b")} {
		s := latest(t, tab)
		if got, want := paths(t, s, nil), []string{"one.parquet", "two with space%.parquet"}; !slices.Equal(got, want) {
			t.Errorf("files: got %q, want %q", got, want)
		}
		where := stats.Compare{Path: []string{"id"}, Op: stats.GT, Value: int64(12)}
		if got, want := paths(t, s, where), []string{"two with space%.parquet"}; !slices.Equal(got, want) {
			t.Errorf("files where id > 12: got %q, want %q", got, want)
		}
		n, bytes, err := s.Totals(ctx)
		if n != 2 || bytes != 200 || err != nil {
			t.Errorf("totals: got %d files, %d bytes, %v; want 2, 200", n, bytes, err)
		}
		if p := s.Protocol(); p.MinReader != 1 || p.MinWriter != 2 {
			t.Errorf("protocol: got %+v, want 1, 2", p)
		}
	}
	c, err := tab.Update(ctx, func(x *Txn) error { return nil })
	if c.Version != 2 || c.ID != "" || err != nil {
		t.Errorf("empty change: got %+v, %v; want version 2 and no commit", c, err)
	}
}

// TestAddWithoutStatistics: a file whose statistics nobody filled in is not a file of no rows.
func TestAddWithoutStatistics(t *testing.T) {
	tab := At(store.NewMem(), "t")
	create(t, tab, Metadata{Schema: idSchema()})
	for path, of := range map[string]stats.File{"zero": {}, "unknown": {NumRecords: -1}, "empty": {TightBounds: true}} {
		if _, err := tab.Update(t.Context(), func(x *Txn) error {
			x.Add(Add{Path: path, Size: 10, DataChange: true, Stats: of})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int64{}
	for a, err := range latest(t, At(tab.store, "t")).Files(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got[a.Path] = a.Stats.NumRecords
	}
	if want := map[string]int64{"zero": -1, "unknown": -1, "empty": 0}; !maps.Equal(got, want) {
		t.Errorf("rows of the files: got %v, want %v", got, want)
	}
	where := stats.Compare{Path: []string{"id"}, Op: stats.EQ, Value: int64(7)}
	if got, want := paths(t, latest(t, tab), where), []string{"unknown", "zero"}; !slices.Equal(got, want) {
		t.Errorf("files that may match: got %v, want %v", got, want)
	}
}
