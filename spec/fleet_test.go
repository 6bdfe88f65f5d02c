package spec_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/petalake/petalake/spec"
)

// TestFleetDefaults promises what follows from a size, and from nothing.
func TestFleetDefaults(t *testing.T) {
	for text, want := range map[string][4]int{
		"":                           {16, 256, 16, 256},
		"fleet: {size: large}":       {64, 1024, 64, 1024},
		"fleet: {max: 100, min: 10}": {10, 100, 8, 100},
		"fleet: {max: 12}":           {8, 12, 8, 12},
		"fleet: {core: 64}":          {64, 256, 64, 256},
		"fleet: {max_on_demand: 8}":  {16, 256, 8, 8},
		"fleet: {size: small, min: 9, max_on_demand: 32}": {9, 64, 8, 32},
	} {
		l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\n"+text+"\n"), fstest.MapFS{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		f := l.Fleet
		if got := [4]int{f.Min, f.Max, f.Core, f.OnDemand}; got != want {
			t.Errorf("%q: min, max, core, max_on_demand are %v, want %v", text, got, want)
		}
		if f.Spot != 100 || f.Mode != spec.FleetTransient || time.Duration(f.Patience) != 10*time.Minute || f.Release != "emr-spark-8.1.0" {
			t.Errorf("%q: %+v", text, f)
		}
	}
}
