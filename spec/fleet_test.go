package spec_test

import (
	"fmt"
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

// TestServerlessFleet promises that a fleet of EMR Serverless is as large as it says, unless the environment says
// otherwise.
func TestServerlessFleet(t *testing.T) {
	for emr, want := range map[string]string{"": "256 512GB 20m", ", emr: {cpus: 16}": "16 32GB 20m", ", emr: {memory: 600GB, idle: 5m}": "256 600GB 5m"} {
		l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\nfleet: {mode: serverless, workload: compute, idle: 20m}\nenvironments: {prod: {aws: {region: eu-central-1"+emr+"}}}\n"), fstest.MapFS{})
		if err != nil {
			t.Fatalf("%s: %v", emr, err)
		}
		m := l.Environments[0].AWS.EMR
		if got := fmt.Sprint(m.CPUs, " ", m.Memory, " ", m.Idle); got != want {
			t.Errorf("%q: got %s, want %s", emr, got, want)
		}
	}
}

// TestRelease promises that one key says which release of EMR there is, for clusters and for EMR Serverless, and that
// the latter can have another.
func TestRelease(t *testing.T) {
	for _, c := range []struct{ fleet, emr, want string }{
		{"", "", "emr-spark-8.1.0"},
		{"fleet: {release: emr-7.14.0}", "", "emr-7.14.0"},
		{"fleet: {release: emr-7.14.0}", ", emr: {release: emr-spark-8.0.0}", "emr-spark-8.0.0"},
	} {
		l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\n"+c.fleet+"\nenvironments: {prod: {aws: {region: eu-central-1"+c.emr+"}}}\n"), fstest.MapFS{})
		if err != nil {
			t.Errorf("%q%s: %v", c.fleet, c.emr, err)
			continue
		}
		if got := l.Environments[0].AWS.EMR.Release; got != c.want {
			t.Errorf("%q%s: EMR Serverless has %s, want %s", c.fleet, c.emr, got, c.want)
		}
	}
}
