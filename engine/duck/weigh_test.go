package duck

import (
	"context"
	"iter"
	"runtime"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/stats"
)

// endless is a relation of so many files of 10 MB that a list of them would be seen.
type endless struct {
	Relation
	files int
}

func (e endless) Plan(context.Context, stats.Predicate) iter.Seq2[delta.Add, error] {
	return func(yield func(delta.Add, error) bool) {
		for range e.files {
			if !yield(delta.Add{Path: "part.parquet", Size: 10_000_000}, nil) {
				return
			}
		}
	}
}

// TestWeighHoldsNoList promises that what a statement would read is summed up and not listed.
func TestWeighHoldsNoList(t *testing.T) {
	var before, after runtime.MemStats
	var p TablePlan
	runtime.ReadMemStats(&before)
	err := (&input{relation: endless{files: 1_000_000}}).weigh(t.Context(), &p)
	runtime.ReadMemStats(&after)
	if err != nil || p.Files != 1_000_000 || p.Bytes != 10_000_000_000_000 {
		t.Errorf("a million files: got %d with %d bytes, %v, want 10 TB", p.Files, p.Bytes, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 10<<20 {
		t.Errorf("a million files took %d bytes of memory, want less than 10 MiB", took)
	}
}
