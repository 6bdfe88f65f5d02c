package job

import "context"

// Runner runs attempts somewhere: on this machine, on a cluster. A handle is a text by which any
// process that has the same Runner finds the attempt again. All methods are safe for concurrent use;
// an error means that nothing is known, and that asking again may help.
type Runner interface {
	// Submit starts an attempt, unless one of the same ID was started before, and returns its
	// handle. An attempt that can never be started is a *RefusedError.
	Submit(ctx context.Context, a Attempt) (handle string, err error)

	// Poll says how far an attempt is. One that the runner does not know any more is Gone.
	Poll(ctx context.Context, handle string) (Status, error)

	// Cancel asks an attempt to end; Poll tells when it has. Asking again is harmless, and more
	// urgent.
	Cancel(ctx context.Context, handle string) error

	// Logs returns what the attempt said from a byte on, not more than fits into a message, and
	// nothing where there is no more yet.
	Logs(ctx context.Context, handle string, from int64) ([]byte, error)
}

// Attempt is one try of a run.
type Attempt struct {
	ID      string // unique in the lake
	Run     string // job/number
	Job     string
	Number  int64 // of the run
	Program Program
	Done    int // steps that need not be done
}

// Status is how far an attempt is.
type Status struct {
	Phase Phase
	Exit  int    // when Over: 0 is success
	Error string // when Over: what went wrong, "" if only Exit says so
	Final bool   // when Over: another attempt would end in the same way
	Steps []Step // done by this attempt so far, in order
}

// Phase is a part of an attempt's life.
type Phase string

// The phases of an attempt.
const (
	Active Phase = "active"
	Over   Phase = "over"
	Gone   Phase = "gone" // it is not there, and nobody knows how it ended
)

// RefusedError says why an attempt can never be started.
type RefusedError struct {
	Err  error
	hint string
}

// Refused says that an attempt can never be started, and what to do about it.
func Refused(err error, hint string) error { return &RefusedError{err, hint} }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *RefusedError) Hint() string { return e.hint }
