package petalake

import (
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

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

// Load says which raw files go into which table.
type Load struct {
	Table   spec.TableName
	Paths   []string // files or patterns with *, ** and ?
	Format  string   // csv, json, parquet; "" by the files' names
	Replace bool     // the rows replace what the table has
	Evolve  string   // none, add, widen; "" as lakehouse.yaml says
	OnError string   // reject, quarantine, rescue; "" is reject
	MaxBad  string   // how many rows may be bad: 100, or 1% of all; "" is any number up to 10,000
	CSV     CSV
	// Columns are those that are loaded: their names in the files by their names in the table, and "*" by "*" for the others. Nil: all.
	Columns map[string]string
}

// CSV says how text files are written. What is not set is detected from the first rows.
type CSV struct {
	Delimiter       string // one to four characters
	Header          *bool
	Quote, Escape   *string // one character, or "" for none
	Null            []string
	DateFormat      string // as strptime: %d.%m.%Y
	TimestampFormat string
	Zone            string // of times that name none, in columns of the type timestamp, as Europe/Berlin; "" is UTC
	Encoding        string // as in web pages, or utf-16, latin-1; "" is utf-8
	Pad             bool   // values that are missing at the end of a record are NULL
	MaxRow          int    // bytes of a record; 0 is 64 MiB
	Comment         string // one byte: a line that begins with it is passed over
	Skip            *int   // lines before the header
	Decimal         string // one byte: the point of numbers
	Thousands       string // one byte between thousands
}

// Choice is the engine that a statement runs on, and why.
type Choice struct {
	Engine spec.Engine // DuckDB or Spark
	Reason string      // one line
}

// String is "duckdb: it reads 1.2 MB of 3 files".
func (c Choice) String() string { return string(c.Engine) + ": " + c.Reason }

// Agreement is how the answers of both engines to one statement agree.
type Agreement struct {
	Rows       int64    // that DuckDB gives
	Difference string   // the first row or column that differs, "" where none does
	Notes      []string // on types that differ, and on tables that changed meanwhile
	DuckDB     time.Duration
	Spark      time.Duration
}

// Up says how long to keep the lakehouse running.
type Up struct {
	Once  bool          // load and build what is new, then return
	Every time.Duration // otherwise look for news this often; 0 is two seconds
	Fleet time.Duration // and, where it is this process that does, at the machines of Spark in AWS; 0 is half a minute
}

// Kind is what an Event is about.
type Kind string

// The kinds of an Event.
const (
	SourceEvent      = Kind(lake.SourceEvent)
	ModelEvent       = Kind(lake.ModelEvent)
	LoadEvent        = Kind(lake.LoadEvent)
	JobEvent         = Kind(lake.JobEvent)
	TableEvent       = Kind(lake.TableEvent)
	FleetEvent       = Kind(lake.FleetEvent)
	CatalogEvent     = Kind(lake.CatalogEvent)
	ReplicationEvent = Kind(lake.ReplicationEvent)
	HookEvent        = Kind(lake.HookEvent) // on_failure could not be called
)

// State is how far a piece of work is.
type State string

// The states of an Event.
const (
	Running = State(lake.Running) // Done and Bytes grow
	Built   = State(lake.Built)   // a new version is visible
	Current = State(lake.Current) // there was nothing to do
	Failed  = State(lake.Failed)  // Err says why; the table is as it was
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

func eventOf(e lake.Event) Event {
	return Event{
		Kind: Kind(e.Kind), Name: e.Name, Table: e.Table, State: State(e.State), Done: e.Done, Version: e.Version, Files: e.Files,
		Rows: e.Rows, Bytes: e.Bytes, Rejected: e.Rejected, Took: e.Took, Note: e.Note, Err: e.Err,
	}
}
