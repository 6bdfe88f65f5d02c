package job

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// State is how far a run is.
type State string

// The states of a run.
const (
	Queued    State = "queued"    // not begun
	Running   State = "running"   // an attempt is under way
	Waiting   State = "waiting"   // an attempt failed, and another comes
	Succeeded State = "succeeded" // it ended well
	Failed    State = "failed"    // the last attempt that it had failed
	Cancelled State = "cancelled" // somebody ended it
	TimedOut  State = "timed_out" // the last attempt took too long
	Lost      State = "lost"      // the last attempt vanished: nobody knows how it ended
)

// Ended says whether nothing comes after the state.
func (s State) Ended() bool { return s != Queued && s != Running && s != Waiting }

// Order is what is to be run. It stays as it was when the run was made, whatever becomes of
// lakehouse.yaml meanwhile.
type Order struct {
	Job     string  `json:"job"`
	Program Program `json:"program"`
	Policy  Policy  `json:"policy"`
	Why     string  `json:"why,omitempty"` // what made the job due, for people
}

// Kind is the kind of a program.
type Kind string

// The kinds: statements, a program of Python, a program for the JVM.
const (
	SQL     Kind = "sql"
	PySpark Kind = "pyspark"
	Jar     Kind = "jar"
)

// Engine is what runs SQL, by the name that lakehouse.yaml has for it: this package hands it on.
type Engine string

// Program is what an attempt runs.
type Program struct {
	Kind    Kind              `json:"kind"`
	SQL     string            `json:"sql,omitempty"`
	Engine  Engine            `json:"engine,omitempty"` // of SQL
	File    string            `json:"file,omitempty"`   // the program
	Class   string            `json:"class,omitempty"`
	Args    []string          `json:"args,omitempty"`
	PyFiles []string          `json:"py_files,omitempty"`
	Jars    []string          `json:"jars,omitempty"`
	Conf    map[string]string `json:"conf,omitempty"`
	Memory  int64             `json:"memory,omitempty"` // bytes; 0: as Spark is set
	Cores   int               `json:"cores,omitempty"`  // 0: all

	Role      string `json:"role,omitempty"` // of access, that it runs as; "": petalake itself
	Streaming bool   `json:"streaming,omitempty"`
	// Resumes says that an attempt after a lost one goes on behind the last step, and so needs no
	// retry.
	Resumes bool `json:"resumes,omitempty"`
}

// Policy says what happens to an attempt that does not end well.
type Policy struct {
	Retries    int           `json:"retries,omitempty"`
	Backoff    time.Duration `json:"backoff,omitempty"`     // before the first retry, then twice as long each time
	MaxBackoff time.Duration `json:"max_backoff,omitempty"` // 0: no limit
	Timeout    time.Duration `json:"timeout,omitempty"`     // of an attempt; 0: none
}

// Step is a step of SQL that was done.
type Step struct {
	Index     int     `json:"index"` // from 0
	Statement string  `json:"statement,omitempty"`
	Engine    Engine  `json:"engine,omitempty"`
	Table     string  `json:"table,omitempty"`   // that it wrote
	Version   *int64  `json:"version,omitempty"` // of the table after it
	Rows      int64   `json:"rows,omitempty"`
	Seconds   float64 `json:"seconds"`
	Before    bool    `json:"before,omitempty"` // an attempt before had committed it already
}

// What is what an event says.
type What string

// The events of a run.
const (
	Created   What = "created"   // Order, Owner
	Adopted   What = "adopted"   // Owner: it looks after the run from now on
	Started   What = "started"   // an attempt is about to be handed to a runner
	Submitted What = "submitted" // Handle: the runner has it
	Stepped   What = "step"      // Step: it is committed
	Ended     What = "ended"     // Outcome: the attempt is over
	Asked     What = "cancel"    // somebody wants the run to end
)

// Event is one entry of a run's record.
type Event struct {
	ID   string    `json:"id"` // unique, by which a writer knows its own again
	At   time.Time `json:"at"`
	By   string    `json:"by"` // the owner who wrote it, or who asked
	What What      `json:"what"`

	Order   *Order           `json:"order,omitempty"`
	Owner   string           `json:"owner,omitempty"`
	Handle  string           `json:"handle,omitempty"`
	Step    *Step            `json:"step,omitempty"`
	Outcome *Outcome         `json:"outcome,omitempty"`
	Reads   map[string]int64 `json:"reads,omitempty"`  // with Created and Started: versions of tables before
	Writes  map[string]int64 `json:"writes,omitempty"` // with Ended: versions of tables after
	Chance  float64          `json:"chance,omitempty"` // from 0 to 1: spreads retries
}

