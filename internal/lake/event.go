package lake

import (
	"time"

	"github.com/petalake/petalake/spec"
)

// Kind is what an Event is about.
type Kind string

// The kinds of an Event.
const (
	SourceEvent      Kind = "source"
	ModelEvent       Kind = "model"
	LoadEvent        Kind = "load"
	JobEvent         Kind = "job"
	TableEvent       Kind = "table"
	FleetEvent       Kind = "fleet"
	CatalogEvent     Kind = "catalog"
	ReplicationEvent Kind = "replication"
	HookEvent        Kind = "hook" // on_failure could not be called, or what fails not be kept
)

// State is how far a piece of work is.
type State string

// The states of an Event.
const (
	Running State = "running" // Done and Bytes grow
	Built   State = "built"   // a new version is visible
	Current State = "current" // there was nothing to do
	Failed  State = "failed"  // Err says why; the table is as it was
)

// Event tells of one piece of work: a batch of a source, a model, a run of a job, or a table that
// became what lakehouse.yaml says of it now.
type Event struct {
	Kind     Kind
	Name     string // of the source, model, job or table; of the fleet and the catalog what was done
	Table    spec.TableName
	State    State
	Done     float64 // 0 to 1, while Running
	Version  int64   // of the table, when Built; of a job the number of the run
	Files    int     // raw files read (source, load)
	Rows     int64   // rows written
	Bytes    int64   // bytes of raw data read
	Rejected int64   // rows in the quarantine table
	Took     time.Duration
	Note     string // what a person should know: a file that changed, why a model was built anew
	Err      error
}
