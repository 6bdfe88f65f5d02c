package forecast

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
)

// TestPublishedRuns holds the model against runs that others published, and the table in docs/fleet.md
// against what comes out.
func TestPublishedRuns(t *testing.T) {
	page, err := os.ReadFile("../../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		what    string
		bytes   float64
		units   int
		boot    bool          // whether the published time has the start of the cluster in it
		took    time.Duration // published
		within  float64
		machine int
	}{
		{"100 TB sort, Spark 2014", 100e12, 6592, false, 23 * time.Minute, 0.10, 32},
		{"1 PB sort, Spark 2014", 1e15, 6080, false, 234 * time.Minute, 0.10, 32},
		{"1 trillion rows, EMR 2024", 2.3e12, 128, true, 32 * time.Minute, 0.20, 4},
	} {
		node := fleet.Type{Name: "node", Units: run.machine, OnDemand: 1, Spot: 1, Band: price.Band5}
		p := &fleet.Policy{
			Mode: "transient", Min: run.units, Max: run.units, Core: run.units, OnDemand: run.units, Patience: time.Hour, Cooldown: time.Hour, Idle: time.Minute,
			Zones: []string{"a"}, Primary: []fleet.Type{node}, CoreOf: []fleet.Type{node},
		}
		var sum time.Duration
		const weeks = 50
		for seed := range uint64(weeks) {
			m := Usual
			m.ClusterLoss = 0
			if !run.boot {
				m.ClusterStart = Span{}
			}
			r := Rehearse(Scenario{Policy: p, Work: []Work{{Name: "run", Bytes: run.bytes, Rate: PublishedRate, Steps: 1, Shuffle: 0.5, Due: []time.Duration{0}}}, Start: time.Unix(0, 0).UTC(), Span: time.Hour, Seed: seed, Model: m})
			if len(r.Broken) > 0 {
				t.Fatal(r.Broken)
			}
			sum += r.Longest() - time.Minute // from the next minute on, which is when it is submitted
		}
		got := sum / weeks
		off := float64(got)/float64(run.took) - 1
		if math.Abs(off) > run.within {
			t.Errorf("%s: %s in the model, %s published", run.what, got, run.took)
		}
		if row := fmt.Sprintf("| %s | %.0f min | %.0f min | %+.0f%% |", run.what, run.took.Minutes(), got.Minutes(), 100*off); !strings.Contains(string(page), row) {
			t.Errorf("docs/fleet.md lacks the line\n%s", row)
		}
	}
}
