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

// TestPreparedIsPlannedOnce promises that what was found to weigh a statement is what runs: its table is listed once, and
// a statement that is not run gives its session back.
func TestPreparedIsPlannedOnce(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	f := flights(l)
	e := l.open()
	collect(t, e, `SELECT name FROM bronze.flights WHERE id = 1`) // the engine now knows that the files are many
	for range 20 {
		f.listed.Store(0)
		p, err := e.Prepare(t.Context(), `SELECT name FROM bronze.flights WHERE id = $1`, 4321)
		if err != nil {
			t.Fatal(err)
		}
		if p.Weight.Tables[0].Files != 1 || p.Weight.Tables[0].Bytes == 0 {
			t.Errorf("weight: got %v, want one file", p.Weight)
		}
		rows, err := p.Watch(nil)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for rows.Next() {
			n += rows.RecordBatch().NumRows()
		}
		if err := rows.Err(); err != nil || n != 1 {
			t.Errorf("got %d rows, %v, want 1", n, err)
		}
		rows.Release()
		p.Close() // after the run it does nothing
		if listed := f.listed.Load(); listed != 1 {
			t.Errorf("%d files were listed, want 1: once, and pruned", listed)
		}
		unused, err := e.Prepare(t.Context(), `SELECT count(*) FROM bronze.flights WHERE id > 5`)
		if err != nil {
			t.Fatal(err)
		}
		unused.Close()
	}
}
