package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/forecast"
	"github.com/petalake/petalake/spec"
)

// rehearseCommand runs days of work on a simulated cloud.
type rehearseCommand struct {
	*app
	jobs    []string
	days    int
	seed    uint64
	rate    string
	steps   int
	shuffle string
	storms  float64
	log     bool
}

func (c *rehearseCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Run days of work on a simulated cloud: when done, at what cost",
		Long: `Run the fleet of lakehouse.yaml for some days on a simulated cloud, with the
decisions that it takes in AWS: when jobs are done, what it costs, what is lost
to Spot, and how other fleets do. The same seed gives the same days.`,
		Example: "petalake rehearse --job nightly=1.2PB",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	f := cmd.Flags()
	f.StringArrayVar(&c.jobs, "job", nil, "a `JOB` and what it reads, as in nightly=1.2PB; repeatable")
	f.IntVar(&c.days, "days", 7, "how many days are rehearsed; default: 7")
	f.Uint64Var(&c.seed, "seed", 1, "the `NUMBER` of the days that are drawn")
	f.StringVar(&c.rate, "rate", "11MB", "what a processor works off in a second; default: 11MB")
	f.IntVar(&c.steps, "steps", 12, "steps of a job that are committed one by one; default: 12")
	f.StringVar(&c.shuffle, "shuffle", "50%", "work of a step lost with its machine; default: 50%")
	f.Float64Var(&c.storms, "storms", forecast.Usual.Storms, "`N` times a week a zone has no Spot; default: 0.25")
	f.BoolVar(&c.log, "log", false, "show what was decided, when and why")
	return cmd
}

func (c *rehearseCommand) run() error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	if l.Fleet.Mode == spec.FleetServerless {
		return &usageError{fmt.Errorf("%s: fleet.mode: EMR Serverless chooses its machines itself, there is nothing to rehearse", l.Fleet.At("mode")), "write mode: transient, or see petalake estimate"}
	}
	work, err := c.work(l)
	if err != nil {
		return err
	}
	r, err := forecast.NewRehearsal(l, e, forecast.Options{Work: work, Days: c.days, Seed: c.seed, Storms: c.storms})
	if err != nil {
		return err
	}
	for _, w := range r.Warnings {
		c.say("%s", w)
	}
	if !l.Has("fleet") {
		c.say("lakehouse.yaml has no fleet: this is the one that it has by default")
	}
	if err := c.show(l, e, work, r); err != nil {
		return err
	}
	for _, one := range r.Results {
		if len(one.Broken) > 0 {
			return fmt.Errorf("%s: seed %d breaks a promise of the fleet: %s", one.Name, c.seed, one.Broken[0])
		}
	}
	return nil
}

// work are the jobs of --job: with the schedule of the job of lakehouse.yaml, or every night at one.
func (c *rehearseCommand) work(l *spec.Lakehouse) (all []forecast.Work, err error) {
	rate, err := spec.ParseSize(c.rate)
	shuffle, err2 := spec.ParsePercent(c.shuffle)
	switch {
	case err != nil:
		return nil, &usageError{fmt.Errorf("--rate: %w", err), ""}
	case err2 != nil:
		return nil, &usageError{fmt.Errorf("--shuffle: %w", err2), ""}
	case rate <= 0 || c.steps < 1 || c.steps > 10_000 || c.days < 1 || c.days > 400 || c.storms < 0:
		return nil, &usageError{errors.New("--rate, --steps, --days and --storms: want 1 or more, at most 10000 steps and 400 days"), ""}
	case len(c.jobs) == 0:
		return nil, &usageError{errors.New("nothing to rehearse"), "say what a job reads, as in --job nightly=1.2PB"}
	}
	for _, text := range c.jobs {
		name, size, err := jobSize(text)
		if err != nil {
			return nil, err
		}
		w := forecast.Work{Name: name, Bytes: size, Rate: float64(rate), Steps: c.steps, Shuffle: float64(shuffle) / 100}
		w.Due = forecast.Due(l.Job(name), forecast.Monday.AddDate(0, 0, c.days))
		if len(w.Due) == 0 {
			return nil, &usageError{fmt.Errorf("--job %s: it is not due within %d days", text, c.days), "raise --days"}
		}
		all = append(all, w)
	}
	return all, nil
}
