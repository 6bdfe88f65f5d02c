package cli

import (
	"context"
	"errors"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/aws/price"
)

// The exit codes of every command.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2   // the command line itself is wrong
	exitConflict    = 3   // another writer was first; nothing was changed, running again may succeed
	exitUnknown     = 4   // a change was sent, and whether it happened is not known
	exitChanges     = 5   // a plan has changes, with --exit-code
	exitInterrupted = 130 // Ctrl-C, or a signal to end
)

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// usageError is a command line that cannot be run.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// exitCode is the one place where an error becomes a code. Of several reasons the one that asks
// for the most care counts: an unknown outcome, then an interruption, then a conflict.
func exitCode(ctx context.Context, err error) int {
	var usage *usageError
	var prices *price.FileError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, delta.ErrUnknownOutcome):
		return exitUnknown
	case errors.Is(err, errInterrupted), errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case errors.Is(err, delta.ErrConflict):
		return exitConflict
	case errors.As(err, &usage), errors.As(err, &prices):
		return exitUsage
	case errors.Is(err, errChanges):
		return exitChanges
	}
	return exitFailed
}
