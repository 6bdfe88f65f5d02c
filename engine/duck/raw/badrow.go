package raw

import "fmt"

// BadRowError says which row of a raw file cannot be read, and why.
type BadRowError struct {
	File   string
	Line   int64 // from 1; a row over several lines has its first
	Column string
	Reason string
	Raw    string // the row's text
	More   int64  // how many other bad rows are known
}

func (e *BadRowError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Hint says what to do.
func (e *BadRowError) Hint() string {
	return "correct the row, declare another type for the column, or set on_error: quarantine on the source"
}

// badRow is a row that cannot be read.
type badRow struct {
	file   string
	line   int64
	column string
	reason string
	raw    string

	reading Reading
}

func (b *badRow) err() error {
	return &BadRowError{File: b.file, Line: b.line, Column: b.column, Reason: b.reason, Raw: b.raw}
}
