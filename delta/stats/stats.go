// Package stats says what a data file holds - rows, and for each column its least and greatest
// value and its nulls - and decides from that whether the file can hold a row a predicate wants.
package stats

import "math/big"

// Value is a constant of a column's type. Its dynamic type is one of
//
//	nil           null
//	bool          boolean
//	int64         byte, short, integer, long
//	float64       float (then exactly representable in 32 bits), double
//	string        string
//	[]byte        binary
//	Decimal       decimal
//	Date          date
//	Timestamp     timestamp and timestamp_ntz
type Value = any

// Decimal is Unscaled * 10^-Scale.
type Decimal struct {
	Unscaled *big.Int
	Scale    int
}

// Date is days since 1970-01-01.
type Date int32

// Timestamp is microseconds since 1970-01-01T00:00:00, UTC where the column has a zone.
type Timestamp int64

// File is what is known of one data file.
type File struct {
	NumRecords  int64 // -1: not known
	TightBounds bool  // false: Min and Max are outer bounds (a deletion vector hides rows)
	Columns     []Column
}

// Column is what is known of one leaf column (a path through structs, never into arrays or maps).
// Of floating-point numbers Min and Max are never NaN; where Max is nil there may be NaNs, which are
// greater than every number.
type Column struct {
	Path      []string
	Min, Max  Value // nil: not known, or all null
	NullCount int64 // -1: not known
}

// Op compares a column with a constant.
type Op string

// The comparisons a file's statistics can answer.
const (
	EQ Op = "="
	NE Op = "<>"
	LT Op = "<"
	LE Op = "<="
	GT Op = ">"
	GE Op = ">="
)

// Predicate is one of And, Or, Not, Compare, In, IsNull, Unknown. It has SQL's three-valued
// meaning: a row matches when it is true. A nil Predicate matches every row.
type Predicate interface{ isPredicate() }

// And is true when all are; of none, true.
type And []Predicate

// Or is true when one is; of none, false.
type Or []Predicate

// Not negates.
type Not struct{ Predicate Predicate }

// Compare is "column op value".
type Compare struct {
	Path  []string
	Op    Op
	Value Value
}

// In is "column in (values)".
type In struct {
	Path   []string
	Values []Value
}

// IsNull is "column is null".
type IsNull struct{ Path []string }

// Unknown is a condition that statistics say nothing about: any file may match it, and its negation.
type Unknown struct{}

func (And) isPredicate()     {}
func (Or) isPredicate()      {}
func (Not) isPredicate()     {}
func (Compare) isPredicate() {}
func (In) isPredicate()      {}
func (IsNull) isPredicate()  {}
func (Unknown) isPredicate() {}
