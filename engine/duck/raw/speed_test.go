package raw

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/store"
)

// BenchmarkLoadCSV loads the file that PETALAKE_CSV names, and copies it to Parquet with DuckDB
// alone: the claim is that the load has at least 0.9 of the speed.
func BenchmarkLoadCSV(b *testing.B) {
	path := os.Getenv("PETALAKE_CSV")
	info, err := os.Stat(path)
	if err != nil {
		b.Skip("PETALAKE_CSV names no CSV file")
	}
	raw := Files{Format: FormatCSV, Paths: []string{path}}
	b.Run("petalake", func(b *testing.B) {
		b.SetBytes(info.Size())
		for b.Loop() {
			root := b.TempDir()
			disk, err := store.OpenDisk(root)
			if err != nil {
				b.Fatal(err)
			}
			l := Loader{Memory: 1 << 30}
			found, raw, err := l.Inspect(b.Context(), raw, false)
			if err != nil {
				b.Fatal(err)
			}
			inspected := time.Now()
			w, err := l.Load(b.Context(), raw, tablefile.Spec{
				Store: disk, Root: "t", Schema: found.Schema, Staging: filepath.Join(root, "staging"), Progress: func(tablefile.Progress) {},
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(inspected).Seconds(), "load-s")
			b.ReportMetric(float64(w.Bytes)/1e6, "MB-written")
			os.RemoveAll(root)
		}
	})
	b.Run("duckdb", func(b *testing.B) {
		b.SetBytes(info.Size())
		for b.Loop() {
			db, err := duckdb.Open(duckdb.Options{MemoryLimit: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			conn, err := db.Conn()
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			_, err = conn.Exec(context.Background(), "COPY (FROM read_csv("+duckdb.Quote(path)+")) TO "+duckdb.Quote(dir+"/out")+
				" (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1, FILE_SIZE_BYTES '128MB', PRESERVE_ORDER false)")
			if err != nil {
				b.Fatal(err)
			}
			conn.Close()
			db.Close()
			os.RemoveAll(dir)
		}
	})
}
