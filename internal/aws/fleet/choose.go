package fleet

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

const (
	mostTypes   = 18 // of a task fleet; EMR takes 30
	leastTypes  = 10 // below which Spot is scarce too often, as AWS advises for EMR
	leastZones  = 3
	ofFamily    = 3    // types of one family: sizes of it share capacity
	x86Handicap = 1.15 // where Graviton is preferred
)

// gibOf is the memory of a processor by workload.
var gibOf = map[string]float64{"memory": 8, "compute": 2, "balanced": 4}

// chooser ranks instance types for a fleet.
type chooser struct {
	f    *spec.Fleet
	list *price.List
	all  []price.Instance // that EMR takes
}

// choose sets the types: for tasks by the price of Spot and how often it is reclaimed, for core and
// primary nodes by the price on demand.
func (p *Policy) choose(f *spec.Fleet, list *price.List) {
	c := newChooser(f, list)
	task := c.named()
	if len(f.Types) == 0 {
		task = c.task(p.Max)
	}
	p.Task, p.CoreOf, p.Primary = c.types(task), c.types(c.core(p.Core)), c.types(c.primary(p.Max))
}

func newChooser(f *spec.Fleet, list *price.List) *chooser {
	c := &chooser{f: f, list: list}
	for _, i := range list.Instances() {
		if c.usable(i) {
			c.all = append(c.all, i)
		}
	}
	return c
}

// usable leaves out what EMR does not take, old generations, and machines without a hypervisor, which
// start slowly.
func (c *chooser) usable(i price.Instance) bool {
	arm := i.Graviton()
	return i.EMR && i.VCPU >= 4 && i.Generation() >= 5 && !strings.Contains(i.Type, "metal") &&
		!(c.f.Graviton == "only" && !arm || c.f.Graviton == "never" && arm)
}

// shaped are those with the memory of a workload, of its plain families.
func (c *chooser) shaped(workload string) (out []price.Instance) {
	letter := map[string]string{"memory": "r", "compute": "c", "balanced": "m"}[workload]
	for _, i := range c.all {
		if strings.HasPrefix(i.Type, letter) && math.Abs(i.Memory/float64(i.VCPU)-gibOf[workload]) < 0.5 {
			out = append(out, i)
		}
	}
	return out
}

// named are the types of lakehouse.yaml that EMR takes.
func (c *chooser) named() (out []price.Instance) {
	for _, i := range c.all {
		if slices.Contains(c.f.Types, i.Type) {
			out = append(out, i)
		}
	}
	return out
}

// task are the types of task nodes. A processor counts by what an hour of it costs as Spot with EMR, and
// more the more often it is reclaimed: what is reclaimed is done again.
func (c *chooser) task(most int) []price.Instance {
	low, high := sizes(most)
	var all, arm []price.Instance
	for _, i := range c.shaped(c.f.Workload) {
		if i.VCPU >= low && i.VCPU <= high && i.Band != price.BandUnknown {
			all = append(all, i)
		}
	}
	c.rank(all, func(i price.Instance) float64 {
		low, high := i.Band.Bounds()
		return (i.Spot() + c.list.Uplift(i)) * (1 + (low+high)/2)
	})
	for _, i := range all {
		if i.Graviton() {
			arm = append(arm, i)
		}
	}
	// One architecture, where it is diverse enough: programs may bring native code along.
	if arm = diverse(arm); c.f.Graviton == "prefer" && len(arm) >= leastTypes {
		return arm
	}
	return diverse(all)
}

// sizes are the fewest and the most processors of a machine, by those of the fleet: not so small that there
// are too many to manage, not so large that one is much of the fleet.
func sizes(most int) (low, high int) {
	return min(16, max(4, power(most/256))), min(64, max(4, power(most/16)))
}

// power is the largest power of two up to n.
func power(n int) int {
	p := 1
	for 2*p <= n {
		p *= 2
	}
	return p
}

// diverse takes the first types, but few of a family.
func diverse(all []price.Instance) (out []price.Instance) {
	of := map[string]int{}
	for _, i := range all {
		if of[i.Family()]++; of[i.Family()] <= ofFamily && len(out) < mostTypes {
			out = append(out, i)
		}
	}
	return out
}

// core are types of one size, so that a number of them makes up the units exactly: at least three, where
// there are so many units.
func (c *chooser) core(units int) (out []price.Instance) {
	size := 4
	for s := 8; s <= 64 && units%s == 0 && units/s >= 3; s *= 2 {
		size = s
	}
	candidates := c.named()
	if !slices.ContainsFunc(candidates, func(i price.Instance) bool { return units%i.VCPU == 0 }) {
		candidates = c.shaped(c.f.Workload)
	} else {
		size = 0
	}
	c.rank(candidates, func(i price.Instance) float64 { return i.OnDemand })
	for _, i := range candidates {
		if size == 0 && units%i.VCPU == 0 {
			size = i.VCPU
		}
		if i.VCPU == size && len(out) < leastTypes && (len(out) == 0 || out[0].Graviton() == i.Graviton()) {
			out = append(out, i)
		}
	}
	return out
}

// primary are types for the one node that leads: it grows with the number of those it leads.
func (c *chooser) primary(most int) (out []price.Instance) {
	size := 4
	if most > 256 {
		size = 8
	}
	if most > 2048 {
		size = 16
	}
	all := c.shaped("balanced")
	c.rank(all, func(i price.Instance) float64 { return i.OnDemand })
	for _, i := range all {
		if i.VCPU == size && len(out) < 5 {
			out = append(out, i)
		}
	}
	return out
}

// rank sorts by the cost of a processor, x86 a little dearer than it is where Graviton is preferred.
func (c *chooser) rank(all []price.Instance, cost func(price.Instance) float64) {
	of := func(i price.Instance) float64 {
		n := cost(i) / float64(i.VCPU)
		if c.f.Graviton == "prefer" && !i.Graviton() {
			n *= x86Handicap
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b price.Instance) int {
		return cmp.Or(cmp.Compare(of(a), of(b)), strings.Compare(a.Type, b.Type))
	})
}

func (c *chooser) types(all []price.Instance) (out []Type) {
	perUnit := int(c.f.Disk >> 30)
	for _, i := range all {
		out = append(out, typeOf(i, perUnit*i.VCPU, c.list))
	}
	return out
}
