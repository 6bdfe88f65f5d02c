// Package petalake runs the lakehouse that a lakehouse.yaml describes.
//
// A Lake is one environment of it, open: its tables, the engine that answers SQL on them, its
// sources and models. Open is the only place where the parts are put together.
package petalake

import (
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/write"
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
type TableState = lake.TableState

// Load says which raw files go into which table.
type Load = write.Load

// LoadError says which load failed. The table is as it was.
type LoadError = write.LoadError

// FormatError says that it is not clear how the rows of a file are written.
type FormatError = write.FormatError

// State is how far a piece of work is.
type State = lake.State

// The states of an Event.
const (
	Running = lake.Running
	Built   = lake.Built
	Current = lake.Current
	Failed  = lake.Failed
)

// Kind is what an Event is about.
type Kind = lake.Kind

// The kinds of an Event.
const (
	SourceEvent      = lake.SourceEvent
	ModelEvent       = lake.ModelEvent
	LoadEvent        = lake.LoadEvent
	JobEvent         = lake.JobEvent
	TableEvent       = lake.TableEvent
	FleetEvent       = lake.FleetEvent
	CatalogEvent     = lake.CatalogEvent
	ReplicationEvent = lake.ReplicationEvent
)

// Event tells of one piece of work: a batch of a source, a model, a run of a job, or a table that
// became what lakehouse.yaml says of it now.
type Event = lake.Event

// Up says how long to keep the lakehouse running.
type Up = daemon.Up
