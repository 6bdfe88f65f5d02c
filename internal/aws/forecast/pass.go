package forecast

import (
	"slices"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// tick is the step of time.
const tick = time.Minute

// pass lets a minute pass: what runs is paid for and works, then the world changes.
func (c *cloud) pass() {
	c.pay()
	c.work()
	c.now += tick
	c.calendar()
	c.weather()
	if k := c.cluster; k != nil && k.state != fleet.Lost {
		c.live(k)
	}
}

// calendar begins a new month, and moves prices every hour: by 2 in 100 at most, and back to their mean.
func (c *cloud) calendar() {
	if c.now < c.hourly {
		return
	}
	c.hourly = c.now + time.Hour
	if month := c.start.Add(c.now).Month(); month != c.month {
		c.month, c.spent = month, 0
	}
	for _, p := range c.pools {
		p.level = min(1.35, max(0.7, p.level+0.02*(1-p.level)+0.04*(c.r.Float64()-0.5)*p.level))
	}
	c.prices = nil
}

// pay adds up what a minute of what runs costs.
func (c *cloud) pay() {
	k := c.cluster
	if k == nil || k.state == fleet.Lost {
		return
	}
	hours := tick.Hours()
	base := (k.primary.OnDemand + k.core.OnDemand*float64(c.p.Core/k.core.Units)) * hours
	cost, demand := base, float64(c.p.Core)
	for _, n := range k.nodes {
		if n.spot {
			usd := n.pool.spotUSD() * hours
			cost += usd
			c.out.SpotUSD += usd
			c.out.SpotHours += float64(n.pool.typ.Units) * hours
			continue
		}
		cost += n.pool.typ.OnDemand * hours
		demand += float64(n.pool.typ.Units)
	}
	c.out.USD += cost
	c.out.DemandHours += demand * hours
	c.spent += cost
}

// weather moves the pools: droughts, interruptions, storms.
func (c *cloud) weather() {
	for z := range c.storms {
		if c.now >= c.storms[z] {
			c.storms[z] = c.now + exponential(c.r, c.m.Storms, 7*24*time.Hour)
			c.storm(z)
		}
	}
	for _, p := range c.pools {
		if p.warn > 0 && c.now >= p.warn {
			p.warn = 0
			c.tell(p, fleet.AtRisk, c.held(p))
		}
		if c.now >= p.next {
			p.schedule(c.r, c.m, c.now)
			p.dry = max(p.dry, c.now+exponential(c.r, 1, c.m.Drought))
			c.reclaim(p, c.m.Reclaimed+(1-c.m.Reclaimed)*c.r.Float64())
		}
		if c.now >= p.next2 {
			p.next2 = c.now + exponential(c.r, c.m.OnDemandGone, month)
			p.dry2 = c.now + exponential(c.r, 1, c.m.OnDemandDry)
		}
	}
}

// storm takes all Spot of a zone away for a time, reclaims half of it, and makes on demand scarce.
func (c *cloud) storm(zone int) {
	until := c.now + exponential(c.r, 1, c.m.StormLength)
	for _, p := range c.zonePools(zone) {
		p.dry = max(p.dry, until)
		if c.r.Float64() < 0.5 {
			c.reclaim(p, 1)
		}
		if c.r.Float64() < 0.2 {
			p.dry2 = max(p.dry2, c.now+exponential(c.r, 1, c.m.OnDemandDry))
		}
	}
}

// held are the units of a pool that the cluster has as Spot.
func (c *cloud) held(p *pool) (units int) {
	if c.cluster == nil {
		return 0
	}
	for _, n := range c.cluster.nodes {
		if n.spot && n.pool == p {
			units += p.typ.Units
		}
	}
	return units
}

// reclaim gives notice to a part of the machines of a pool.
func (c *cloud) reclaim(p *pool, part float64) {
	if c.cluster == nil {
		return
	}
	units := 0
	for _, n := range c.cluster.nodes {
		if n.spot && n.pool == p && n.ends == 0 && c.r.Float64() < part {
			n.ends = c.now + notice
			units += p.typ.Units
			c.out.Reclaimed++
		}
	}
	c.tell(p, fleet.Reclaim, units)
}

// tell is a notice about machines that there are.
func (c *cloud) tell(p *pool, kind fleet.NoticeKind, units int) {
	if units > 0 {
		c.notices = append(c.notices, fleet.Notice{Kind: kind, Type: p.typ.Name, Zone: c.p.Zones[p.zone], Units: units})
	}
}

// live lets a cluster start, die, and come nearer to what it was told to have.
func (c *cloud) live(k *cluster) {
	switch {
	case c.now >= k.dies || k.fails && c.now >= k.ready:
		c.gone(true)
		return
	case k.state == fleet.Starting && c.now >= k.ready:
		k.state = fleet.Running
	}
	c.leave(k)
	if k.fails {
		return
	}
	onDemand, spot := k.units()
	c.bring(k, true, k.wantSpot-spot)
	c.bring(k, false, k.wantOnDemand-onDemand)
}

// leave takes away the nodes whose time has come. Work is lost only with those that were reclaimed.
func (c *cloud) leave(k *cluster) {
	running := c.p.Core
	for _, n := range k.nodes {
		running += n.pool.typ.Units
	}
	k.nodes = slices.DeleteFunc(k.nodes, func(n *node) bool {
		drained, reclaimed := n.drain > 0 && c.now >= n.drain, n.ends > 0 && c.now >= n.ends
		if !drained && !reclaimed {
			return false
		}
		if n.spot {
			n.pool.used -= n.pool.typ.Units
		}
		if reclaimed && n.ready <= c.now {
			for _, run := range c.runs {
				if run.cluster == k.id {
					c.out.LostHours += run.lose(float64(n.pool.typ.Units)/float64(running)) / 3600
				}
			}
		}
		return true
	})
}

// bring orders nodes, or lets them go.
func (c *cloud) bring(k *cluster, spot bool, missing int) {
	if missing < 0 {
		// More than was ordered came in whole machines; it goes only with an order for less.
		if k.trim[spot] {
			c.shrink(k, spot, -missing)
			k.trim[spot] = false
		}
		return
	}
	for _, n := range k.nodes { // what was to go stays
		if n.spot == spot && n.drain > 0 && missing >= 0 {
			n.drain = 0
		}
	}
	for missing > 0 {
		p := c.offer(k, spot, missing)
		if p == nil {
			return
		}
		n := &node{pool: p, spot: spot, ready: max(k.ready, c.now+c.m.NodeStart.draw(c.r))}
		if spot {
			p.used += p.typ.Units
		}
		k.nodes = append(k.nodes, n)
		missing -= p.typ.Units
	}
}

// shrink lets nodes go, the dearest of those first that are not more than what is too much.
func (c *cloud) shrink(k *cluster, spot bool, excess int) {
	var stay []*node
	for _, n := range k.nodes {
		switch {
		case n.spot != spot:
		case n.drain > 0 || n.ends > 0:
			excess -= n.pool.typ.Units
		default:
			stay = append(stay, n)
		}
	}
	usd := func(n *node) float64 {
		if spot {
			return n.pool.spotUSD() / float64(n.pool.typ.Units)
		}
		return n.pool.typ.OnDemand / float64(n.pool.typ.Units)
	}
	slices.SortStableFunc(stay, func(a, b *node) int {
		switch {
		case usd(a) > usd(b):
			return -1
		case usd(a) < usd(b):
			return 1
		}
		return 0
	})
	for _, n := range stay {
		if n.pool.typ.Units <= excess {
			n.drain = c.now + c.m.Drain.draw(c.r)
			excess -= n.pool.typ.Units
		}
	}
}

// offer is the pool that a machine is taken from: of those with capacity, by price, risk, and how much of it
// is used already (price-capacity-optimized); on demand by price. One that fits is taken before one that
// is too large, as EMR does. Pools that have nothing say so.
func (c *cloud) offer(k *cluster, spot bool, missing int) *pool {
	var best *pool
	var score float64
	for _, p := range c.zonePools(k.zone) {
		if !k.types[p.typ.Name] {
			continue
		}
		s := p.typ.OnDemand / float64(p.typ.Units)
		if spot {
			if p.dry > c.now || p.used+p.typ.Units > p.depth {
				c.short(p, &p.toldSpot, fleet.NoSpot)
				continue
			}
			s = p.spotUSD() / float64(p.typ.Units) * (1 + p.risk) * (1 + 2*float64(p.used)/float64(p.depth))
		} else if p.dry2 > c.now {
			c.short(p, &p.toldMore, fleet.NoOnDemand)
			continue
		}
		if p.typ.Units > missing {
			s += 1000 + float64(p.typ.Units)
		}
		if best == nil || s < score {
			best, score = p, s
		}
	}
	return best
}

// short tells of a shortage, every ten minutes.
func (c *cloud) short(p *pool, told *time.Duration, kind fleet.NoticeKind) {
	if c.now >= *told {
		*told = c.now + 10*time.Minute
		c.tell(p, kind, p.typ.Units)
	}
}
