package petalake_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/spec"
)

// TestTwoBesideEachOther runs one lakehouse in two places at once, from the moment when there is no
// table yet: every row is there once, and no table is made twice.
func TestTwoBesideEachOther(t *testing.T) {
	t.Parallel()
	// In each of five rounds three processes meet four times; who wins differs.
	for round := range sweep.Of(2, 5, 100) {
		h := newHouse(t, map[string]string{
			"lakehouse.yaml": shop + "tables:\n  bronze.orders: {description: all orders}\n",
			"raw/0.csv":      "customer,amount\nann,1\n",
		})
		lakes := []*petalake.Lake{h.open(), h.open(), h.open()}
		for step := range 4 {
			h.write(fmt.Sprintf("raw/%d.csv", step+1), "customer,amount\nann,1\n")
			var group errgroup.Group
			for _, lake := range lakes {
				group.Go(func() error {
					if _, err := h.up(lake); err != nil && !errors.Is(err, delta.ErrConflict) {
						return err
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatalf("round %d, step %d: %v", round, step, err)
			}
		}
		if _, err := h.up(lakes[0]); err != nil {
			t.Fatal(err)
		}
		expect(t, lakes[0], "from gold.totals", "ann|5")
		checkAll(t, h.open(), "bronze.orders", "gold.totals", "gold.best")
	}
}

// TestLoadsBesideEachOther loads by hand into a table that nobody made yet.
func TestLoadsBesideEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\n", "1.csv": "a\n1\n"})
	load := petalake.Load{Table: spec.TableName{Table: "t"}, Paths: []string{filepath.Join(h.dir, "1.csv")}}
	var group errgroup.Group
	for range 6 {
		lake := h.open()
		group.Go(func() error { _, err := lake.Load(context.Background(), load, nil); return err })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	lake := h.open()
	expect(t, lake, "select count(*) from t", "6")
	checkAll(t, lake, "t")
	table, err := lake.Table(context.Background(), "t")
	if err != nil {
		t.Fatal(err)
	}
	first, err := table.Snapshot(context.Background(), delta.When{Version: new(int64)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := metadataOf(t, lake, "t").ID, first.Metadata().ID; got != want {
		t.Errorf("id of the table: got %s, want %s, which it was made with", got, want)
	}
}
