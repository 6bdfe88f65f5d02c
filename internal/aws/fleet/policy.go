package fleet

import (
	"cmp"
	"slices"
	"time"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// Policy is what a fleet may be. It is not changed once it is made.
type Policy struct {
	Mode      string // transient or persistent
	Min, Max  int    // units of a cluster, core included
	Core      int    // units of core nodes, on demand
	OnDemand  int    // most units on demand, core included
	SpotShare int    // of the task units, in 100
	Patience  time.Duration
	Cooldown  time.Duration
	Idle      time.Duration
	HourUSD   float64 // most an hour; 0: no bound
	MonthUSD  float64 // most a calendar month; 0: no bound
	Release   string
	Region    string
	Zones     []string

	Primary []Type // one instance of one of them, on demand
	CoreOf  []Type // all of one weight, of which Core is a multiple
	Task    []Type
}

// Type is an instance type that a fleet may have, with what an hour of one costs in all: EC2, EMR, disk.
type Type struct {
	Name     string     `json:"type"`
	Units    int        `json:"units"`    // its processors, and its weight in a fleet
	Memory   float64    `json:"memory"`   // GiB
	OnDemand float64    `json:"onDemand"` // USD an hour
	Spot     float64    `json:"spot"`     // USD an hour, at the mean price of Spot
	Fixed    float64    `json:"fixed"`    // USD an hour: the part of both that is not EC2's
	Band     price.Band `json:"-"`
	DiskGB   int        `json:"disk"`
	Volumes  int        `json:"volumes"` // that the disk is made of
}

// New is the policy of a fleet in a region with these zones, at these prices. What cannot be served is an
// error that names the line of lakehouse.yaml; what is unwise is a warning.
func New(f *spec.Fleet, region string, zones []string, list *price.List) (*Policy, []Warning, error) {
	p := &Policy{
		Mode: f.Mode, Min: f.Min, Max: f.Max, Core: f.Core, OnDemand: f.OnDemand, SpotShare: int(f.Spot),
		Patience: time.Duration(f.Patience), Cooldown: time.Duration(f.Cooldown), Idle: time.Duration(f.Idle),
		HourUSD: float64(f.Budget.Hour), MonthUSD: float64(f.Budget.Month), Release: f.Release, Region: region, Zones: zones,
	}
	p.choose(f, list)
	p.thrift()
	warnings, err := p.check(f, list)
	return p, warnings, err
}

// Where is where the fleet of an environment is: the region and the zones of one in AWS, or those for which petalake
// brings prices along.
func Where(e *spec.Environment) (region string, zones []string) {
	if e.InAWS() {
		return e.AWS.Region, e.AWS.Zones
	}
	return price.Home, []string{price.Home + "a", price.Home + "b", price.Home + "c"}
}

// Of is New for a fleet in an environment.
func Of(f *spec.Fleet, e *spec.Environment, list *price.List) (*Policy, []Warning, error) {
	region, zones := Where(e)
	return New(f, region, zones, list)
}

// thrift leaves out the dearest types where the budget of an hour does not pay for all units at the price
// of them: what may come for an order is reckoned at the price of the dearest.
func (p *Policy) thrift() {
	if p.HourUSD == 0 || len(p.Task) <= leastTypes || p.base()+float64(p.Max-p.Core)*dearest(p.Task, spotOf) <= p.HourUSD {
		return
	}
	slices.SortStableFunc(p.Task, func(a, b Type) int {
		return cmp.Compare(a.Spot/float64(a.Units), b.Spot/float64(b.Units))
	})
	p.Task = p.Task[:leastTypes]
}

const (
	volumeMost = 512 // GB of one volume; more are several
	volumeIOPS = 3000
	volumeMBPS = 250
	freeMBPS   = 125 // that gp3 has without paying for them
)

// typeOf is an instance type with its disk, as a node of EMR.
func typeOf(i price.Instance, diskGB int, list *price.List) Type {
	t := Type{Name: i.Type, Units: i.VCPU, Memory: i.Memory, Band: i.Band, DiskGB: max(32, diskGB)}
	t.Volumes = (t.DiskGB + volumeMost - 1) / volumeMost
	disk := float64(t.DiskGB)*list.Must(price.DiskGBMonth) + float64(t.Volumes*(volumeMBPS-freeMBPS))*list.Must(price.DiskMBPSMonth)
	t.Fixed = list.Uplift(i) + disk/price.Month
	t.OnDemand, t.Spot = i.OnDemand+t.Fixed, i.Spot()+t.Fixed
	return t
}

// base is what a cluster costs an hour before it has any task node, at most.
func (p *Policy) base() float64 {
	return dearest(p.Primary, onDemandOf)*float64(units(p.Primary)) + dearest(p.CoreOf, onDemandOf)*float64(p.Core)
}

// units is the weight of the largest type.
func units(types []Type) (most int) {
	for _, t := range types {
		most = max(most, t.Units)
	}
	return most
}

func onDemandOf(t Type) float64 { return t.OnDemand }

func spotOf(t Type) float64 { return t.Spot }

// dearest is the highest price of a unit.
func dearest(types []Type, of func(Type) float64) (most float64) {
	for _, t := range types {
		most = max(most, of(t)/float64(t.Units))
	}
	return most
}

// Prices are what an hour of a unit of task nodes costs, and of what every cluster has besides.
type Prices struct {
	Base                                float64 // of the primary node and all core nodes
	SpotLow, Spot, SpotHigh             float64 // of the cheapest type, the middle one, the dearest
	OnDemandLow, OnDemand, OnDemandHigh float64
}

// Prices are those of a policy, at the mean price of Spot. A fleet of core nodes alone has theirs.
func (p *Policy) Prices() Prices {
	task := p.Task
	if len(task) == 0 {
		task = p.CoreOf
	}
	of := func(usd func(Type) float64) (low, middle, high float64) {
		var all []float64
		for _, t := range task {
			all = append(all, usd(t)/float64(t.Units))
		}
		slices.Sort(all)
		return all[0], all[len(all)/2], all[len(all)-1]
	}
	out := Prices{Base: p.base()}
	out.SpotLow, out.Spot, out.SpotHigh = of(spotOf)
	out.OnDemandLow, out.OnDemand, out.OnDemandHigh = of(onDemandOf)
	return out
}
