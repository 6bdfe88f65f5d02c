package datafile

import (
	"math/rand/v2"
	"testing"

	"github.com/petalake/petalake/store"
)

func BenchmarkWrite(b *testing.B) {
	s := structOf(b, "id bigint, name string, at timestamp, price decimal(10,2)")
	for _, c := range []struct {
		name string
		rows int
	}{{"1", 1}, {"100k", 100_000}} {
		batch := randomBatch(rand.New(rand.NewPCG(1, 1)), s, c.rows)
		b.Run(c.name, func(b *testing.B) {
			m := store.NewMem()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Write(b.Context(), m, "f", s, each(batch), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	s := structOf(b, "id bigint, name string, at timestamp, price decimal(10,2)")
	m := store.NewMem()
	size, _, err := Write(b.Context(), m, "f", s, each(randomBatch(rand.New(rand.NewPCG(1, 1)), s, 100_000)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for batch, err := range Read(b.Context(), m, "f", size, s, ReadOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	s := structOf(b, "id bigint, name string, at timestamp, day tinyint")
	batch := randomBatch(rand.New(rand.NewPCG(1, 1)), s, 64<<10)
	for b.Loop() {
		parts, err := Split(batch, s, []string{"day"})
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range parts {
			p.Rows.Release()
		}
	}
}
