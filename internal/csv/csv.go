// Package csv reads plain CSV fast: into columns of memory, typed, from several threads at once.
//
// It reads what nearly all files hold, and nothing else: values in the plainest form of their type,
// records of the same number of fields, quotes only around whole fields, UTF-8. At the first thing that
// is unusual it declines, and whoever uses it reads the files anew with a reader that knows every
// form and says what is wrong. What it does read it reads as DuckDB's read_csv does.
package csv

import (
	"errors"
	"fmt"
	"unsafe"
)

// Kind is the type of a column, and how its values lie in memory.
type Kind uint8

// The kinds. A decimal is a whole number of 10^-scale, in the smallest of the integers that holds it.
const (
	Bool      Kind = iota // a byte
	Int8                  //
	Int16                 //
	Int32                 //
	Int64                 //
	Float32               //
	Float64               //
	Decimal16             // up to 4 digits
	Decimal32             // up to 9 digits
	Decimal64             // up to 18 digits
	Date                  // int32, days since 1970
	Timestamp             // int64, microseconds since 1970, UTC
	Text                  // 16 bytes: see the method text of Thread
)

// Column says what a field of each record is.
type Column struct {
	Kind         Kind
	Width, Scale int  // of a decimal: its digits, and those after the point
	Canonical    bool // a number that begins with zeros is declined: they would be lost
}

// Format says how files are written. All have the same columns in the same order.
type Format struct {
	Delimiter byte
	Quote     byte // 0 for none; it is its own escape
	Header    bool // the first record of each file is not data
	Columns   []Column
}

// Vector is the memory of a column that a chunk of rows is written to.
type Vector struct {
	Data unsafe.Pointer
	Null func(row int) // notes that a row has no value
}

// ErrDeclined says that the files hold something that this package leaves to others.
var ErrDeclined = errors.New("csv: not in the plainest form")

// decline says where, for tests and those who wonder why a load is slow.
func decline(file, what string) error { return fmt.Errorf("%w: %s: %s", ErrDeclined, file, what) }
