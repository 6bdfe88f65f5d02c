package delta

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/petalake/petalake/store"
)

// BenchmarkCommit is one single-file append, checkpoints on. Peers: deltalake 1.6 (Python) makes
// some hundred commits a second on the same machine, without fsync.
func BenchmarkCommit(b *testing.B) {
	disk, err := store.OpenDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range map[string]store.Store{"mem": store.NewMem(), "disk": disk} {
		b.Run(name, func(b *testing.B) {
			tab := At(s, fmt.Sprint("t", b.N))
			create(b, tab, Metadata{Schema: idSchema()})
			i := int64(0)
			for b.Loop() {
				i++
				if _, err := tab.Update(context.Background(), func(x *Txn) error {
					x.Add(someFile(fmt.Sprintf("part-00000-%d.parquet", i), i, i))
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkAppend is one append of one row, with its data file, checkpoints on.
func BenchmarkAppend(b *testing.B) {
	disk, err := store.OpenDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	tab := At(disk, "t")
	rows := jsonRows(b, []arrow.Field{longID, text}, `[{"id":1,"name":"a"}]`)
	if _, err := Append(b.Context(), tab, rows, AppendOptions{Create: &Metadata{}}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Append(b.Context(), tab, rows, AppendOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
