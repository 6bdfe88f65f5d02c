// Package sweep says how much of a large space a run of the tests looks at.
//
// There are three runs. With -short a test takes a sample, and starts no Spark, no Python and no server
// of others: that is the run between two edits. Without it a test takes what shows the same faults
// as the whole: that is the run before a change is shared, and in continuous integration. Where
// PETALAKE_THOROUGH is 1, as scripts/test --thorough sets it, a test takes everything: that is the
// run by night. A sample is spread over the space, never the first part of it.
package sweep

import (
	"os"
	"testing"
)

// Thorough says whether this is a run by night. -short wins over PETALAKE_THOROUGH.
func Thorough() bool { return !testing.Short() && os.Getenv("PETALAKE_THOROUGH") == "1" }

// Of chooses the size of a sweep by the kind of run: with -short, without, by night.
func Of(short, usual, whole int) int {
	switch {
	case testing.Short():
		return short
	case Thorough():
		return whole
	}
	return usual
}

// Sample takes n of all, evenly spread from the first to the last, in their order; all where there are
// no more than n.
func Sample[T any](all []T, n int) []T {
	if n >= len(all) {
		return all
	}
	if n <= 1 {
		return all[:n]
	}
	out := make([]T, n)
	for i := range out {
		out[i] = all[i*(len(all)-1)/(n-1)]
	}
	return out
}