// Outcome is how an attempt ended: Succeeded, Failed, TimedOut, Lost or Cancelled.
type Outcome struct {
	State State  `json:"state"`
	Exit  int    `json:"exit,omitempty"` // of the process
	Error string `json:"error,omitempty"`
	// Final says that another attempt would end in the same way.
	Final bool `json:"final,omitempty"`
}

// Run is a run of a job, as its events tell it.
type Run struct {
	Order
	Number int64 // of the job's runs, from 1
	State  State
	Owner  string // who looks after it

	Attempt int    // the last one begun, from 1; 0: none
	Handle  string // of the attempt; "" until the runner has it
	Asked   bool   // to end

	Created time.Time
	Begun   time.Time // the first attempt
	Started time.Time // the last attempt
	Again   time.Time // when the next attempt is due, while Waiting
	Ended   time.Time

	Steps   []Step // done, by all attempts
	Reads   map[string]int64
	Writes  map[string]int64
	Outcome Outcome // of the last attempt that ended

	failures int // attempts that took a retry
	losses   int // in a row, without a step between
	events   int
}

// ID names the run: job/number.
func (r Run) ID() string { return fmt.Sprintf("%s/%d", r.Job, r.Number) }

// AttemptID names the attempt that is under way, among all attempts of the lake.
func (r Run) AttemptID() string { return fmt.Sprintf("%s-%d-%d", r.Job, r.Number, r.Attempt) }

var (
	// ErrNotOwner says that another process looks after the run now.
	ErrNotOwner = errors.New("another process looks after the run")
	// ErrOver says that the run has ended.
	ErrOver = errors.New("the run has ended")
	errWild = errors.New("the event does not fit the run")
)

// most losses in a row, of a run that can go on after each: it may be what kills its keepers.
const mostLosses = 3

// Next is the run after one more event. An event that the run cannot have is an error: ErrOver,
// ErrNotOwner, or one that no keeper makes.
func (r Run) Next(e Event) (Run, error) {
	if (e.What == Created) != (r.events == 0) {
		return r, errWild
	}
	if r.events > 0 && r.State.Ended() {
		return r, ErrOver
	}
	if foreign := e.What == Created || e.What == Adopted || e.What == Asked; !foreign && e.By != r.Owner {
		return r, ErrNotOwner
	}
	r.Steps = slices.Clone(r.Steps)
	if err := r.apply(e); err != nil {
		return r, err
	}
	r.events++
	if r.State.Ended() {
		r.Ended = e.At
	}
	return r, nil
}

func (r *Run) apply(e Event) error {
	running := r.State == Running
	switch {
	case e.What == Created && e.Order != nil:
		r.Order, r.Owner, r.Created, r.State, r.Reads = *e.Order, e.Owner, e.At, Queued, maps.Clone(e.Reads)
	case e.What == Adopted && e.Owner != "":
		r.Owner = e.Owner
	case e.What == Asked:
		if r.Asked = true; !running {
			r.State, r.Outcome = Cancelled, Outcome{State: Cancelled}
		}
	case e.What == Started && !running:
		r.State, r.Handle, r.Started = Running, "", e.At
		if r.Attempt++; r.Attempt == 1 {
			r.Begun, r.Reads = e.At, maps.Clone(e.Reads)
		}
	case e.What == Submitted && running && r.Handle == "" && e.Handle != "":
		r.Handle = e.Handle
	case e.What == Stepped && running && e.Step != nil && e.Step.Index == len(r.Steps):
		r.Steps, r.losses = append(r.Steps, *e.Step), 0
	case e.What == Ended && running && e.Outcome != nil:
		r.Outcome, r.Writes = *e.Outcome, maps.Clone(e.Writes)
		r.settle(e)
	default:
		return errWild
	}
	return nil
}

// settle decides what comes after an attempt.
func (r *Run) settle(e Event) {
	r.State = e.Outcome.State
	switch {
	case r.Asked && r.State != Succeeded:
		r.State = Cancelled
	case r.State == Succeeded || r.State == Cancelled || e.Outcome.Final:
	case r.State == Lost && r.Program.Resumes:
		if r.losses++; r.losses <= mostLosses {
			r.State, r.Again = Waiting, e.At
		}
	default:
		if r.failures++; r.failures <= r.Policy.Retries {
			r.State, r.Again = Waiting, e.At.Add(r.Policy.wait(r.failures, e.Chance))
		}
	}
}

// wait is how long it takes until the n-th retry, give or take a fourth, so that jobs which failed
// together do not come back together.
func (p Policy) wait(n int, chance float64) time.Duration {
	d := p.Backoff
	for range n - 1 {
		if d *= 2; d <= 0 || p.MaxBackoff > 0 && d > p.MaxBackoff {
			d = p.MaxBackoff
			break
		}
	}
	if p.MaxBackoff > 0 {
		d = min(d, p.MaxBackoff)
	}
	return d - d/4 + time.Duration(chance*float64(d/2))
}
