package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/aws/rehearse"
	"github.com/petalake/petalake/spec"
)

// rehearseOptions are the flags of rehearse.
type rehearseOptions struct {
	jobs    []string
	days    int
	seed    uint64
	rate    string
	steps   int
	shuffle string
	storms  float64
	log     bool
}

// monday is when a rehearsed week begins: the first day of a month too.
var monday = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func (a *app) rehearseCommand() *cobra.Command {
	o := &rehearseOptions{}
	c := &cobra.Command{
		Use:   "rehearse",
		Short: "Run days of work on a simulated cloud: when done, at what cost",
		Long: `Run the fleet of lakehouse.yaml for some days on a simulated cloud, with the
decisions that it takes in AWS: when jobs are done, what it costs, what is lost
to Spot, and how other fleets do. The same seed gives the same days.`,
		Example: "petalake rehearse --job nightly=1.2PB",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return a.rehearse(o) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.jobs, "job", nil, "a `JOB` and what it reads, as in nightly=1.2PB; repeatable")
	f.IntVar(&o.days, "days", 7, "how many days are rehearsed; default: 7")
	f.Uint64Var(&o.seed, "seed", 1, "the `NUMBER` of the days that are drawn")
	f.StringVar(&o.rate, "rate", "11MB", "what a processor works off in a second; default: 11MB")
	f.IntVar(&o.steps, "steps", 12, "steps of a job that are committed one by one; default: 12")
	f.StringVar(&o.shuffle, "shuffle", "50%", "work of a step lost with its machine; default: 50%")
	f.Float64Var(&o.storms, "storms", rehearse.Usual.Storms, "`N` times a week a zone has no Spot; default: 0.25")
	f.BoolVar(&o.log, "log", false, "show what was decided, when and why")
	return c
}

func (a *app) rehearse(o *rehearseOptions) error {
	l, place, err := a.fleetPlace()
	if err != nil {
		return err
	}
	list, err := prices(l, place.region)
	if err != nil {
		return err
	}
	work, err := o.work(l)
	if err != nil {
		return err
	}
	_, warnings, err := fleet.New(&l.Fleet, place.region, place.zones, list)
	if err != nil {
		return err
	}
	variants, err := rehearse.Variants(l.Fleet, func(f *spec.Fleet) (*fleet.Policy, error) {
		p, _, err := fleet.New(f, place.region, place.zones, list)
		return p, err
	})
	if err != nil {
		return err
	}
	for _, w := range warnings {
		a.say("%s", w)
	}
	if !l.Has("fleet") {
		a.say("lakehouse.yaml has no fleet: this is the one that it has by default")
	}
	model := rehearse.Usual
	model.Storms = o.storms
	s := rehearse.Scenario{Work: work, Start: monday, Span: time.Duration(o.days) * 24 * time.Hour, Seed: o.seed, Model: model}
	results := rehearse.All(s, variants)
	if err := a.showRehearsal(o, l, place, list, work, variants, results); err != nil {
		return err
	}
	for _, r := range results {
		if len(r.Broken) > 0 {
			return fmt.Errorf("%s: seed %d breaks a promise of the fleet: %s", r.Name, o.seed, r.Broken[0])
		}
	}
	return nil
}

// fleetFits refuses a fleet of lakehouse.yaml that nothing can serve where it is to be, and tells of one
// that may be regretted.
func (a *app) fleetFits(l *spec.Lakehouse, e *spec.Environment, list *price.List) error {
	if !l.Has("fleet") || l.Fleet.Mode == spec.FleetServerless {
		return nil
	}
	_, warnings, err := fleet.New(&l.Fleet, e.AWS.Region, e.AWS.Zones, list)
	for _, w := range warnings {
		a.say("%s", w)
	}
	return err
}

// fleetPlace is where the fleet is: the region and the zones of an environment in AWS, or those for which
// petalake brings prices along.
type fleetPlace struct {
	environment, region string
	zones               []string
}

func (a *app) fleetPlace() (*spec.Lakehouse, fleetPlace, error) {
	l, e, err := a.cloud()
	if err != nil {
		return nil, fleetPlace{}, err
	}
	if l.Fleet.Mode == spec.FleetServerless {
		return nil, fleetPlace{}, &usageError{fmt.Errorf("%s: fleet.mode: EMR Serverless chooses its machines itself, there is nothing to rehearse", l.Fleet.At("mode")), "write mode: transient, or see petalake estimate"}
	}
	return l, placeOf(e), nil
}

func placeOf(e *spec.Environment) fleetPlace {
	if e.InAWS() {
		return fleetPlace{e.Name, e.AWS.Region, e.AWS.Zones}
	}
	return fleetPlace{e.Name, price.Home, []string{price.Home + "a", price.Home + "b", price.Home + "c"}}
}

// work are the jobs of --job: with the schedule of the job of lakehouse.yaml, or every night at one.
func (o *rehearseOptions) work(l *spec.Lakehouse) (all []rehearse.Work, err error) {
	rate, err := spec.ParseSize(o.rate)
	shuffle, err2 := spec.ParsePercent(o.shuffle)
	switch {
	case err != nil:
		return nil, &usageError{fmt.Errorf("--rate: %w", err), ""}
	case err2 != nil:
		return nil, &usageError{fmt.Errorf("--shuffle: %w", err2), ""}
	case rate <= 0 || o.steps < 1 || o.steps > 10_000 || o.days < 1 || o.days > 400 || o.storms < 0:
		return nil, &usageError{errors.New("--rate, --steps, --days and --storms: want 1 or more, at most 10000 steps and 400 days"), ""}
	case len(o.jobs) == 0:
		return nil, &usageError{errors.New("nothing to rehearse"), "say what a job reads, as in --job nightly=1.2PB"}
	}
	for _, text := range o.jobs {
		name, size, err := jobSize(text)
		if err != nil {
			return nil, err
		}
		w := rehearse.Work{Name: name, Bytes: size, Rate: float64(rate), Steps: o.steps, Shuffle: float64(shuffle) / 100}
		w.Due = due(l.Job(name), monday.AddDate(0, 0, o.days))
		if len(w.Due) == 0 {
			return nil, &usageError{fmt.Errorf("--job %s: it is not due within %d days", text, o.days), "raise --days"}
		}
		all = append(all, w)
	}
	return all, nil
}

// mostRuns is how many runs of a job are rehearsed.
const mostRuns = 10_000

func due(j *spec.Job, end time.Time) (all []time.Duration) {
	next := func(t time.Time) time.Time { return t.Add(24 * time.Hour) }
	first := monday.Add(time.Hour)
	if j != nil && !j.Due(monday).IsZero() {
		next, first = j.Due, j.Due(monday.Add(-time.Second))
	}
	for t := first; !t.IsZero() && t.Before(end) && len(all) < mostRuns; t = next(t) {
		all = append(all, t.Sub(monday))
	}
	return all
}
