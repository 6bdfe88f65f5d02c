package delta

import (
	"context"
	"iter"
	"time"

	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// Table is a name for a place: a folder of a store with a _delta_log in it. It holds no state.
type Table struct {
	store store.Store
	root  string // key prefix without the trailing slash
}

// At names the table under root, whether or not there is one yet.
func At(s store.Store, root string) *Table { return &Table{store: s, root: root} }

// When says which version of a table is meant. The zero value is the latest.
type When struct {
	Version *int64
	Time    *time.Time
}

// Snapshot is one version of a table, immutable and lazy.
type Snapshot struct {
	version int64
}

// Snapshot opens one version. A folder without a log is fs.ErrNotExist.
func (t *Table) Snapshot(ctx context.Context, at When) (*Snapshot, error) { panic("not yet") }

// Version is -1 for a table that does not exist yet (only a Txn sees that).
func (s *Snapshot) Version() int64 { return s.version }

// Metadata is the table's description at this version.
func (s *Snapshot) Metadata() Metadata { panic("not yet") }

// Protocol is the table's protocol at this version.
func (s *Snapshot) Protocol() Protocol { panic("not yet") }

// Time is when the version was committed.
func (s *Snapshot) Time() time.Time { panic("not yet") }

// Files yields the live files that may hold a row where the predicate is true: all of them for nil.
func (s *Snapshot) Files(ctx context.Context, where stats.Predicate) iter.Seq2[Add, error] {
	panic("not yet")
}

// Transaction is the last version a source committed with Txn.Advance, -1 for none.
func (s *Snapshot) Transaction(app string) int64 { panic("not yet") }

// Update commits what change makes of the latest snapshot, as one new version.
func (t *Table) Update(ctx context.Context, change func(*Txn) error) (Commit, error) {
	panic("not yet")
}

// Commit is the outcome of an Update.
type Commit struct {
	Version int64
	ID      string
}

// Txn is a set of changes to one snapshot.
type Txn struct{}

// Snapshot is what the transaction builds on; its version is -1 where there is no table yet.
func (x *Txn) Snapshot() *Snapshot { panic("not yet") }

// SetMetadata creates the table or changes its schema, partitioning or properties.
func (x *Txn) SetMetadata(m Metadata) { panic("not yet") }

// Add makes files live.
func (x *Txn) Add(files ...Add) { panic("not yet") }

// Remove makes live files dead.
func (x *Txn) Remove(files ...Add) { panic("not yet") }

// Read says what the change depends on: nil means every file.
func (x *Txn) Read(where stats.Predicate) { panic("not yet") }

// Advance moves the position of a source (the protocol's txn action) from one version to the next.
func (x *Txn) Advance(app string, from, to int64) { panic("not yet") }

// Operation names the change for the history: "WRITE", {"mode":"Append"}, {"numFiles":"1"}.
func (x *Txn) Operation(name string, parameters, metrics map[string]string) { panic("not yet") }
