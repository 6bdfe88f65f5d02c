package fleet

import (
	"context"
	"time"
)

// World is what there is, as somebody saw it at a time.
type World struct {
	Now      time.Time
	Cluster  *Cluster           // the one there is; nil for none
	Jobs     []Job              // that are not done
	Notices  []Notice           // that came since the last look
	MonthUSD float64            // what the fleet has cost this calendar month
	Prices   map[string]float64 // of an hour of Spot of EC2 by type, now; a type that is not in it has its mean
}

// State is what a cluster is at.
type State string

// The states of a cluster. One that was ended by an action is no longer in the world.
const (
	Starting State = "starting"
	Running  State = "running"
	Lost     State = "lost" // it ended by itself, or never started
)

// Cluster is a cluster of EMR. Units that run are those that are paid for: also those that are about to go.
type Cluster struct {
	ID, Zone     string
	State        State
	OnDemand     int // units of task nodes that run on demand
	Spot         int // as Spot
	WantOnDemand int // units of task nodes that EMR may have on demand, as it was told
	WantSpot     int // as Spot
	// What EMR asks EC2 for now: as much, or less where managed scaling finds that YARN has no use for more.
	TargetOnDemand, TargetSpot int

	Work      int     // units that the work on it could use now
	RateUSD   float64 // what an hour of all that runs costs now, the primary node and core nodes included
	IdleSince time.Time
}

// Job is work that is to be done on a cluster, in steps each of which is committed.
type Job struct {
	ID      string
	Cluster string // that it runs on; "" for none
	Step    int    // steps that are committed
	Steps   int
	Units   int // that it could use; 0 where nobody knows
}

// Notice is something that a cloud says about a pool: an instance type in a zone, on demand or as Spot.
type Notice struct {
	Kind  NoticeKind
	Type  string
	Zone  string
	Units int // of the machines that it is about
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	Reclaim    NoticeKind = "reclaim"               // Spot ends in two minutes
	AtRisk     NoticeKind = "at risk"               // Spot may be reclaimed soon: a rebalance recommendation
	NoSpot     NoticeKind = "no Spot capacity"      // there is none to be had
	NoOnDemand NoticeKind = "no on-demand capacity" // nor on demand
)

// Verb is what an action does.
type Verb string

// The verbs.
const (
	Launch Verb = "launch" // a cluster in Zone, with OnDemand and Spot units of task nodes of Types
	Resize Verb = "resize" // the task nodes of Cluster to OnDemand and Spot units of Types
	End    Verb = "end"    // Cluster
	Submit Verb = "submit" // Job to Cluster, behind its committed Step
	Wait   Verb = "wait"   // nothing can be done now
)

// Action is something to do, and why.
type Action struct {
	Do       Verb     `json:"do"`
	Cluster  string   `json:"cluster,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Job      string   `json:"job,omitempty"`
	Step     int      `json:"step,omitempty"`
	OnDemand int      `json:"onDemand,omitempty"`
	Spot     int      `json:"spot,omitempty"`
	Types    []string `json:"types,omitempty"`
	Reason   string   `json:"reason"`
}

// Memory is what one decision leaves for the next. The zero value is that of a fleet that never was.
type Memory struct {
	Left     map[string]time.Time `json:"left,omitempty"` // pools and zones that are left alone, until when
	Losses   []time.Time          `json:"losses,omitempty"`
	Reclaims []reclaimed          `json:"reclaims,omitempty"`
	Shift    int                  `json:"shift,omitempty"`   // units that are on demand in place of Spot
	Return   time.Time            `json:"return,omitzero"`   // when Spot is tried again
	Backoff  int                  `json:"backoff,omitempty"` // how often in a row that failed
	Spot     waiting              `json:"spot,omitzero"`
	OnDemand waiting              `json:"onDemand,omitzero"`
	Said     string               `json:"said,omitempty"` // the last reason to wait
}

// waiting is an order that has not come in full: since when nothing of it came, and how much there was then.
type waiting struct {
	Since time.Time `json:"since,omitzero"`
	Had   int       `json:"had,omitempty"`
}

type reclaimed struct {
	At    time.Time `json:"at"`
	Units int       `json:"units"`
}

// Cloud is what a fleet is in: EMR, or that of package rehearse. It is used by one goroutine.
type Cloud interface {
	// Look returns what there is, and the notices since the last look.
	Look(ctx context.Context) (World, error)
	// Act does what an action says, or begins to. An action that does not fit the cloud any more is no error:
	// the next look shows what is.
	Act(ctx context.Context, a Action) error
}

// Step looks, decides and acts once. The actions are those that were done; their reasons are for people.
func Step(ctx context.Context, p *Policy, cloud Cloud, m Memory) (Memory, []Action, error) {
	w, err := cloud.Look(ctx)
	if err != nil {
		return m, nil, err
	}
	actions, next := Decide(p, w, m)
	for i, a := range actions {
		if err := cloud.Act(ctx, a); err != nil {
			return next, actions[:i], err
		}
	}
	return next, actions, nil
}
