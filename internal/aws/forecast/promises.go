package forecast

import (
	"fmt"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// promises watches over what package fleet promises.
type promises struct {
	policy *fleet.Policy
	steps  map[string]int // that a run had committed
}

func (w *promises) check(c *cloud, actions []fleet.Action) {
	p := w.policy
	broken := func(format string, args ...any) {
		if len(c.out.Broken) < 20 {
			c.out.Broken = append(c.out.Broken, fmt.Sprintf("at %s: ", c.now)+fmt.Sprintf(format, args...))
		}
	}
	for _, a := range actions {
		if a.Reason == "" {
			broken("%s without a reason", a.Do)
		}
		if a.Do == fleet.Launch || a.Do == fleet.Resize {
			if p.Core+a.OnDemand > p.OnDemand || p.Core+a.OnDemand+a.Spot > p.Max || a.OnDemand < 0 || a.Spot < 0 {
				broken("%d on demand and %d Spot are ordered besides %d core", a.OnDemand, a.Spot, p.Core)
			}
		}
	}
	if k := c.cluster; k != nil && k.state != fleet.Lost {
		onDemand, spot := k.units()
		if p.Core+onDemand+spot > p.Max {
			broken("%d units run, and max is %d", p.Core+onDemand+spot, p.Max)
		}
		if p.Core+onDemand > p.OnDemand {
			broken("%d units run on demand, and max_on_demand is %d", p.Core+onDemand, p.OnDemand)
		}
	}
	if rate := c.rate(); p.HourUSD > 0 && rate > p.HourUSD && (c.cluster == nil || c.cluster.state != fleet.Lost) {
		broken("an hour costs $%.2f, and the budget is $%.0f", rate, p.HourUSD)
	}
	if p.MonthUSD > 0 && c.spent > p.MonthUSD {
		broken("$%.2f are spent in the month, and the budget is $%.0f", c.spent, p.MonthUSD)
	}
	w.jobs(c, broken)
}

// jobs checks that none is lost: each is done, or runs on the cluster there is, or waits; and what it has
// committed stays.
func (w *promises) jobs(c *cloud, broken func(format string, args ...any)) {
	if w.steps == nil {
		w.steps = map[string]int{}
	}
	for _, r := range c.out.Runs {
		if r.step < w.steps[r.Name] {
			broken("%s had %d steps, and has %d", r.Name, w.steps[r.Name], r.step)
		}
		w.steps[r.Name] = r.step
		if done := r.Finished >= 0; done && r.step != r.work.Steps {
			broken("%s is done with %d of %d steps", r.Name, r.step, r.work.Steps)
		}
	}
	running := c.cluster != nil && c.cluster.state == fleet.Running
	for _, r := range c.runs {
		if running && r.cluster != c.cluster.id {
			broken("%s is not on the cluster that runs", r.Name)
		}
	}
}
