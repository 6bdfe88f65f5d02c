package delta

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"testing"
	"time"

	"github.com/petalake/petalake/store"
)

// clocked is a store that says when its objects were written.
type clocked struct {
	*store.Mem
	at map[string]time.Time
}

func (c clocked) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range c.Mem.List(ctx, prefix, start) {
			if at, ok := c.at[o.Key]; ok {
				o.Modified = at
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// A store's clock may go back; versions still go forward.
func TestTimeTravel(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	fill(t, tab, everyType(), 4)
	day := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	s := clocked{mem, map[string]time.Time{}}
	for v, offset := range []time.Duration{0, time.Hour, time.Minute, 2 * time.Hour, 3 * time.Hour} {
		s.at[tab.commitKey(int64(v))] = day.Add(offset)
	}
	old := At(s, "t")
	for _, c := range []struct {
		at   time.Duration
		want int64 // -1: an error
	}{{-1, -1}, {0, 0}, {time.Minute, 0}, {time.Hour, 1}, {time.Hour + time.Millisecond, 2}, {2*time.Hour - 1, 2}, {3 * time.Hour, 4}, {3*time.Hour + time.Millisecond, -1}} {
		at := day.Add(c.at)
		got, err := old.Snapshot(ctx, When{Time: &at})
		var r *RangeError
		switch {
		case c.want < 0:
			if !errors.As(err, &r) || r.First != 0 || r.Last != 4 || r.Hint() == "" {
				t.Errorf("at %v: got %v, want a range from 0 to 4", c.at, err)
			}
		case err != nil:
			t.Errorf("at %v: got %v, want version %d", c.at, err, c.want)
		case got.Version() != c.want:
			t.Errorf("at %v: got version %d, want %d", c.at, got.Version(), c.want)
		}
	}
	nine := int64(9)
	var r *RangeError
	if _, err := old.Snapshot(ctx, When{Version: &nine}); !errors.As(err, &r) {
		t.Errorf("version 9: got %v, want a range", err)
	}
}

func TestHistory(t *testing.T) {
	ctx := context.Background()
	tab := At(store.NewMem(), "t")
	create(t, tab, Metadata{Schema: idSchema()})
	c, err := tab.Update(ctx, func(x *Txn) error {
		x.Add(someFile("a", 0, 1))
		x.Operation("WRITE", map[string]string{"mode": "Append"}, map[string]string{"numFiles": "1"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []CommitInfo
	for info, err := range tab.History(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info)
	}
	if len(got) != 2 || got[0].Version != 1 || got[0].ID != c.ID || got[0].Metrics["numFiles"] != "1" || got[0].Parameters["mode"] != "Append" ||
		got[0].Operation != "WRITE" || !got[0].BlindAppend || got[1].Operation != "CREATE TABLE" || !got[0].Time.After(got[1].Time) {
		t.Errorf("history: got %+v", got)
	}
}

// Commits carry their own time where the table asks for it, each later than the one before.
func TestInCommitTimestamps(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	now := time.Now()
	tab.now = func() time.Time { now = now.Add(-time.Second); return now } // a clock that goes back
	create(t, tab, Metadata{Schema: idSchema(), Configuration: map[string]string{"delta.enableInCommitTimestamps": "true"}})
	for i := range 12 {
		if _, err := tab.Update(ctx, func(x *Txn) error { x.Add(someFile(string(rune('a'+i)), 0, 1)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	p := latest(t, tab).Protocol()
	if p.MinReader != 1 || p.MinWriter != 7 || !supports(&p, featureInCommitTime) {
		t.Errorf("protocol: got %+v, want writer version 7 with %s", p, featureInCommitTime)
	}
	var after time.Time
	for info, err := range At(mem, "t").History(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if !after.IsZero() && !info.Time.Before(after) {
			t.Errorf("version %d at %v, not before the next, %v", info.Version, info.Time, after)
		}
		after = info.Time
	}
}

// The log is cut behind a checkpoint, and what is left is a whole table.
func TestCleanUp(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	fill(t, tab, everyType(), 25)
	later := time.Now().Add(32 * 24 * time.Hour)
	tab.now = func() time.Time { return later }
	for range 5 {
		if _, err := tab.Update(ctx, func(x *Txn) error { x.Advance("b", x.Snapshot().Transaction("b"), x.Snapshot().Version()); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	l, err := tab.list(ctx, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.commits[0].version; got != 30 || len(l.checkpoints) != 1 {
		t.Errorf("the log begins at %d with %d checkpoints, want 30 with one", got, len(l.checkpoints))
	}
	if got := len(allFiles(t, latest(t, At(mem, "t")), nil)); got != 25 {
		t.Errorf("files: got %d, want 25", got)
	}
	five := int64(5)
	var r *RangeError
	if _, err := At(mem, "t").Snapshot(ctx, When{Version: &five}); !errors.As(err, &r) && !errors.As(err, new(*GapError)) {
		t.Errorf("version 5: got %v, want a range", err)
	}
}

// A table that was deleted and made again is not mistaken for the old one.
func TestMadeAgain(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	fill(t, tab, everyType(), 3)
	if s := latest(t, tab); s.Version() != 3 {
		t.Fatal(s.Version())
	}
	var keys []string
	for o, err := range mem.List(ctx, "t/", "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if err := mem.Delete(ctx, keys...); err != nil {
		t.Fatal(err)
	}
	if _, err := tab.Snapshot(ctx, When{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	create(t, At(mem, "t"), Metadata{Schema: idSchema()})
	c, err := tab.Update(ctx, func(x *Txn) error { x.Add(someFile("a", 0, 1)); return nil })
	if err != nil || c.Version != 1 {
		t.Errorf("got %+v, %v, want version 1", c, err)
	}
}
