package sweep

import (
	"flag"
	"slices"
	"testing"
)

// TestOf promises a size for each kind of run, and that -short wins over the environment.
func TestOf(t *testing.T) {
	before := flag.Lookup("test.short").Value.String()
	defer flag.Set("test.short", before)
	for _, c := range []struct {
		short, thorough string
		want            int
	}{{"true", "", 1}, {"true", "1", 1}, {"false", "", 2}, {"false", "0", 2}, {"false", "1", 3}} {
		flag.Set("test.short", c.short)
		t.Setenv("PETALAKE_THOROUGH", c.thorough)
		if got := Of(1, 2, 3); got != c.want {
			t.Errorf("-short=%s, PETALAKE_THOROUGH=%q: got %d, want %d", c.short, c.thorough, got, c.want)
		}
	}
}

// TestSample promises samples that are spread over all there is: the first, the last, no gap twice as
// wide as another, nothing twice.
func TestSample(t *testing.T) {
	for size := range 40 {
		all := make([]int, size)
		for i := range all {
			all[i] = i
		}
		for n := range 45 {
			got := Sample(all, n)
			if want := min(n, size); len(got) != want {
				t.Fatalf("%d of %d: got %v", n, size, got)
			}
			if len(got) < 2 {
				continue
			}
			narrow, wide := size, 0
			for i := range got[1:] {
				narrow, wide = min(narrow, got[i+1]-got[i]), max(wide, got[i+1]-got[i])
			}
			if got[0] != 0 || got[len(got)-1] != size-1 || narrow < 1 || wide > narrow+1 || !slices.IsSorted(got) {
				t.Fatalf("%d of %d: got %v, want them evenly spread", n, size, got)
			}
		}
	}
}
