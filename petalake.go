// Package petalake runs the lakehouse that a lakehouse.yaml describes.
//
// A Lake is one environment of it, open: its tables, the engine that answers SQL on them, its
// sources and models. Open is the only place where the parts are put together.
package petalake

import (
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/spec"
)

// Options say which lakehouse, where, and with how much of the machine.
type Options struct {
	File        string // path of lakehouse.yaml
	Environment string // "" is "local"
	Memory      int64  // bytes the engine may use; 0: as the environment says
	Threads     int    // 0: as the environment says
	Engine      string // duckdb, spark or auto; "" as the environment says
	Getenv      func(string) string

	// Starting is told how far the start of a Spark of this machine is, which takes some seconds, and
	// minutes where it is installed first. May be nil.
	Starting func(local.Step)
}

// TableState is what a listing of tables shows.
type TableState struct {
	Name     spec.TableName
	Version  int64
	Files    int64
	Bytes    int64
	Rows     int64 // -1: not known without reading
	Modified time.Time
	Schema   *schema.Struct
	Metadata delta.Metadata
	Declared string // "table", "model", or "" for one that lakehouse.yaml does not name
	Err      error  // set where the table cannot be opened; the other fields are then zero
}

// Load says what raw files go into which table.
type Load struct {
	Table   spec.TableName
	Paths   []string // files or patterns with *, ** and ?
	Format  string   // csv, json, parquet; "" by the files' names
	Replace bool     // the rows replace what the table has
	Evolve  string   // none, add, widen; "" as lakehouse.yaml says
	OnError string   // reject, quarantine; "" is reject
	CSV     duck.CSV
}

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
	Kind     string // "source", "model", "load", "job", "table", "fleet", "catalog" or "replication"
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

// Up says how long to keep the lakehouse running.
type Up struct {
	Once  bool          // load and build what is new, then return
	Every time.Duration // otherwise look for news this often; 0 is two seconds
	Fleet time.Duration // and, where it is this process that does, at the machines of Spark in AWS; 0 is half a minute
}
