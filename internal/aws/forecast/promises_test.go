package forecast

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/spec"
)

var (
	rehearsals = flag.Int("rehearsals", 0, "how many random rehearsals are run; 0: as many as the kind of run has")
	one        = flag.Uint64("seed", 0, "run this rehearsal alone, and tell what it did")
)

// TestPromises runs random fleets through random storms. None breaks a limit or a budget, none loses a job,
// and all end.
func TestPromises(t *testing.T) {
	list, _ := price.Of(price.Home)
	if *one > 0 {
		s, _ := randomScenario(*one, list)
		r := Rehearse(s)
		for _, told := range r.Told {
			t.Logf("%9s %s %s od=%d spot=%d %s: %s", told.At, told.Action.Do, told.Action.Job, told.Action.OnDemand, told.Action.Spot, told.Action.Zone, told.Action.Reason)
		}
		judge(t, *one, s, r)
		t.Logf("%+v", s.Policy)
		return
	}
	// A rehearsal has a dozen settings drawn at random: 3,000 have each pair of their values many times over.
	n := cmp.Or(*rehearsals, sweep.Of(500, 3000, 100_000))
	var seed, made atomic.Uint64
	var seen sums
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for made.Load() < uint64(n) && !t.Failed() {
				k := seed.Add(1)
				s, ok := randomScenario(k, list)
				if !ok {
					continue
				}
				made.Add(1)
				r := Rehearse(s)
				judge(t, k, s, r)
				seen.add(s, r)
			}
		})
	}
	wg.Wait()
	t.Log(&seen)
	seen.meaningful(t)
}

// judge holds a rehearsal against what is promised.
func judge(t *testing.T, seed uint64, s Scenario, r *Result) {
	t.Helper()
	if len(r.Broken) > 0 {
		t.Errorf("-seed %d: %s", seed, strings.Join(r.Broken, "\n\t"))
	}
	if r.Done() == len(r.Runs) {
		return
	}
	// What is not done must have been told to wait for money.
	last, waited := fleet.Action{}, false
	for _, told := range r.Told {
		last = told.Action
		waited = waited || last.Do == fleet.Wait && strings.Contains(last.Reason, "budget of the month")
	}
	if s.Policy.MonthUSD == 0 || !waited {
		t.Errorf("-seed %d: %d of %d jobs are done after %s, and the last that was heard is %q", seed, r.Done(), len(r.Runs), r.End, last.Reason)
	}
}

// randomScenario draws a fleet, work for it, and weather; false where lakehouse.yaml would be refused.
func randomScenario(seed uint64, list *price.List) (Scenario, bool) {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(all ...int) int { return all[r.IntN(len(all))] }
	most := pick(8, 12, 16, 32, 64, 100, 128, 256, 500, 1024, 2048)
	f := &spec.Fleet{
		Mode:     []string{"transient", "transient", "transient", "persistent"}[r.IntN(4)],
		Workload: []string{"memory", "compute", "balanced"}[r.IntN(3)],
		Graviton: []string{"prefer", "only", "never"}[r.IntN(3)],
		Max:      most, Spot: spec.Percent(pick(0, 30, 80, 100, 100, 100)),
		Patience: spec.Duration(time.Duration(pick(5, 10, 30)) * time.Minute),
		Cooldown: spec.Duration(time.Duration(pick(1, 5, 20, 60)) * time.Minute),
		Idle:     spec.Duration(time.Duration(pick(1, 15, 60)) * time.Minute),
		Disk:     spec.Size(pick(8, 32, 128)) << 30,
		Release:  "emr-spark-8.1.0",
	}
	f.Min = 4 + r.IntN(most/2)
	f.OnDemand = max(4, r.IntN(most+1))
	f.Core = max(4, min(f.Min, f.OnDemand)/pick(1, 2)/4*4)
	if f.Core > min(f.Min, f.OnDemand) {
		return Scenario{}, false
	}
	if r.IntN(2) == 0 {
		f.Budget.Hour = 1 + r.IntN(max(1, most/8))
	}
	if r.IntN(4) == 0 {
		f.Budget.Month = 1 + r.IntN(most)
	}
	zones := []string{"a", "b", "c"}[:1+r.IntN(3)]
	p, _, err := fleet.New(f, "us-east-1", zones, list)
	if err != nil {
		return Scenario{}, false
	}
	s := Scenario{Policy: p, Seed: seed, Span: time.Duration(6+r.IntN(24)) * time.Hour, Model: randomModel(r)}
	s.Start = time.Date(2026, 12, 1+r.IntN(31), r.IntN(24), 0, 0, 0, time.UTC)
	for j := range 1 + r.IntN(3) {
		// Each step is done within 20 minutes on core nodes alone, and all within about the span: a cluster
		// that is lost every few hours gets there.
		w := Work{Name: fmt.Sprintf("job%d", j), Rate: PublishedRate, Steps: 1 + r.IntN(int(s.Span/time.Hour)), Shuffle: r.Float64()}
		w.Bytes = w.Rate * 3600 * float64(p.Core) * float64(w.Steps) * r.Float64() / 3
		for range 1 + r.IntN(3) {
			w.Due = append(w.Due, time.Duration(r.Int64N(int64(s.Span))).Truncate(time.Minute))
		}
		s.Work = append(s.Work, w)
	}
	return s, true
}

