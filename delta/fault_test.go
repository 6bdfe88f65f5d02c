package delta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

// put makes a data file of the size the log says.
func putFile(t testing.TB, s store.Store, tab *Table, a Add) {
	t.Helper()
	if err := store.PutBytes(context.Background(), s, tab.key(a.Path), make([]byte, a.Size), store.Always); err != nil {
		t.Fatal(err)
	}
}

// whole fails the test where Check finds anything.
func whole(t testing.TB, s store.Store, root string) {
	t.Helper()
	r, err := At(s, root).Check(context.Background(), CheckOptions{})
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		t.Errorf("check: %v", p)
	}
}

// Whatever goes wrong at whichever operation, what Update says is true: nil means the files are
// there, an error means they are not, and only an UnknownOutcomeError leaves it open.
func TestFaultSweep(t *testing.T) {
	t.Parallel()
	storetest.Sweep(t, nil, func(t *testing.T, p *storetest.Plan) {
		ctx := context.Background()
		mem := store.NewMem()
		faulty := storetest.Faulty(mem, p)
		tab := At(faulty, "t")
		want := map[string]bool{}  // certainly live
		maybe := map[string]bool{} // possibly
		m := Metadata{Schema: idSchema(), Configuration: map[string]string{"delta.checkpointInterval": "3"}}
		step := func(change func(x *Txn) error, live, dead []string) {
			_, err := tab.Update(ctx, change)
			for _, f := range append(live, dead...) {
				switch {
				case err == nil:
					delete(maybe, f)
					if want[f] = slices.Contains(live, f); !want[f] {
						delete(want, f)
					}
				case errors.Is(err, ErrUnknownOutcome):
					delete(want, f)
					maybe[f] = true
				}
			}
		}
		create := func(x *Txn) error {
			if x.Snapshot().Version() < 0 {
				x.SetMetadata(m)
			}
			return nil
		}
		step(create, nil, nil)
		for i := range 5 {
			a := someFile(fmt.Sprintf("%d.parquet", i), 0, 9)
			putFile(t, mem, tab, a)
			step(func(x *Txn) error {
				if err := create(x); err != nil {
					return err
				}
				x.Add(a)
				return nil
			}, []string{a.Path}, nil)
		}
		last := someFile("last.parquet", 0, 9)
		putFile(t, mem, tab, last)
		step(func(x *Txn) error {
			if err := errors.Join(create(x), x.RemoveAll(ctx)); err != nil {
				return err
			}
			x.Add(last)
			return nil
		}, []string{last.Path}, []string{"0.parquet", "1.parquet", "2.parquet", "3.parquet", "4.parquet"})
		verify(t, mem, want, maybe)
	})
}

func verify(t *testing.T, s store.Store, want, maybe map[string]bool) {
	t.Helper()
	whole(t, s, "t")
	got := map[string]bool{}
	snap, err := At(s, "t").Snapshot(context.Background(), When{})
	if err == nil {
		for _, path := range paths(t, snap, nil) {
			got[path] = true
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for f := range want {
		if !got[f] && !maybe[f] && len(maybe) == 0 {
			t.Errorf("%s: Update said it is there; got %v", f, sortedKeys(got))
		}
	}
	for f := range got {
		if !want[f] && !maybe[f] {
			t.Errorf("%s: Update said it is not there; got %v", f, sortedKeys(got))
		}
	}
}

// Appends from many goroutines, some through one Table, some through others: none is lost, none doubled.
func TestConcurrentAppends(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	mem := store.NewMem()
	shared := At(mem, "t")
	create(t, shared, Metadata{Schema: idSchema()})
	var wg sync.WaitGroup
	const writers, each = 8, 25
	for w := range writers {
		tab := shared
		if w%2 == 1 {
			tab = At(mem, "t")
		}
		wg.Go(func() {
			for i := range each {
				a := someFile(fmt.Sprintf("%d-%d.parquet", w, i), 0, 9)
				putFile(t, mem, tab, a)
				if _, err := tab.Update(ctx, func(x *Txn) error { x.Add(a); return nil }); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	s := latest(t, At(mem, "t"))
	if got := len(paths(t, s, nil)); got != writers*each || s.Version() != writers*each {
		t.Errorf("got %d files at version %d, want %d at %d", got, s.Version(), writers*each, writers*each)
	}
	whole(t, mem, "t")
}

// Two sources with one name: each batch counts once.
func TestAdvanceOnce(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	create(t, At(mem, "t"), Metadata{Schema: idSchema()})
	var wg sync.WaitGroup
	for w := range 4 {
		tab := At(mem, "t")
		wg.Go(func() {
			for batch := int64(0); batch < 30; {
				a := someFile(fmt.Sprintf("%d-%d.parquet", batch, w), 0, 9)
				putFile(t, mem, tab, a)
				_, err := tab.Update(ctx, func(x *Txn) error {
					x.Advance("src", batch-1, batch)
					x.Add(a)
					return nil
				})
				if err != nil && !errors.Is(err, ErrAdvanced) {
					t.Errorf("batch %d: %v", batch, err)
				}
				batch++
			}
		})
	}
	wg.Wait()
	s := latest(t, At(mem, "t"))
	count := map[string]int{}
	for _, p := range paths(t, s, nil) {
		batch, _, _ := strings.Cut(p, "-")
		count[batch]++
	}
	for batch, n := range count {
		if n != 1 {
			t.Errorf("batch %s: committed %d times", batch, n)
		}
	}
	if len(count) != 30 || s.Transaction("src") != 29 {
		t.Errorf("got %d batches, position %d; want 30, 29", len(count), s.Transaction("src"))
	}
	whole(t, mem, "t")
}
