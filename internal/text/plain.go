package text

import (
	"errors"
	"fmt"
	"unsafe"
)

// Plain CSV is what nearly all files hold, and nothing else: values in the plainest form of their type,
// records of the same number of fields, quotes only around whole fields, UTF-8. A PlainReader reads it fast: into columns
// of memory, typed, from several threads at once. At the first thing that is unusual it declines, and whoever uses it
// reads the files anew with a Reader. What it does read it reads as a Reader does, and as DuckDB's read_csv.

// PlainColumn says what a field of each record is.
type PlainColumn struct {
	Kind         Kind
	Width, Scale int  // of a decimal: its digits, and those after the point
	Canonical    bool // a number that begins with zeros is declined: they would be lost
}

// PlainFormat says how files are written. All have the same columns in the same order.
type PlainFormat struct {
	Delimiter byte
	Quote     byte // 0 for none; it is its own escape
	Header    bool // the first record of each file is not data
	Columns   []PlainColumn
}

// Vector is the memory of a column that a chunk of rows is written to.
type Vector struct {
	Data unsafe.Pointer
	Null func(row int) // notes that a row has no value
}

// ErrDeclined says that the files hold something that a PlainReader leaves to a Reader.
var ErrDeclined = errors.New("text: not in the plainest form")

// decline says where, for tests and those who wonder why a load is slow.
func decline(file, what string) error { return fmt.Errorf("%w: %s: %s", ErrDeclined, file, what) }
