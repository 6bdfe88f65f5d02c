package write_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/store"
)

// bench is a table in memory, and a writer of it.
type bench struct {
	t     *testing.T
	mem   store.Store
	w     *write.Writer
	table *delta.Table
	n     int
}

func newBench(t *testing.T) *bench {
	mem := store.NewMem()
	return &bench{t: t, mem: mem, w: &write.Writer{Env: &lake.Env{Storage: lake.Storage{Store: mem}}}, table: delta.At(mem, "t")}
}

func columns(t *testing.T, text string) *schema.Struct {
	typ, err := schema.ParseType("struct<" + text + ">")
	if err != nil {
		t.Fatal(err)
	}
	return typ.(*schema.Struct)
}

// change adds one data file, which is in the store, to the table as it is now.
func (b *bench) change(text string, rebase write.Rebase) *write.Change {
	b.t.Helper()
	s, err := b.table.Snapshot(b.t.Context(), delta.When{})
	if errors.Is(err, fs.ErrNotExist) {
		s = nil
	} else if err != nil {
		b.t.Fatal(err)
	}
	m := delta.Metadata{ID: fmt.Sprint("made by ", b.n), Schema: columns(b.t, text)}
	if s != nil {
		m.ID = s.Metadata().ID
		m.Configuration = s.Metadata().Configuration
	}
	b.n++
	path := fmt.Sprintf("part-%d.parquet", b.n)
	if err := store.PutBytes(b.t.Context(), b.mem, "t/"+path, []byte("x"), store.IfAbsent); err != nil {
		b.t.Fatal(err)
	}
	return &write.Change{
		Table: b.table, Base: s, Metadata: m, Rebase: rebase, Operation: "WRITE",
		Rows: tablefile.Written{Files: []delta.Add{{Path: path, Size: 1, DataChange: true, Stats: stats.File{NumRecords: 1}}}, Rows: 1},
	}
}

// state is the table's live files, and whether each file of the store is one of them.
func (b *bench) state() (live string, orphans int) {
	b.t.Helper()
	s, err := b.table.Snapshot(b.t.Context(), delta.When{})
	known := map[string]bool{}
	if err == nil {
		for f, err := range s.Files(b.t.Context(), nil) {
			if err != nil {
				b.t.Fatal(err)
			}
			known["t/"+f.Path] = true
			live += strings.TrimSuffix(strings.TrimPrefix(f.Path, "part-"), ".parquet")
		}
	}
	for o, err := range b.mem.List(b.t.Context(), "t/part-", "") {
		if err != nil {
			b.t.Fatal(err)
		}
		if !known[o.Key] {
			orphans++
		}
	}
	letters := strings.Split(live, "")
	slices.Sort(letters)
	return strings.Join(letters, ""), orphans
}

// TestRebase promises what each rule makes of a change when another writer was first, and that what was written for
// a commit that did not happen is deleted.
func TestRebase(t *testing.T) {
	const a, wide = "a bigint", "a bigint, b string"
	for name, c := range map[string]struct {
		before string // columns of the table when the change is prepared; "" for no table
		rebase write.Rebase
		reads  bool
		mine   string // columns that the change gives the table
		other  string // what another writer gives it meanwhile
		fails  error
	}{
		"load, append beside an append":           {a, write.KeepOthers, false, a, a, nil},
		"load, both make the same table":          {"", write.KeepOthers, false, a, a, nil},
		"load, another makes another table":       {"", write.KeepOthers, false, a, wide, delta.ErrConflict},
		"load, the table got a column":            {a, write.KeepOthers, false, a, wide, delta.ErrConflict},
		"load, it gives the table a column":       {a, write.KeepOthers, false, wide, a, nil},
		"statement, append beside an append":      {a, write.Unmoved, false, a, a, nil},
		"statement, it read the table":            {a, write.Unmoved, true, a, a, write.ErrMoved},
		"statement, the table got a column":       {a, write.Unmoved, false, a, wide, write.ErrMoved},
		"statement, another made the table":       {"", write.Unmoved, false, a, a, write.ErrMoved},
		"model, whatever the table became":        {a, write.Owned, false, a, wide, nil},
		"model, another made a table of its name": {"", write.Owned, false, wide, a, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			want := ""
			if c.before != "" {
				if _, err := b.w.Commit(t.Context(), b.change(c.before, write.Owned)); err != nil {
					t.Fatal(err)
				}
				want = "1"
			}
			mine := b.change(c.mine, c.rebase)
			mine.Reads = c.reads
			other := b.change(c.other, write.Owned)
			if _, err := b.w.Commit(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			_, err := b.w.Commit(t.Context(), mine)
			if !errors.Is(err, c.fails) {
				t.Fatalf("got %v, want %v", err, c.fails)
			}
			live, orphans := b.state()
			if c.fails == nil {
				want += fmt.Sprint(b.n - 1)
			}
			want += fmt.Sprint(b.n)
			if live != want || orphans != 0 {
				t.Errorf("got the files %q and %d orphans, want %q and none", live, orphans, want)
			}
		})
	}
}

