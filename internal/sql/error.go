package sql

import "fmt"

// Fault is what is wrong with a statement.
type Fault int

// The faults.
const (
	Syntax  Fault = iota // it is not SQL
	Refused              // it is SQL that is not run
)

// Error is a statement that goes to no engine.
type Error struct {
	Fault   Fault
	Offset  int    // byte of the statement that it is about
	Message string // one sentence
	hint    string
}

// Error is the message.
func (e *Error) Error() string { return "sql: " + e.Message }

// Hint is what the writer of the statement can do, "" if nothing is known.
func (e *Error) Hint() string { return e.hint }

func fault(kind Fault, offset int, hint, format string, args ...any) *Error {
	return &Error{kind, offset, fmt.Sprintf(format, args...), hint}
}
