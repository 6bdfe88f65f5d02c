package forecast

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// Monday is when a rehearsed week begins: the first day of a month too.
var Monday = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// Options say what is rehearsed of a lakehouse.
type Options struct {
	Work   []Work
	Days   int
	Seed   uint64
	Storms float64 // a week and zone, as in Model
}

// Rehearsal is what came of the fleet of a lakehouse, and of others in its place.
type Rehearsal struct {
	Prices   string // the region of the prices
	Warnings []fleet.Warning
	Variants []Variant // the first is the fleet as it is described
	Results  []*Result // of each
}

// NewRehearsal rehearses the fleet of a lakehouse in an environment, on a cloud that behaves as usual.
func NewRehearsal(l *spec.Lakehouse, e *spec.Environment, o Options) (*Rehearsal, error) {
	region, _ := fleet.Where(e)
	list, err := price.Beside(filepath.Dir(l.File), region)
	if err != nil {
		return nil, err
	}
	r := &Rehearsal{Prices: list.Region}
	if _, r.Warnings, err = fleet.Of(&l.Fleet, e, list); err != nil {
		return nil, err
	}
	r.Variants, err = Variants(l.Fleet, func(f *spec.Fleet) (*fleet.Policy, error) {
		p, _, err := fleet.Of(f, e, list)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	model := Usual
	model.Storms = o.Storms
	r.Results = All(Scenario{Work: o.Work, Start: Monday, Span: time.Duration(o.Days) * 24 * time.Hour, Seed: o.Seed, Model: model}, r.Variants)
	return r, nil
}

// mostRuns is how many runs of a job are rehearsed.
const mostRuns = 10_000

// Due are the times from Monday until an end at which a job is due: by its schedule, or every night at one where it has
// none, or there is no such job.
func Due(j *spec.Job, end time.Time) (all []time.Duration) {
	next := func(t time.Time) time.Time { return t.Add(24 * time.Hour) }
	first := Monday.Add(time.Hour)
	if j != nil && !j.Due(Monday).IsZero() {
		next, first = j.Due, j.Due(Monday.Add(-time.Second))
	}
	for t := first; !t.IsZero() && t.Before(end) && len(all) < mostRuns; t = next(t) {
		all = append(all, t.Sub(Monday))
	}
	return all
}

// String is what was done, as in "launch to 64 on demand and 192 Spot in us-east-1a: the queue is long", with its day
// and time.
func (t Told) String() string {
	what := string(t.Action.Do)
	switch t.Action.Do {
	case fleet.Launch, fleet.Resize:
		what += fmt.Sprintf(" to %d on demand and %d Spot", t.Action.OnDemand, t.Action.Spot)
		if t.Action.Do == fleet.Launch {
			what += " in " + t.Action.Zone
		}
	case fleet.Submit:
		what += " " + t.Action.Job
	}
	return fmt.Sprintf("day %d %02d:%02d  %s: %s", int(t.At.Hours())/24+1, int(t.At.Hours())%24, int(t.At.Minutes())%60, what, t.Action.Reason)
}
