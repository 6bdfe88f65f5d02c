package delta

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// Two transactions begin at one version; theirs commits first. What ours does then is the table of
// the reference implementation's conflict checker.
func TestConflicts(t *testing.T) {
	ctx := context.Background()
	day := func(v string) stats.Predicate { return stats.Compare{Path: []string{"day"}, Op: stats.EQ, Value: v} }
	add := func(name, d string) func(*Txn) error {
		return func(x *Txn) error {
			a := someFile(name, 0, 9)
			a.PartitionValues = map[string]*string{"day": &d}
			x.Add(a)
			return nil
		}
	}
	both := func(fs ...func(*Txn) error) func(*Txn) error {
		return func(x *Txn) error {
			for _, f := range fs {
				if err := f(x); err != nil {
					return err
				}
			}
			return nil
		}
	}
	read := func(p stats.Predicate) func(*Txn) error { return func(x *Txn) error { x.Read(p); return nil } }
	remove := func(p stats.Predicate) func(*Txn) error { return func(x *Txn) error { return x.RemoveWhere(ctx, p) } }
	advance := func(x *Txn) error { v := x.Snapshot().Transaction("s"); x.Advance("s", v, v+1); return nil }
	alter := func(x *Txn) error {
		m := x.Snapshot().Metadata()
		m.Description = fmt.Sprint(x.Snapshot().Version())
		x.SetMetadata(m)
		return nil
	}
	serializable := map[string]string{"delta.isolationLevel": "Serializable"}
	for _, c := range []struct {
		name         string
		properties   map[string]string
		theirs, ours func(*Txn) error
		runs         int // of ours: 1 means it was moved on without running again
	}{
		{"two appends", nil, add("t", "a"), add("o", "a"), 1},
		{"append, overwrite", nil, add("t", "a"), both(remove(nil), add("o", "a")), 1},
		{"append, overwrite, serializable", serializable, add("t", "a"), both(remove(nil), add("o", "a")), 2},
		{"append elsewhere, serializable", serializable, add("t", "b"), both(remove(day("a")), add("o", "a")), 1},
		{"append that read, read", nil, both(read(day("b")), add("t", "a")), both(read(day("a")), add("o", "c")), 2},
		{"append that read, read elsewhere", nil, both(read(day("b")), add("t", "b")), both(read(day("a")), add("o", "c")), 1},
		{"delete, append", nil, remove(day("a")), add("o", "a"), 1},
		{"delete, read", nil, remove(day("a")), both(read(day("a")), add("o", "c")), 2},
		{"delete, read elsewhere", nil, remove(day("a")), both(read(day("b")), add("o", "c")), 1},
		{"delete, delete", nil, remove(day("a")), remove(nil), 2},
		{"delete, delete elsewhere", nil, remove(day("a")), remove(day("b")), 1},
		{"metadata, append", nil, alter, add("o", "a"), 2},
		{"append, metadata", nil, add("t", "a"), alter, 1},
		{"same source", nil, both(advance, add("t", "a")), both(advance, add("o", "a")), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := store.NewMem()
			tab := At(mem, "t")
			create(t, tab, Metadata{Schema: idSchema(), PartitionColumns: []string{"day"}, Configuration: c.properties})
			for _, d := range []string{"a", "b"} {
				if _, err := tab.Update(ctx, add("first-"+d, d)); err != nil {
					t.Fatal(err)
				}
			}
			runs := 0
			_, err := tab.Update(ctx, func(x *Txn) error {
				if runs++; runs == 1 {
					if _, err := At(mem, "t").Update(ctx, c.theirs); err != nil {
						t.Fatal(err)
					}
				}
				return c.ours(x)
			})
			if err != nil {
				t.Fatal(err)
			}
			if runs != c.runs {
				t.Errorf("runs: got %d, want %d", runs, c.runs)
			}
		})
	}
}

// A change that meets a conflict each time is given up, with the other writer's version.
func TestConflictGivenUp(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	create(t, tab, Metadata{Schema: idSchema()})
	n := 0
	_, err := tab.Update(ctx, func(x *Txn) error {
		n++
		m := x.Snapshot().Metadata()
		m.Description = fmt.Sprint(n)
		x.SetMetadata(m)
		_, err := At(mem, "t").Update(ctx, func(y *Txn) error { y.SetMetadata(m); return nil })
		return err
	})
	var c *ConflictError
	if !errors.As(err, &c) || c.Kind != MetadataChanged || c.Version != int64(attempts) || c.Hint() == "" || !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want a metadata conflict with version %d", err, attempts)
	}
}

func TestRefused(t *testing.T) {
	ctx := context.Background()
	for name, change := range map[string]func(x *Txn) error{
		"append-only":    func(x *Txn) error { return x.RemoveAll(ctx) },
		"add twice":      func(x *Txn) error { x.Add(someFile("n", 0, 1), someFile("n", 0, 1)); return nil },
		"no path":        func(x *Txn) error { x.Add(Add{}); return nil },
		"foreign remove": func(x *Txn) error { x.Remove(someFile("n", 0, 1)); return nil },
		"partition values": func(x *Txn) error {
			a := someFile("n", 0, 1)
			a.PartitionValues = map[string]*string{"x": nil}
			x.Add(a)
			return nil
		},
		"partition column": func(x *Txn) error {
			m := x.Snapshot().Metadata()
			m.PartitionColumns = []string{"x"}
			x.SetMetadata(m)
			return nil
		},
		"partitioned anew": func(x *Txn) error {
			m := x.Snapshot().Metadata()
			m.PartitionColumns = []string{"id"}
			x.SetMetadata(m)
			return nil
		},
		"bad property": func(x *Txn) error {
			m := x.Snapshot().Metadata()
			m.Configuration["delta.checkpointInterval"] = "x"
			x.SetMetadata(m)
			return nil
		},
		"column mapping": func(x *Txn) error {
			m := x.Snapshot().Metadata()
			m.Configuration["delta.columnMapping.mode"] = "name"
			x.SetMetadata(m)
			return nil
		},
		"unknown feature": func(x *Txn) error {
			m := x.Snapshot().Metadata()
			m.Configuration["delta.feature.magic"] = "supported"
			x.SetMetadata(m)
			return nil
		},
		"advance backwards": func(x *Txn) error { x.Advance("a", 3, 2); return nil },
		"no schema":         func(x *Txn) error { x.SetMetadata(Metadata{}); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			tab := At(store.NewMem(), "t")
			create(t, tab, Metadata{Schema: idSchema(), Configuration: map[string]string{"delta.appendOnly": "true"}})
			if _, err := tab.Update(ctx, func(x *Txn) error { x.Add(someFile("first", 0, 9)); return nil }); err != nil {
				t.Fatal(err)
			}
			c, err := tab.Update(ctx, change)
			if err == nil || latest(t, tab).Version() != 1 {
				t.Errorf("got %+v, %v, version %d; want an error and version 1", c, err, latest(t, tab).Version())
			}
			t.Log(err)
		})
	}
}
