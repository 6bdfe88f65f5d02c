package fleet

import (
	"fmt"
	"time"
)

// resize sets the task nodes of a cluster, if they are to be others than they are.
func (d *decision) resize(c *Cluster) {
	why := d.shift(c)
	onDemand, spot := d.split(c)
	fitOnDemand, fitSpot := d.fit(c, onDemand, spot)
	if fitOnDemand == c.WantOnDemand && fitSpot == c.WantSpot {
		if fitOnDemand < onDemand && d.p.HourUSD > 0 && c.OnDemand >= fitOnDemand && c.Spot >= fitSpot {
			d.wait("%d more units on demand do not fit the limits, or the budget of an hour", onDemand-fitOnDemand)
		}
		return
	}
	if why == "" && fitOnDemand >= c.WantOnDemand && fitSpot >= c.WantSpot && fitOnDemand+fitSpot < c.WantOnDemand+c.WantSpot+d.worthwhile(c) {
		return
	}
	if why == "" {
		why = fmt.Sprintf("there is work for %d units", c.Work)
		if c.Work == 0 {
			why = "there is no work"
		}
	}
	if fitOnDemand != onDemand || fitSpot != spot {
		why += fmt.Sprintf("; %d on demand and %d Spot would not be within limits and budget at once", onDemand, spot)
	}
	if c.WantSpot < fitSpot {
		d.m.Spot = waiting{d.w.Now, c.Spot}
	}
	if c.WantOnDemand < fitOnDemand {
		d.m.OnDemand = waiting{d.w.Now, c.OnDemand}
	}
	d.do(Action{Do: Resize, Cluster: c.ID, Zone: c.Zone, OnDemand: fitOnDemand, Spot: fitSpot, Types: d.types(c.Zone)}, "%s", why)
}

// worthwhile is the least that more is ordered by: a machine, and a good part of the fleet while others are
// still on their way out, whose place it takes.
func (d *decision) worthwhile(c *Cluster) int {
	least := smallest(d.p.Task)
	if c.OnDemand > c.WantOnDemand+units(d.p.Task) || c.Spot > c.WantSpot+units(d.p.Task) {
		least = max(least, d.p.Max/16)
	}
	return least
}

// shift moves units from Spot to on demand where Spot does not come or is reclaimed, and back, a quarter
// at a time, when it was left alone for long enough. It says why.
func (d *decision) shift(c *Cluster) (why string) {
	d.m.Spot.look(d.w.Now, c.Spot, c.TargetSpot)
	d.m.OnDemand.look(d.w.Now, c.OnDemand, c.TargetOnDemand)
	missing, late := c.TargetSpot-c.Spot, d.w.Now.Sub(d.m.Spot.Since)
	lost := 0
	for _, r := range d.m.Reclaims {
		lost += r.Units
	}
	switch {
	case missing > 0 && lost*stormShare >= c.TargetSpot:
		d.m.Reclaims = nil
		return d.fallBack(min(missing, lost), fmt.Sprintf("%d units of Spot were reclaimed within %s", lost, short(stormWindow)))
	case missing > 0 && late >= d.p.Patience:
		return d.fallBack(missing, fmt.Sprintf("%d units of Spot did not come within %s", missing, short(late)))
	case d.m.Shift > 0 && c.OnDemand < c.TargetOnDemand && d.w.Now.Sub(d.m.OnDemand.Since) >= d.p.Patience:
		// Nor is there anything on demand: Spot may be back before it.
		back := min(d.m.Shift, c.TargetOnDemand-c.OnDemand)
		d.m.Shift -= back
		return fmt.Sprintf("%d units did not come on demand either: they are tried as Spot", back)
	case d.m.Shift > 0 && missing <= 0 && !d.w.Now.Before(d.m.Return):
		back := min(d.m.Shift, max(d.m.Shift/4, units(d.p.Task)))
		d.m.Shift -= back
		d.m.Return = d.w.Now.Add(d.p.Patience)
		return fmt.Sprintf("Spot is tried again, for %d units", back)
	case missing <= 0 && d.m.Shift == 0:
		d.m.Backoff = 0
	}
	return ""
}

