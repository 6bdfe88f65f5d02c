package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	stormWindow     = 10 * time.Minute // within which what is reclaimed counts together
	stormShare      = 4                // a quarter of the Spot that was ordered is a storm: nobody waits any more
	lossWindow      = 2 * time.Hour
	lossesUntilSafe = 2               // clusters lost within the window, until the next one has no Spot
	longestBackoff  = 4               // doublings of the cooldown
	fewestPools     = 3               // below which no pool is left alone
	drift           = 1.05            // how much dearer Spot may become before the next decision takes hold
	keep            = 1.025           // and until what was ordered is cut
	reserve         = 6 * time.Minute // that is kept of a month's budget, for the end of a cluster
	firstRun        = time.Hour       // that a month's budget must pay for, or no cluster is launched
)

// pool names an instance type in a zone. Without a type it is the zone.
func pool(name, zone string) string { return name + ":" + zone }

// Decide says what to do in a world, and what to remember of it. It changes neither of its arguments.
func Decide(p *Policy, w World, m Memory) ([]Action, Memory) {
	d := decision{p: p, w: w, m: m}
	d.m.Left = maps.Clone(m.Left)
	if d.m.Left == nil {
		d.m.Left = map[string]time.Time{}
	}
	d.m.Losses, d.m.Reclaims = slices.Clone(m.Losses), slices.Clone(m.Reclaims)
	d.forget()
	d.listen()
	d.decide()
	return d.actions, d.m
}

// decision is one call of Decide.
type decision struct {
	p       *Policy
	w       World
	m       Memory
	actions []Action
}

func (d *decision) do(a Action, format string, args ...any) {
	a.Reason = fmt.Sprintf(format, args...)
	d.m.Said = ""
	d.actions = append(d.actions, a)
}

// wait says why nothing is done, once.
func (d *decision) wait(format string, args ...any) {
	if reason := fmt.Sprintf(format, args...); reason != d.m.Said {
		d.do(Action{Do: Wait}, "%s", reason)
		d.m.Said = reason
	}
}

// forget drops what no longer counts.
func (d *decision) forget() {
	now := d.w.Now
	maps.DeleteFunc(d.m.Left, func(_ string, until time.Time) bool { return !until.After(now) })
	d.m.Losses = slices.DeleteFunc(d.m.Losses, func(at time.Time) bool { return now.Sub(at) > lossWindow })
	d.m.Reclaims = slices.DeleteFunc(d.m.Reclaims, func(r reclaimed) bool { return now.Sub(r.At) > stormWindow })
}

// listen notes what the cloud said: which pools to leave alone, and how much was reclaimed.
func (d *decision) listen() {
	until := d.w.Now.Add(d.p.Cooldown)
	for _, n := range d.w.Notices {
		if n.Kind != NoOnDemand {
			d.m.Left[pool(n.Type, n.Zone)] = until
		}
		if n.Kind == Reclaim {
			d.m.Reclaims = append(d.m.Reclaims, reclaimed{d.w.Now, n.Units})
		}
	}
}

func (d *decision) decide() {
	c := d.w.Cluster
	if c != nil && c.State == Lost {
		d.m.Losses = append(d.m.Losses, d.w.Now)
		d.m.Left[pool("", c.Zone)] = d.w.Now.Add(d.p.Cooldown)
		c = nil
	}
	switch {
	case c == nil:
		if len(d.w.Jobs) > 0 || d.p.Mode == "persistent" {
			d.launch()
		}
	case d.broke(c.RateUSD, reserve):
		d.do(Action{Do: End, Cluster: c.ID}, "the budget of the month, $%.0f, is spent: $%.2f", d.p.MonthUSD, d.w.MonthUSD)
	case len(d.w.Jobs) == 0 && d.p.Mode != "persistent" && !c.IdleSince.IsZero() && d.w.Now.Sub(c.IdleSince) >= d.p.Idle:
		d.do(Action{Do: End, Cluster: c.ID}, "no work for %s", short(d.w.Now.Sub(c.IdleSince)))
	default:
		d.submit(c)
		if c.State == Running {
			d.resize(c)
		}
	}
}

