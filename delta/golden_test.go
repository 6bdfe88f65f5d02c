package delta

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/petalake/petalake/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The log of two commits, byte for byte, as docs/delta.md shows it.
func TestGoldenLog(t *testing.T) {
	ctx := context.Background()
	mem := store.NewMem()
	tab := At(mem, "t")
	tab.now = func() time.Time { return time.UnixMilli(1_700_000_000_000) }
	tab.id = func() string { return "3f0c9a4e-5d1b-4c59-9f41-6f0f5f6f3b11" }
	create(t, tab, Metadata{Schema: idSchema(), PartitionColumns: []string{"day"}})
	day := "2024-01-01"
	a := someFile("day=2024-01-01/part-00000-7c.parquet", 1, 3)
	a.PartitionValues = map[string]*string{"day": &day}
	if _, err := tab.Update(ctx, func(x *Txn) error {
		x.Advance("events", -1, 0)
		x.Add(a)
		x.Operation("WRITE", map[string]string{"mode": "Append"}, map[string]string{"numFiles": "1", "numOutputRows": "3"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{tab.commitKey(0), tab.commitKey(1), tab.crcKey(0)} {
		got, err := store.ReadAll(ctx, mem, key)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", filepath.Base(key))
		if *update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", golden, got, want)
		}
	}
}