// fallBack takes units on demand in place of Spot, for a time that is longer each time in a row.
func (d *decision) fallBack(n int, why string) string {
	before := d.m.Shift
	d.m.Shift = min(d.m.Shift+n, d.p.Max)
	rest := d.p.Cooldown << d.m.Backoff
	d.m.Backoff = min(d.m.Backoff+1, longestBackoff)
	d.m.Return = d.w.Now.Add(rest)
	d.m.Spot.Since = d.w.Now
	return fmt.Sprintf("%s: %d on demand in their place, Spot again after %s", why, d.m.Shift-before, short(rest))
}

// look notes whether something of an order came.
func (o *waiting) look(now time.Time, has, want int) {
	if has >= want || has > o.Had || o.Since.IsZero() {
		o.Since = now
	}
	o.Had = has
}

// split divides the units that the work wants into on demand and Spot, core nodes left out.
func (d *decision) split(c *Cluster) (onDemand, spot int) {
	p := d.p
	task := min(max(c.Work, p.Min), p.Max) - p.Core
	most := p.OnDemand - p.Core
	spot = task * p.SpotShare / 100
	if p.SpotShare > 0 {
		spot = max(spot, task-most) // what may not be on demand
	}
	d.m.Shift = min(d.m.Shift, spot)
	shift := max(0, min(d.m.Shift, most-(task-spot)))
	return min(task-spot+shift, most), spot - shift
}

// fit makes a wish fit the limits and the budget, whatever machines come for it: an order may be exceeded
// by a part of the largest machine, and be filled with the dearest; what runs counts also where it is
// about to go.
func (d *decision) fit(c *Cluster, onDemand, spot int) (int, int) {
	p := d.p
	cut := func(want *int, has, by int) {
		if by > 0 {
			*want = max(min(*want, max(0, has-units(p.Task)+1)), *want-by)
		}
	}
	cut(&onDemand, c.OnDemand, p.Core+p.order(onDemand, c.OnDemand)-p.OnDemand)
	cut(&spot, c.Spot, p.Core+p.order(onDemand, c.OnDemand)+p.order(spot, c.Spot)-p.Max)
	cut(&onDemand, c.OnDemand, p.Core+p.order(onDemand, c.OnDemand)+p.order(spot, c.Spot)-p.Max)
	budget := d.budget()
	if budget < 0 || len(p.Task) == 0 {
		return onDemand, spot
	}
	base, unitOnDemand, unitSpot := p.base(), dearest(p.Task, onDemandOf), dearest(p.Task, d.spotNow)
	cost := func(onDemand, spot int, drift float64) float64 {
		return base + float64(p.order(onDemand, c.OnDemand))*unitOnDemand + float64(p.order(spot, c.Spot))*unitSpot*drift
	}
	// What was ordered before stays while the budget pays for it, and not for another machine: prices that
	// move a little move nothing.
	if c.WantOnDemand <= onDemand && c.WantSpot <= spot &&
		cost(c.WantOnDemand, c.WantSpot, keep) <= budget && cost(c.WantOnDemand, c.WantSpot+smallest(p.Task), drift) > budget {
		return c.WantOnDemand, c.WantSpot
	}
	cut(&onDemand, c.OnDemand, ceil((cost(onDemand, spot, drift)-budget)/unitOnDemand))
	cut(&spot, c.Spot, ceil((cost(onDemand, spot, drift)-budget)/unitSpot))
	return onDemand, spot
}

// order is what units of one kind may come to, where some run and some are wanted.
func (p *Policy) order(want, has int) int {
	if want > 0 {
		want += units(p.Task) - 1
	}
	return max(want, has)
}

// budget is what an hour may cost now: what the policy says, or less where the month's is nearly spent.
// It is negative where there is no bound.
func (d *decision) budget() float64 {
	usd := -1.0
	if d.p.HourUSD > 0 {
		usd = d.p.HourUSD
	}
	if d.p.MonthUSD > 0 {
		if left := max(0, d.p.MonthUSD-d.w.MonthUSD) / reserve.Hours() / drift; usd < 0 || left < usd {
			usd = left
		}
	}
	return usd
}

// spotNow is the price of a type as Spot, at the price of now.
func (d *decision) spotNow(t Type) float64 {
	if usd, ok := d.w.Prices[t.Name]; ok {
		return usd + t.Fixed
	}
	return t.Spot
}

func ceil(f float64) int {
	n := int(f)
	if float64(n) < f {
		n++
	}
	return n
}

func smallest(types []Type) int {
	if len(types) == 0 {
		return 0
	}
	n := types[0].Units
	for _, t := range types {
		n = min(n, t.Units)
	}
	return n
}
