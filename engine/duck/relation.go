package duck

import (
	"context"
	"iter"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/stats"
)

// TableName is a table as SQL names it. Schema is "" for a table outside any schema ("main" in
// SQL means the same).
type TableName struct{ Schema, Name string }

// String is the name as SQL would write it, without quotes.
func (n TableName) String() string {
	if n.Schema == "" {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

// fold is the name as DuckDB compares it: without case.
func (n TableName) fold() TableName {
	return TableName{Schema: strings.ToLower(n.Schema), Name: strings.ToLower(n.Name)}
}

// Relation is one version of a table: what a statement reads.
type Relation interface {
	// Root is the key of the table's folder in Options.Lake, without a trailing slash.
	Root() string
	Version() int64
	Metadata() delta.Metadata
	// Files yields the live files that may hold a row where the predicate is true. It may yield
	// more, never fewer.
	Files(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error]
}

// Resolver knows the tables of a lake by name.
type Resolver interface {
	// Resolve finds one version of a table. Names are compared without case. An unknown table is
	// an error that wraps fs.ErrNotExist.
	Resolve(ctx context.Context, name TableName, at delta.When) (Relation, error)
	// Names are all tables, in any order.
	Names(ctx context.Context) ([]TableName, error)
}

// Snapshot is a delta.Snapshot as a Relation.
type Snapshot struct {
	*delta.Snapshot
	Folder string // what Root returns
}

// Root is the key of the table's folder.
func (s Snapshot) Root() string { return s.Folder }

var _ Relation = Snapshot{}
