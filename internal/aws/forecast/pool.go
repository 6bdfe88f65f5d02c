package forecast

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// pool is an instance type in a zone: what it has, at which price, and when that changes.
type pool struct {
	typ      fleet.Type
	zone     int
	risk     float64       // part of its Spot that is reclaimed in a month
	depth    int           // units of Spot
	used     int           // of them
	level    float64       // the price of Spot now, by its mean
	next     time.Duration // the next interruption
	warn     time.Duration // the recommendation before it; 0 for none
	dry      time.Duration // no Spot until then
	next2    time.Duration // the next time on demand is gone
	dry2     time.Duration // nothing on demand until then
	toldSpot time.Duration // until when a shortage has been told
	toldMore time.Duration
}

func (p *pool) spotUSD() float64 { return (p.typ.Spot-p.typ.Fixed)*p.level + p.typ.Fixed }

// newPool draws a pool from the bands.
func newPool(r *rand.Rand, m *Model, t fleet.Type, zone int) *pool {
	low, high := t.Band.Bounds()
	p := &pool{typ: t, zone: zone, level: 0.9 + 0.2*r.Float64()}
	p.risk = low + (high-low)*r.Float64()
	p.depth = int(m.DepthLow * math.Pow(m.DepthHigh/m.DepthLow, r.Float64()))
	p.schedule(r, m, 0)
	p.next2 = exponential(r, m.OnDemandGone, month)
	return p
}

// schedule draws the next interruption. One takes a part of the machines, evenly between Reclaimed and all;
// together they take the risk of the pool in a month.
func (p *pool) schedule(r *rand.Rand, m *Model, now time.Duration) {
	often := -math.Log(1-p.risk) * m.Interrupts / ((m.Reclaimed + 1) / 2)
	p.next, p.warn = now+exponential(r, often, month), 0
	if r.Float64() < m.Warned {
		p.warn = max(now+1, p.next-time.Duration(3+r.IntN(8))*time.Minute)
	}
}

// exponential draws the time to the next of what happens so often in a span.
func exponential(r *rand.Rand, often float64, span time.Duration) time.Duration {
	if often <= 0 {
		return math.MaxInt64 / 2
	}
	return time.Duration(min(r.ExpFloat64()/often*float64(span), float64(math.MaxInt64/4)))
}

func (s Span) draw(r *rand.Rand) time.Duration {
	return s.Low + time.Duration(r.Float64()*float64(s.High-s.Low))
}
