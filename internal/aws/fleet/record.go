package fleet

import "time"

// RecordKey is the object of a lake that holds the Record of its fleet, as JSON.
const RecordKey = "_petalake/fleet/state.json"

// Record is what is remembered of a fleet, so that another process goes on where one ended.
type Record struct {
	Cluster  string    `json:"cluster,omitempty"`
	Zone     string    `json:"zone,omitempty"`
	Status   string    `json:"status,omitempty"`   // of the cluster, in EMR's words
	Starting string    `json:"starting,omitempty"` // the name of a cluster that was asked for, until EMR knows it
	Asked    time.Time `json:"asked,omitzero"`     // when
	Busy     time.Time `json:"busy,omitzero"`      // when the cluster last had work, or was made

	// Units of task nodes: what is paid for, what EMR asks for, and the limits it was told.
	OnDemand       int `json:"onDemand"`
	Spot           int `json:"spot"`
	TargetOnDemand int `json:"targetOnDemand"`
	TargetSpot     int `json:"targetSpot"`
	WantOnDemand   int `json:"wantOnDemand"`
	WantSpot       int `json:"wantSpot"`

	Jobs    int       `json:"jobs"`
	RateUSD float64   `json:"rateUSD"` // an hour
	Month   string    `json:"month,omitempty"`
	USD     float64   `json:"usd"` // of the month
	Seen    time.Time `json:"seen,omitzero"`

	Memory Memory  `json:"memory"`
	Log    []Entry `json:"log,omitempty"` // the last decisions, the newest last
}

// Entry is a decision that was acted on.
type Entry struct {
	At time.Time `json:"at"`
	Action
}
