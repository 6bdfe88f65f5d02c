// Package engine says what runs SQL on the tables of a lake.
package engine

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Engine answers SQL.
type Engine interface {
	// Query runs one statement and streams its rows. Args are bound to ? or $1 in order. The caller
	// releases the reader, which ends the statement; when ctx ends the statement is cancelled and
	// the reader's Err says so. Safe for concurrent use.
	Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error)

	// Describe returns the columns that a SELECT would give, without running it.
	Describe(ctx context.Context, sql string) (*arrow.Schema, error)

	// Close ends all statements and frees what the engine holds.
	Close() error
}
