package duck

import (
	"errors"
	"fmt"

	"github.com/petalake/petalake/internal/sql"
)

// Kind says what is wrong with a statement.
type Kind string

// The kinds of Error.
const (
	Syntax  Kind = "syntax"    // it is not SQL
	Refused Kind = "refused"   // it is SQL that the engine does not run
	Unknown Kind = "not found" // it names a table, version, column or function that is not there
	Unread  Kind = "unread"    // the log of a table that it names could not be read
	Failed  Kind = "failed"    // it ended while it ran
)

// Error is a statement that was not answered. Errors of the context are never wrapped in it.
type Error struct {
	Kind    Kind
	Message string // one sentence, or more lines where the database lists candidates
	Offset  int    // byte of the statement that it is about, -1 if unknown
	Line    int    // of Offset, from 1; 0 if unknown
	Column  int    // of Offset in characters, from 1
	Err     error  // the cause, if there is one
	hint    string
}

// Error is "sql: line 1:15: message".
func (e *Error) Error() string {
	if e.Line == 0 {
		return "sql: " + e.Message
	}
	return fmt.Sprintf("sql: line %d:%d: %s", e.Line, e.Column, e.Message)
}

// Hint is what the writer of the statement can do, "" if nothing is known.
func (e *Error) Hint() string { return e.hint }

func (e *Error) Unwrap() error { return e.Err }

// at places the error in the statement's text.
func (e *Error) at(text string, offset int) *Error {
	if offset < 0 || offset > len(text) {
		e.Offset = -1
		return e
	}
	p := sql.PositionAt(text, offset)
	e.Offset, e.Line, e.Column = offset, p.Line, p.Column
	return e
}

// ErrorAt is an error about a byte of a statement's text.
func ErrorAt(text string, offset int, kind Kind, hint, format string, args ...any) *Error {
	return failure(kind, hint, format, args...).at(text, offset)
}

// ParseChange is sql.ParseChange; its error is an *Error.
func ParseChange(text string) (*sql.Change, error) {
	c, err := sql.ParseChange(text)
	if err != nil {
		return nil, misread(text, err)
	}
	return c, nil
}

// misread is an *Error for one that package sql has of a statement's text.
func misread(text string, err error) error {
	wrong, ok := errors.AsType[*sql.Error](err)
	if !ok {
		return err
	}
	kind := Syntax
	if wrong.Fault == sql.Refused {
		kind = Refused
	}
	return ErrorAt(text, wrong.Offset, kind, wrong.Hint(), "%s", wrong.Message)
}

func failure(kind Kind, hint, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Offset: -1, hint: hint}
}
