// Package checkpoint reads and writes the checkpoints of a table's log: the state of a version, in Parquet.
//
// A checkpoint is one Parquet file, several parts of one, or a manifest with sidecars (PROTOCOL.md, Checkpoints). It holds the
// actions that make a version: protocol, metadata, transactions, domains, the live files and the tombstones that
// have not expired. Memory does not grow with the table: a Reader evaluates a Plan on the bounds of row groups, then on the
// columns that the predicate needs, and reads the others where a file was kept; a Writer holds one row group.
//
// What is damaged is a *DamagedError: the caller may take an older checkpoint. Of versions, of the cache of snapshots and of
// commits after a checkpoint this package knows nothing.
package checkpoint

import (
	"fmt"

	"github.com/petalake/petalake/store"
)

// Checkpoint is a complete checkpoint: all of its parts were listed.
type Checkpoint struct {
	Version int64
	Files   []store.Object
	Kind    Kind
}

// Kind is the form of a checkpoint. Of several at one version the greatest is preferred.
type Kind int

// The forms of PROTOCOL.md: in parts, in one file, and with sidecars by a manifest in JSON or in Parquet.
const (
	Multipart Kind = iota
	Classic
	JSON
	Parquet
)

// DamagedError says that a file of a checkpoint is missing or cannot be what it should be.
type DamagedError struct {
	Key     string // of the file, in the store
	Version int64
	Line    int // from 1; 0 where lines mean nothing
	Err     error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("%s: %v", e.Key, e.Err) }

func (e *DamagedError) Unwrap() error { return e.Err }
