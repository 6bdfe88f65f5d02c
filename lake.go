package petalake

import (
	"context"
	"errors"
	"iter"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
)

var errNotYet = errors.New("not yet")

// Lake is an open lakehouse. Its methods are safe for concurrent use.
type Lake struct{}

// Open reads lakehouse.yaml and opens one environment of it.
func Open(ctx context.Context, o Options) (*Lake, error) { return nil, errNotYet }

// Close ends all statements and frees what the lake holds.
func (l *Lake) Close() error { return errNotYet }

// Query runs one SQL statement; see engine.Engine.
func (l *Lake) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return nil, errNotYet
}

// Table finds a table; one that does not exist is an error with near names.
func (l *Lake) Table(ctx context.Context, name string) (*delta.Table, error) { return nil, errNotYet }

// Tables yields the tables of the lake, ordered by name. It names a table that cannot be opened
// too, with its error.
func (l *Lake) Tables(ctx context.Context) iter.Seq2[TableState, error] { return nil }

// Names lists the tables of the lake.
func (l *Lake) Names(ctx context.Context) ([]catalog.Name, error) { return nil, errNotYet }

// Load loads raw files into a table, in one commit. Progress may be nil.
func (l *Lake) Load(ctx context.Context, load Load, progress func(Event)) (Event, error) {
	return Event{}, errNotYet
}

// Run loads what is new from all sources and builds the models that depend on it, in order. With
// Up.Once it returns the joined errors of what failed; otherwise it goes on until ctx ends.
func (l *Lake) Run(ctx context.Context, up Up, tell func(Event)) error { return errNotYet }
