// Package log has the actions of a Delta table's log as values and as JSON.
//
// A commit of the log is a file of lines, each an action: a data file that was added or removed, the
// metadata, the protocol, the transaction version of an application (PROTOCOL.md, Actions). Parse reads
// such a file; AppendAdd and the others write lines of it. Add, Remove, Metadata and Protocol are what
// users of a table meet; AddAction, RemoveAction and MetadataAction are the same with the text that the
// log has of statistics and schema, which is parsed only where somebody asks.
//
// The package does no input or output. Unknown actions and members are passed over. What it writes is
// what the reference implementation writes, byte for byte, where that matters: see EncodePath.
package log

import (
	"maps"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// Add is a live data file of a table.
type Add struct {
	Path            string             // relative to the table, not URI-encoded
	PartitionValues map[string]*string // by partition column; nil is null
	Size            int64              // bytes
	ModTime         int64              // milliseconds since the epoch
	DataChange      bool               // false: rows were only rearranged
	Stats           stats.File
	Tags            map[string]string

	DeletionVector   *DeletionVector // nil: every row of the file is live
	BaseRowID        *int64          // row tracking; nil where the table does not have it
	RowCommitVersion *int64
	Clustering       string // the clustering implementation that wrote it, or ""

	origin int64 // 1 + the version of the snapshot that yielded it
}

// DeletionVector says which rows of a file are dead (PROTOCOL.md, Deletion Vectors).
type DeletionVector struct {
	Storage     string // "u", "i" or "p"
	PathOrData  string
	Offset      *int32
	Size        int32 // bytes
	Cardinality int64 // rows deleted
}

// ID tells the deletion vectors of one file apart.
func (d *DeletionVector) ID() string {
	switch {
	case d == nil:
		return ""
	case d.Offset == nil:
		return d.Storage + d.PathOrData
	}
	return d.Storage + d.PathOrData + "@" + strconv.Itoa(int(*d.Offset))
}

// Remove is a tombstone: a data file that is no longer live.
type Remove struct {
	Path            string
	PartitionValues map[string]*string
	Size            int64
	DeletedAt       int64 // milliseconds since the epoch
	DataChange      bool

	Extended         bool // PartitionValues and Size are known
	DeletionVector   *DeletionVector
	BaseRowID        *int64
	RowCommitVersion *int64
}

// Metadata is what a table is.
type Metadata struct {
	ID               string // a UUID, kept for the life of the table
	Name             string
	Description      string
	Schema           *schema.Struct
	PartitionColumns []string
	Configuration    map[string]string // table properties, "delta.appendOnly" and the like
	CreatedAt        int64             // milliseconds since the epoch
}

// Clone shares neither list nor map with the original.
func (m Metadata) Clone() Metadata {
	m.PartitionColumns = append([]string(nil), m.PartitionColumns...)
	m.Configuration = maps.Clone(m.Configuration)
	return m
}

// Constraints are the table's CHECK constraints, SQL by name. Whoever writes rows makes sure that
// each is true for every one of them.
func (m Metadata) Constraints() map[string]string {
	out := map[string]string{}
	for key, sql := range m.Configuration {
		if name, ok := strings.CutPrefix(key, "delta.constraints."); ok {
			out[name] = sql
		}
	}
	return out
}

// Protocol is what a reader and a writer must understand.
type Protocol struct {
	MinReader, MinWriter           int
	ReaderFeatures, WriterFeatures []string // non-nil exactly at reader 3, writer 7
}

// MetadataAction is a metaData action. The schema is parsed only after the protocol was understood: a
// newer protocol may use types that this package does not know.
type MetadataAction struct {
	Metadata
	Format     string // the provider
	Options    map[string]string
	SchemaText string // schemaString as it was written
}

// AddAction is an add action with its statistics as the log has them.
type AddAction struct {
	Add
	StatsText string // JSON, "" where there are none
	Typed     bool   // Stats is set: the checkpoint had it in columns
	Foreign   bool   // the log has the path in another form than EncodePath
}

// RemoveAction is a remove action.
type RemoveAction struct {
	Remove
	StatsText string
	Tags      map[string]string
}

// Transaction is a txn action: how far a source has committed.
type Transaction struct {
	App     string
	Version int64
	Updated int64 // milliseconds since the epoch, 0 where unknown
}

// Domain is a domainMetadata action. Domains that mean nothing here are kept as they are.
type Domain struct {
	Name, Configuration string
	Removed             bool
}

// Sidecar is a file of a V2 checkpoint.
type Sidecar struct {
	Path string
	Size int64
}

// fileKey identifies a logical file.
func fileKey(path string, dv *DeletionVector) string {
	if dv == nil {
		return path
	}
	return path + "\x00" + dv.ID()
}

// Key identifies the logical file: its path and its deletion vector.
func (a *Add) Key() string { return fileKey(a.Path, a.DeletionVector) }

// Key is that of the Add that the tombstone ends.
func (r *Remove) Key() string { return fileKey(r.Path, r.DeletionVector) }

// Origin is 1 + the version of the snapshot that yielded the file, 0 for a file that none yielded.
func (a *Add) Origin() int64 { return a.origin }

// SetOrigin says which snapshot yielded the file, as Origin returns it.
func (a *Add) SetOrigin(origin int64) { a.origin = origin }
