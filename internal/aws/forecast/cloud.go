package forecast

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// cloud is a simulated cloud with one fleet in it. Times are since its start.
type cloud struct {
	r       *rand.Rand
	m       *Model
	p       *fleet.Policy
	start   time.Time
	now     time.Duration
	pools   []*pool // by zone, then by type
	storms  []time.Duration
	cluster *cluster
	runs    []*Run // not done
	notices []fleet.Notice
	month   time.Month
	spent   float64 // of the month
	hourly  time.Duration
	prices  map[string]float64 // of Spot, in the zone of the cluster
	made    int                // clusters
	out     *Result
}

// cluster is a cluster of the cloud.
type cluster struct {
	id           string
	zone         int
	state        fleet.State
	ready        time.Duration // when it runs, or fails to
	fails        bool
	primary      fleet.Type
	core         fleet.Type
	nodes        []*node
	wantOnDemand int
	wantSpot     int
	types        map[string]bool
	idle         time.Duration // since when; negative: it is busy
	dies         time.Duration
	trim         map[bool]bool // whether Spot, or on demand, was told to be less than it was
}

// node is a task node.
type node struct {
	pool  *pool
	spot  bool
	ready time.Duration
	drain time.Duration // when it is given back; 0: it stays
	ends  time.Duration // when it is reclaimed; 0: it is not
}

func newCloud(s *Scenario, out *Result) *cloud {
	c := &cloud{r: rand.New(rand.NewPCG(s.Seed, 0x9e3779b97f4a7c15)), m: &s.Model, p: s.Policy, start: s.Start, out: out, month: s.Start.Month()}
	for z := range s.Policy.Zones {
		for _, t := range s.Policy.Task {
			c.pools = append(c.pools, newPool(c.r, c.m, t, z))
		}
		c.storms = append(c.storms, exponential(c.r, c.m.Storms, 7*24*time.Hour))
	}
	return c
}

// zonePools are the pools of a zone.
func (c *cloud) zonePools(zone int) []*pool {
	n := len(c.p.Task)
	return c.pools[zone*n : (zone+1)*n]
}

// Look implements fleet.Cloud.
func (c *cloud) Look(context.Context) (fleet.World, error) {
	w := fleet.World{Now: c.start.Add(c.now), Notices: c.notices, MonthUSD: c.spent}
	c.notices = nil
	zone := 0
	if k := c.cluster; k != nil {
		zone = k.zone
		w.Cluster = c.seen()
	}
	if c.prices == nil {
		c.prices = map[string]float64{}
		for _, p := range c.zonePools(zone) {
			c.prices[p.typ.Name] = (p.typ.Spot - p.typ.Fixed) * p.level
		}
	}
	w.Prices = c.prices
	for _, run := range c.runs {
		w.Jobs = append(w.Jobs, fleet.Job{ID: run.Name, Cluster: run.cluster, Step: run.step, Steps: run.work.Steps, Units: c.p.Max})
	}
	return w, nil
}

// seen is the cluster as it is seen from outside.
func (c *cloud) seen() *fleet.Cluster {
	k := c.cluster
	out := &fleet.Cluster{ID: k.id, Zone: c.p.Zones[k.zone], State: k.state, WantOnDemand: k.wantOnDemand, WantSpot: k.wantSpot, TargetOnDemand: k.wantOnDemand, TargetSpot: k.wantSpot, RateUSD: c.rate()}
	out.OnDemand, out.Spot = k.units()
	if k.idle >= 0 {
		out.IdleSince = c.start.Add(k.idle)
	}
	for _, run := range c.runs {
		if run.cluster == k.id {
			out.Work = c.p.Max
		}
	}
	return out
}

// units are the units of task nodes that are paid for.
func (k *cluster) units() (onDemand, spot int) {
	for _, n := range k.nodes {
		if n.spot {
			spot += n.pool.typ.Units
		} else {
			onDemand += n.pool.typ.Units
		}
	}
	return onDemand, spot
}

// rate is what an hour of all that runs costs.
func (c *cloud) rate() float64 {
	k := c.cluster
	if k == nil {
		return 0
	}
	usd := k.primary.OnDemand + k.core.OnDemand*float64(c.p.Core/k.core.Units)
	for _, n := range k.nodes {
		if n.spot {
			usd += n.pool.spotUSD()
		} else {
			usd += n.pool.typ.OnDemand
		}
	}
	return usd
}

// Act implements fleet.Cloud.
func (c *cloud) Act(_ context.Context, a fleet.Action) error {
	c.out.log(c.now, a)
	k := c.cluster
	switch a.Do {
	case fleet.Launch:
		return c.launch(a)
	case fleet.Resize:
		if k != nil && k.id == a.Cluster {
			k.want(a)
		}
	case fleet.End:
		if k != nil && k.id == a.Cluster {
			c.gone(false)
		}
	case fleet.Submit:
		for _, run := range c.runs {
			if run.Name == a.Job && k != nil && k.id == a.Cluster {
				run.begin(k.id, c.now)
			}
		}
	}
	return nil
}

func (k *cluster) want(a fleet.Action) {
	k.trim = map[bool]bool{true: k.trim[true] || a.Spot < k.wantSpot, false: k.trim[false] || a.OnDemand < k.wantOnDemand}
	k.wantOnDemand, k.wantSpot, k.types = a.OnDemand, a.Spot, map[string]bool{}
	for _, t := range a.Types {
		k.types[t] = true
	}
}

func (c *cloud) launch(a fleet.Action) error {
	if c.cluster != nil && c.cluster.state != fleet.Lost {
		return fmt.Errorf("cluster %s is there already", c.cluster.id)
	}
	c.made++
	c.out.Clusters++
	k := &cluster{id: fmt.Sprintf("j-%d", c.made), state: fleet.Starting, idle: -1, ready: c.now + c.m.ClusterStart.draw(c.r), dies: c.now + exponential(c.r, c.m.ClusterLoss, month)}
	for z, name := range c.p.Zones {
		if name == a.Zone {
			k.zone = z
		}
	}
	k.primary, k.core = c.p.Primary[0], c.p.CoreOf[c.r.IntN(min(3, len(c.p.CoreOf)))]
	k.want(a)
	// Where nearly nothing is to be had on demand, core nodes do not come and EMR gives up.
	gone := 0
	for _, p := range c.zonePools(k.zone) {
		if p.dry2 > c.now {
			gone++
		}
	}
	if n := len(c.p.Task); n > 0 && gone*4 >= n*3 {
		k.fails, k.ready = true, c.now+20*time.Minute
	}
	c.cluster, c.prices = k, nil
	return nil
}

// gone removes the cluster; what was not committed is lost.
func (c *cloud) gone(lost bool) {
	k := c.cluster
	for _, n := range k.nodes {
		if n.spot {
			n.pool.used -= n.pool.typ.Units
		}
	}
	k.nodes, k.wantOnDemand, k.wantSpot = nil, 0, 0
	for _, run := range c.runs {
		if run.cluster == k.id {
			c.out.LostHours += run.drop() / 3600
			if !lost {
				run.cluster = ""
			}
		}
	}
	if lost {
		k.state = fleet.Lost
		c.out.Lost++
		return
	}
	c.cluster = nil
}
