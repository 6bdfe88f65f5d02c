package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/spec"
)

// TestAuto promises which engine a statement runs on, and that the reason says why.
func TestAuto(t *testing.T) {
	const gb, tb = 1_000_000_000, 1_000_000_000_000
	machine := facts{memory: 14 * gb, from: 200 * gb, tables: 1, files: 3}
	with := func(change func(*facts)) facts {
		f := machine
		change(&f)
		return f
	}
	for _, c := range []struct {
		facts  facts
		engine spec.Engine
		reason string
	}{
		{with(func(f *facts) { f.bytes = 1 }), "duckdb", "it reads 1 B in 3 files"},
		{with(func(f *facts) { f.tables, f.files = 0, 0 }), "duckdb", "it reads no table"},
		{with(func(f *facts) { f.files, f.fromLog = 0, true }), "duckdb", "the table's log answers it"},
		{with(func(f *facts) { f.bytes = 10 * gb }), "duckdb", "10.0 GB"},
		{with(func(f *facts) { f.bytes, f.heavy = 10*gb, true }), "duckdb", "10.0 GB"},
		{with(func(f *facts) { f.bytes = 100 * gb }), "duckdb", "100.0 GB"},
		{with(func(f *facts) { f.bytes, f.heavy = 100*gb, true }), "spark", "more than 4 times the memory of DuckDB, 14.0 GB"},
		{with(func(f *facts) { f.bytes = 10 * tb }), "spark", "10.0 TB in 3 files, and 200.0 GB or more are for Spark"},
		{with(func(f *facts) { f.bytes, f.absent = 10*tb, errors.New("spark: no Java") }), "duckdb", "Spark cannot be used (no Java), though it reads 10.0 TB"},
		{with(func(f *facts) { f.refused = &duck.Error{Message: "MERGE is not a query"} }), "spark", "DuckDB does not take it: MERGE is not a query"},
	} {
		got := c.facts.choose()
		if got.Engine != c.engine || !strings.Contains(got.Reason, c.reason) || strings.Contains(got.Reason, "\n") {
			t.Errorf("%+v: got %s, want %s and %q", c.facts, got, c.engine, c.reason)
		}
	}
}
