package forecast

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
)

func sortByDue(all []*Run) {
	slices.SortStableFunc(all, func(a, b *Run) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), strings.Compare(a.Name, b.Name))
	})
}

// begin starts a run on a cluster, behind what it has committed.
func (r *Run) begin(cluster string, now time.Duration) {
	if r.cluster == cluster {
		return
	}
	r.cluster, r.paused = cluster, 0
	r.Clusters++
	if r.Started < 0 {
		r.Started = now
	}
}

// drop loses all of the step that is under way, with its cluster. It says how much that was.
func (r *Run) drop() float64 {
	lost := r.done
	r.done = 0
	return lost
}

// lose loses what a part of the machines has done of the step that is under way, as far as others need it.
func (r *Run) lose(part float64) float64 {
	lost := r.done * part * r.work.Shuffle
	r.done -= lost
	return lost
}

// work lets the runs of a cluster work for a minute. They share its machines evenly.
func (c *cloud) work() {
	k := c.cluster
	if k == nil || k.state != fleet.Running {
		return
	}
	var active []*Run
	for _, r := range c.runs {
		if r.cluster == k.id {
			active = append(active, r)
		}
	}
	if len(active) == 0 {
		if k.idle < 0 {
			k.idle = c.now
		}
		return
	}
	k.idle = -1
	units := float64(c.p.Core)
	for _, n := range k.nodes {
		if n.ready <= c.now && n.drain == 0 && n.ends == 0 {
			units += float64(n.pool.typ.Units)
		}
	}
	for _, r := range active {
		r.advance(c, units/float64(len(active)))
	}
	c.runs = slices.DeleteFunc(c.runs, func(r *Run) bool { return r.Finished >= 0 })
}

// advance works for a minute on a number of units.
func (r *Run) advance(c *cloud, units float64) {
	left := tick.Seconds()
	step := r.work.seconds() / float64(r.work.Steps)
	for left > 0 {
		if r.paused > 0 {
			used := min(r.paused, left)
			r.paused -= used
			left -= used
			continue
		}
		if r.step == r.work.Steps {
			r.Finished = c.now + tick - time.Duration(left*float64(time.Second))
			return
		}
		need := (step - r.done) / units
		if need > left {
			r.done += left * units
			return
		}
		left -= need
		c.out.WorkHours += step / 3600
		r.step++
		r.done, r.paused = 0, c.m.StepOverhead.Seconds()
	}
}

// grant brings what was ordered just now, and counts what came.
func (c *cloud) grant() {
	k := c.cluster
	if k == nil || k.state == fleet.Lost || k.fails {
		return
	}
	onDemand, spot := k.units()
	c.bring(k, true, k.wantSpot-spot)
	c.bring(k, false, k.wantOnDemand-onDemand)
}

// skip lets time pass in which there is nothing.
func (c *cloud) skip(to time.Duration) {
	for c.now+tick < to {
		c.now += tick
		c.calendar()
		if c.now%sampleEvery == 0 {
			c.out.Samples = append(c.out.Samples, Sample{At: c.now})
		}
	}
	c.weather()
}

// sample notes what there is, every ten minutes.
func (c *cloud) sample() {
	c.out.PeakUSD = max(c.out.PeakUSD, c.rate())
	if c.now%sampleEvery != 0 {
		return
	}
	s := Sample{At: c.now, USD: c.rate(), Waiting: len(c.runs)}
	if k := c.cluster; k != nil && k.state != fleet.Lost {
		s.OnDemand, s.Spot = k.units()
		s.OnDemand += c.p.Core
	}
	c.out.Samples = append(c.out.Samples, s)
}

func (r *Result) log(at time.Duration, a fleet.Action) { r.Told = append(r.Told, Told{at, a}) }
