package spark

import (
	"errors"

	"github.com/petalake/petalake/internal/sql"
)

// RefusedError says that a statement was not sent, since it reaches beyond the tables of the lake.
type RefusedError struct {
	What string
	hint string
}

// Error implements error.
func (e *RefusedError) Error() string { return "spark: refused: " + e.What }

// Hint says what to do.
func (e *RefusedError) Hint() string { return e.hint }

// Guard is sql.Guard; its error is a *RefusedError.
func Guard(text string, within func(location string) bool) error {
	err := sql.Guard(text, within)
	if wrong, ok := errors.AsType[*sql.Error](err); ok {
		return &RefusedError{wrong.Message, wrong.Hint()}
	}
	return err
}
