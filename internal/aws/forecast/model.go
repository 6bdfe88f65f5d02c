package forecast

import "time"

// Span is a time that is drawn evenly between two.
type Span struct{ Low, High time.Duration }

// Model is how the cloud behaves, where prices and bands do not say it. docs/fleet.md has the sources.
type Model struct {
	ClusterStart Span          // from the call to the first work
	NodeStart    Span          // of a task node in a cluster that runs
	Drain        Span          // from the order to shrink until a node is given back
	Reclaimed    float64       // the least part of a pool's machines that one interruption takes; the most is all
	Drought      time.Duration // mean time for which a pool has nothing after an interruption
	DepthLow     float64       // units of Spot that a pool has for one account, evenly on a logarithmic scale
	DepthHigh    float64
	OnDemandGone float64       // how often a month a type in a zone has nothing on demand
	OnDemandDry  time.Duration // mean time of that
	Storms       float64       // a week and zone: all Spot of a zone is gone, and half of it reclaimed
	StormLength  time.Duration // mean
	ClusterLoss  float64       // a month of a cluster: its primary node or zone fails
	Warned       float64       // part of interruptions that a rebalance recommendation precedes
	Interrupts   float64       // multiplies the interruption bands
	StepOverhead time.Duration // of a step in which only the driver works: planning, committing
}

// Usual is the model that petalake rehearse uses.
var Usual = Model{
	ClusterStart: Span{5 * time.Minute, 9 * time.Minute},
	NodeStart:    Span{4 * time.Minute, 6 * time.Minute},
	Drain:        Span{2 * time.Minute, 6 * time.Minute},
	Reclaimed:    0.2,
	Drought:      45 * time.Minute,
	DepthLow:     200, DepthHigh: 6000,
	OnDemandGone: 1,
	OnDemandDry:  30 * time.Minute,
	Storms:       0.25,
	StormLength:  2 * time.Hour,
	ClusterLoss:  0.3,
	Warned:       0.5,
	Interrupts:   1,
	StepOverhead: time.Minute,
}

// notice is how long before its end Spot is told of it; AWS's promise.
const notice = 2 * time.Minute

// month is the time that interruption bands are of.
const month = 730 * time.Hour

// Work is a job of a scenario.
type Work struct {
	Name    string
	Bytes   float64
	Rate    float64 // bytes a second that a unit works off, all stages of the job taken together
	Steps   int     // that are committed one after the other
	Shuffle float64 // part of the work of a step that is lost with the machine that did it, until the step is committed
	Due     []time.Duration
}

// seconds is the work in seconds of one unit.
func (w Work) seconds() float64 { return w.Bytes / w.Rate }

// PublishedRate is the bytes a second of a processor in the 100 TB sort of Spark on EC2 (Databricks 2014):
// 100 TB in 23 minutes on 6592 processors. docs/fleet.md holds it against other runs.
const PublishedRate = 11e6
