package duck

import (
	"context"
	"iter"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/sql"
)

// Relation is one version of a table: what a statement reads. A *delta.Snapshot is one.
type Relation interface {
	Version() int64
	Metadata() delta.Metadata
	// Files yields the live files that may hold a row where the predicate is true, with their
	// statistics. It may yield more, never fewer.
	Files(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error]
	// Plan is Files without the statistics of columns.
	Plan(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error]
	// Totals is how many live files there are, and their bytes.
	Totals(ctx context.Context) (files, bytes int64, err error)
}

var _ Relation = (*delta.Snapshot)(nil)

// Resolver knows the tables of a lake by name.
type Resolver interface {
	// Resolve finds one version of a table, and the key of the table's folder in Options.Lake,
	// without a trailing slash. Names are compared without case. An unknown table or version is an
	// error that wraps fs.ErrNotExist.
	Resolve(ctx context.Context, name sql.TableName, at delta.When) (table Relation, root string, err error)
	// Names are all tables, in any order.
	Names(ctx context.Context) ([]sql.TableName, error)
}
