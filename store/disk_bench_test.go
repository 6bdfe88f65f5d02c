package store_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/petalake/petalake/store"
)

// BenchmarkDiskListFrom lists the last 10 of 100,000 commits.
func BenchmarkDiskListFrom(b *testing.B) {
	d, root := openDisk(b)
	const n = 100_000
	log := filepath.Join(root, "t", "_delta_log")
	if err := os.MkdirAll(log, 0o755); err != nil {
		b.Fatal(err)
	}
	name := func(v int) string { return fmt.Sprintf("%020d.json", v) }
	for v := range n {
		if err := os.WriteFile(filepath.Join(log, name(v)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		for _, err := range d.List(b.Context(), "t/_delta_log/", "t/_delta_log/"+name(n-11)) {
			if err != nil {
				b.Fatal(err)
			}
			got++
		}
		if got != 10 {
			b.Fatalf("got %d objects, want 10", got)
		}
	}
}

// BenchmarkDiskStat finds one of 100,000 files.
func BenchmarkDiskStat(b *testing.B) {
	d, root := openDisk(b)
	for v := range 100_000 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(v)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := store.Stat(b.Context(), d, "77777"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDiskPut writes a commit of 1 KiB, durable on return, by both conditions.
func BenchmarkDiskPut(b *testing.B) {
	for name, cond := range map[string]store.Cond{"IfAbsent": store.IfAbsent, "Always": store.Always} {
		b.Run(name, func(b *testing.B) {
			d, _ := openDisk(b)
			body := make([]byte, 1<<10)
			i := 0
			for b.Loop() {
				if err := store.PutBytes(b.Context(), d, fmt.Sprintf("t/_delta_log/%020d.json", i), body, cond); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkDiskGet reads 4 KiB of an object, beside the same by package os: the difference is
// what it costs that no key leaves the root.
func BenchmarkDiskGet(b *testing.B) {
	d, root := openDisk(b)
	const key = "t/p=1/q=2/file.parquet"
	if err := store.PutBytes(b.Context(), d, key, make([]byte, 1<<20), store.IfAbsent); err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 4<<10)
	b.Run("Disk", func(b *testing.B) {
		for b.Loop() {
			r, err := d.Get(b.Context(), key, 8<<10, 4<<10)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(r, buffer); err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
	b.Run("os", func(b *testing.B) {
		path := filepath.Join(root, filepath.FromSlash(key))
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.ReadAt(buffer, 8<<10); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