func randomModel(r *rand.Rand) Model {
	m := Usual
	scale := func(v *float64, most float64) {
		if r.IntN(2) == 0 {
			*v *= 1 + most*r.Float64()
		}
	}
	scale(&m.Interrupts, 500)
	scale(&m.Storms, 200)
	scale(&m.OnDemandGone, 100)
	scale(&m.ClusterLoss, 300)
	scale(&m.DepthHigh, 3)
	if r.IntN(3) == 0 {
		m.DepthLow, m.DepthHigh = 8, 64
	}
	m.Drought = time.Duration(1+r.IntN(300)) * time.Minute
	m.OnDemandDry = time.Duration(1+r.IntN(120)) * time.Minute
	m.StormLength = time.Duration(1+r.IntN(12)) * time.Hour
	m.Reclaimed, m.Warned = r.Float64(), r.Float64()
	return m
}

// sums say what the rehearsals went through: a test in which nothing happens proves nothing.
type sums struct {
	mu                                                                      sync.Mutex
	rehearsals, runs, reclaimed, lost, back, fell, waits, atLimit, atBudget int
}

func (x *sums) add(s Scenario, r *Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rehearsals++
	x.runs += len(r.Runs)
	x.reclaimed += r.Reclaimed
	x.lost += r.Lost
	for _, told := range r.Told {
		switch reason := told.Action.Reason; {
		case strings.HasPrefix(reason, "Spot is tried again"):
			x.back++
		case strings.Contains(reason, "in their place"):
			x.fell++
		case told.Action.Do == fleet.Wait:
			x.waits++
		}
	}
	if s.Policy.HourUSD > 0 && r.PeakUSD > 0.6*s.Policy.HourUSD {
		x.atBudget++
	}
	for _, at := range r.Samples {
		if at.OnDemand+at.Spot > s.Policy.Max-4 {
			x.atLimit++
			break
		}
	}
}

func (x *sums) String() string {
	return fmt.Sprintf("%d rehearsals, %d runs of jobs; %d machines reclaimed, %d clusters lost; %d times on demand in place of Spot, %d times back; %d waits; %d near max, %d near the budget of an hour",
		x.rehearsals, x.runs, x.reclaimed, x.lost, x.fell, x.back, x.waits, x.atLimit, x.atBudget)
}

func (x *sums) meaningful(t *testing.T) {
	least := x.rehearsals / 50
	for what, n := range map[string]int{"machines reclaimed": x.reclaimed, "clusters lost": x.lost, "times on demand in place of Spot": x.fell, "times back to Spot": x.back, "near max": x.atLimit, "near the budget of an hour": x.atBudget, "waits": x.waits} {
		if n < least {
			t.Errorf("only %d %s in %d rehearsals: the storms are too mild to prove anything", n, what, x.rehearsals)
		}
	}
}
