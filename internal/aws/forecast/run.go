package forecast

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// Scenario is what is rehearsed.
type Scenario struct {
	Name   string
	Policy *fleet.Policy
	Work   []Work
	Start  time.Time
	Span   time.Duration
	Seed   uint64
	Model  Model
}

// Run is one run of a job in a rehearsal. Times are since the start of it; those that did not come are negative.
type Run struct {
	Name     string
	Due      time.Duration
	Started  time.Duration
	Finished time.Duration
	Clusters int // that it ran on

	work    *Work
	cluster string
	step    int     // committed
	done    float64 // seconds of a unit, of the step that is under way
	paused  float64 // seconds that are still only the driver's
}

// Told is an action, when it was done.
type Told struct {
	At     time.Duration
	Action fleet.Action
}

// Sample is what there was at a time.
type Sample struct {
	At       time.Duration
	OnDemand int // units, core included
	Spot     int
	USD      float64 // an hour
	Waiting  int     // jobs that are not done
}

// Result is what came of a scenario.
type Result struct {
	Name        string
	USD         float64
	SpotUSD     float64
	SpotHours   float64 // of a unit
	DemandHours float64
	WorkHours   float64 // of a unit, that the work takes
	LostHours   float64 // of a unit, that were done in vain
	Reclaimed   int     // machines
	Clusters    int
	Lost        int // clusters
	PeakUSD     float64
	Runs        []*Run
	Told        []Told
	Samples     []Sample
	End         time.Duration
	Broken      []string // promises that did not hold, and when
}

// OnDemandShare is the part of all units that was on demand.
func (r *Result) OnDemandShare() float64 {
	if all := r.SpotHours + r.DemandHours; all > 0 {
		return r.DemandHours / all
	}
	return 0
}

// Done are the runs that were finished.
func (r *Result) Done() (n int) {
	for _, run := range r.Runs {
		if run.Finished >= 0 {
			n++
		}
	}
	return n
}

const (
	sampleEvery = 10 * time.Minute
	patience    = 8 // spans until jobs that are not done are given up by the rehearsal
)

// Rehearse runs a scenario to its end: until its span is over and its jobs are done, or eight times the span.
func Rehearse(s Scenario) *Result {
	out := &Result{Name: s.Name}
	c := newCloud(&s, out)
	var memory fleet.Memory
	watch := promises{policy: s.Policy}
	due := s.due()
	for c.now < s.Span || len(c.runs) > 0 && c.now < patience*s.Span {
		for len(due) > 0 && due[0].Due <= c.now {
			c.runs, due = append(c.runs, due[0]), due[1:]
			out.Runs = append(out.Runs, c.runs[len(c.runs)-1])
		}
		var actions []fleet.Action
		var err error
		if memory, actions, err = fleet.Step(context.Background(), s.Policy, c, memory); err != nil {
			out.Broken = append(out.Broken, err.Error())
		}
		c.grant()
		watch.check(c, actions)
		c.sample()
		c.pass()
		if len(c.runs) == 0 && c.cluster == nil && len(due) > 0 && s.Policy.Mode != "persistent" {
			c.skip(min(due[0].Due, s.Span))
		} else if len(c.runs) == 0 && c.cluster == nil && len(due) == 0 && s.Policy.Mode != "persistent" {
			c.skip(s.Span)
		}
	}
	out.End = c.now
	return out
}

// due are the runs of a scenario, in the order in which they are due.
func (s *Scenario) due() []*Run {
	var all []*Run
	for i := range s.Work {
		w := &s.Work[i]
		for n, at := range w.Due {
			if at < s.Span {
				all = append(all, &Run{Name: fmt.Sprintf("%s-%d", w.Name, n+1), Due: at, Started: -1, Finished: -1, work: w})
			}
		}
	}
	sortByDue(all)
	return all
}

// took are the times from due to done of the runs that are done, the shortest first.
func (r *Result) took() (all []time.Duration) {
	for _, run := range r.Runs {
		if run.Finished >= 0 {
			all = append(all, run.Finished-run.Due)
		}
	}
	slices.Sort(all)
	return all
}

// Typical is the time from due to done of the run in the middle; 0 where none is done.
func (r *Result) Typical() time.Duration {
	all := r.took()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}

// Longest is the time from due to done of the run that took longest; 0 where none is done.
func (r *Result) Longest() time.Duration {
	all := r.took()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1]
}