// broke says that the budget of the month does not pay a rate for a time.
func (d *decision) broke(rate float64, span time.Duration) bool {
	return d.p.MonthUSD > 0 && d.w.MonthUSD+rate*drift*span.Hours() > d.p.MonthUSD
}

// submit sends the jobs that run nowhere to a cluster, behind what they have committed.
func (d *decision) submit(c *Cluster) {
	for _, j := range d.w.Jobs {
		behind := fmt.Sprintf("it goes on behind step %d", j.Step)
		if j.Steps > 0 {
			behind += fmt.Sprintf(" of %d", j.Steps)
		}
		switch {
		case j.Cluster == c.ID:
		case j.Cluster == "" && j.Step == 0:
			d.do(Action{Do: Submit, Cluster: c.ID, Job: j.ID}, "it is due")
		case j.Cluster == "":
			d.do(Action{Do: Submit, Cluster: c.ID, Job: j.ID, Step: j.Step}, "%s", behind)
		default:
			d.do(Action{Do: Submit, Cluster: c.ID, Job: j.ID, Step: j.Step}, "cluster %s is lost: %s", j.Cluster, behind)
		}
	}
}

// launch makes a cluster, in the zone with the most pools that are not left alone.
func (d *decision) launch() {
	p := d.p
	base := p.base()
	switch {
	case d.broke(base, firstRun):
		d.wait("the budget of the month, $%.0f, does not pay for another hour: $%.2f are spent", p.MonthUSD, d.w.MonthUSD)
		return
	case p.HourUSD > 0 && base > p.HourUSD:
		d.wait("the budget of an hour, $%.0f, does not pay for a cluster without task nodes, which costs $%.2f", p.HourUSD, base)
		return
	}
	zone := d.zone()
	d.m.Spot, d.m.OnDemand, d.m.Shift, d.m.Backoff = waiting{Since: d.w.Now}, waiting{Since: d.w.Now}, 0, 0
	d.m.Reclaims = nil
	why := fmt.Sprintf("%d jobs are due", len(d.w.Jobs))
	switch len(d.w.Jobs) {
	case 0:
		why = "the fleet is persistent"
	case 1:
		why = d.w.Jobs[0].ID + " is due"
	}
	if len(d.m.Losses) >= lossesUntilSafe {
		d.m.Shift, d.m.Return = p.Max, d.w.Now.Add(lossWindow)
		why += fmt.Sprintf("; on demand, as %d clusters were lost in %s", len(d.m.Losses), short(lossWindow))
	}
	work := 0
	for _, j := range d.w.Jobs {
		work += j.Units
	}
	fresh := &Cluster{Zone: zone, Work: work}
	onDemand, spot := d.split(fresh)
	onDemand, spot = d.fit(fresh, onDemand, spot)
	d.do(Action{Do: Launch, Zone: zone, OnDemand: onDemand, Spot: spot, Types: d.types(zone)}, "%s; zone %s has %d of %d pools", why, zone, d.pools(zone), len(p.Task))
}

// zone is the one with the most pools that are not left alone. Where all zones are, it is the one that is
// so for the shortest time: work is never given up.
func (d *decision) zone() string {
	return slices.MaxFunc(d.p.Zones, func(a, b string) int {
		if left := d.m.Left[pool("", b)].Compare(d.m.Left[pool("", a)]); left != 0 {
			return left
		}
		if n := d.pools(a) - d.pools(b); n != 0 {
			return n
		}
		return strings.Compare(b, a)
	})
}

// pools are how many types are not left alone in a zone.
func (d *decision) pools(zone string) (n int) {
	for _, t := range d.p.Task {
		if _, left := d.m.Left[pool(t.Name, zone)]; !left {
			n++
		}
	}
	return n
}

// types are those to choose from in a zone: those that are not left alone, or all where these are few.
func (d *decision) types(zone string) (out []string) {
	few := d.pools(zone) < fewestPools
	for _, t := range d.p.Task {
		if _, left := d.m.Left[pool(t.Name, zone)]; few || !left {
			out = append(out, t.Name)
		}
	}
	return out
}

func short(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Second).String(), "0s"), "h0m") + map[bool]string{true: "h"}[d%time.Hour == 0 && d > 0]
}
