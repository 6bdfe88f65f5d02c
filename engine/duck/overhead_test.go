package duck

import (
	"context"
	"testing"
)

// BenchmarkSmallTPCH runs a query of TPC-H on tables so small that all its time is what a statement
// costs, beside DuckDB alone.
func BenchmarkSmallTPCH(b *testing.B) {
	b.Setenv("PETALAKE_TPCH_SCALE", "0.001")
	l := tpchLake(b)
	e, plain := l.open(), l.plain()
	b.Run("petalake", func(b *testing.B) {
		for b.Loop() {
			for n := 1; n <= 22; n++ {
				collect(b, e, tpchQuery(b, n))
			}
		}
	})
	b.Run("duckdb", func(b *testing.B) {
		for b.Loop() {
			for n := 1; n <= 22; n++ {
				if _, err := plain.Strings(context.Background(), tpchQuery(b, n)); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