// TestMoves promises that rows and the transaction versions that they move are one: each version once, none backwards.
func TestMoves(t *testing.T) {
	b := newBench(t)
	commit := func(m ...write.Move) error {
		c := b.change("a bigint", write.Unmoved)
		c.Moves = m
		_, err := b.w.Commit(t.Context(), c)
		return err
	}
	for i, step := range []struct {
		move  write.Move
		fails bool
		have  int64 // afterwards
	}{
		{write.Move{App: "x", From: write.Any, To: 3}, false, 3},
		{write.Move{App: "x", From: write.Any, To: 3}, false, 3}, // the same inputs, built anew
		{write.Move{App: "x", From: write.Any, To: 2}, true, 3},
		{write.Move{App: "x", From: 2, To: 4}, true, 3}, // its rows follow another version
		{write.Move{App: "x", From: 3, To: 4}, false, 4},
		{write.Move{App: "x", From: write.Any, To: 4, Once: true}, true, 4},
		{write.Move{App: "x", From: write.Any, To: 5, Once: true}, false, 5},
	} {
		err := commit(step.move)
		if step.fails != errors.Is(err, delta.ErrAdvanced) || !step.fails && err != nil {
			t.Errorf("step %d: got %v, want a failure: %v", i, err, step.fails)
		}
		s, err := b.table.Snapshot(t.Context(), delta.When{})
		if err != nil || s.Transaction("x") != step.have {
			t.Errorf("step %d: got version %d, %v, want %d", i, s.Transaction("x"), err, step.have)
		}
	}
	if live, orphans := b.state(); len(live) != 4 || orphans != 0 {
		t.Errorf("got the files %q and %d orphans, want four and none", live, orphans)
	}
}

// TestReplaceAndMade promises that a change that replaces leaves its own files alone, and that one that another
// process made already changes nothing.
func TestReplaceAndMade(t *testing.T) {
	b := newBench(t)
	for range 2 {
		if _, err := b.w.Commit(t.Context(), b.change("a bigint", write.Unmoved)); err != nil {
			t.Fatal(err)
		}
	}
	c := b.change("a bigint", write.Owned)
	c.Replace = true
	twin := b.change("a bigint", write.Owned)
	twin.Replace, twin.Made = true, func(now *delta.Snapshot) bool { return now.Version() == 2 }
	if _, err := b.w.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := b.w.Commit(t.Context(), twin); !errors.Is(err, delta.ErrAdvanced) {
		t.Errorf("the twin: got %v, want that it is done", err)
	}
	s, err := b.table.Snapshot(t.Context(), delta.When{})
	if err != nil || s.Version() != 2 {
		t.Fatalf("got %v, %v, want version 2", s, err)
	}
	live, orphans := b.state()
	if live != "3" || orphans != 2 { // the two that were replaced stay for older versions
		t.Errorf("got the files %q and %d others, want 3 and the 2 before it", live, orphans)
	}
}
