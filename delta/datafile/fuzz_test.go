package datafile

import (
	"math/rand/v2"
	"testing"

	"github.com/petalake/petalake/store"
)

// FuzzRead changes bytes of a file: reading ends with rows or an error, never with a panic.
func FuzzRead(f *testing.F) {
	s := structOf(f, "a int, b string, l array<int>, o struct<x double, m map<string,bigint>>")
	m := store.NewMem()
	size, _, err := Write(f.Context(), m, "f", s, each(randomBatch(rand.New(rand.NewPCG(1, 2)), s, 20)), Options{})
	if err != nil {
		f.Fatal(err)
	}
	whole, err := store.ReadAll(f.Context(), m, "f")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, at := range []int64{10, size / 2, size - 30, size - 6} {
		bad := append([]byte{}, whole...)
		bad[at] ^= 0x55
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m := store.NewMem()
		if err := store.PutBytes(t.Context(), m, "f", body, store.Always); err != nil {
			t.Fatal(err)
		}
		for b, err := range Read(t.Context(), m, "f", int64(len(body)), s, ReadOptions{}) {
			if err == nil {
				b.Release()
			}
		}
	})
}
