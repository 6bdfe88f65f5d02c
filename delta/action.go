package delta

import (
	"maps"

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
	return d.Storage + d.PathOrData + "@" + itoa(int64(*d.Offset))
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

func (m Metadata) clone() Metadata {
	m.PartitionColumns = append([]string(nil), m.PartitionColumns...)
	m.Configuration = maps.Clone(m.Configuration)
	return m
}

// Protocol is what a reader and a writer must understand.
type Protocol struct {
	MinReader, MinWriter           int
	ReaderFeatures, WriterFeatures []string // non-nil exactly at reader 3, writer 7
}

// metadata is a metaData action. The schema is parsed only after the protocol was understood: a
// newer protocol may use types that this package does not know.
type metadata struct {
	Metadata
	format  string // the provider
	options map[string]string
	schema  string // schemaString as it was written
}

// logAdd is an add action with its statistics as the log has them.
type logAdd struct {
	Add
	stats string // JSON, "" where there are none
	typed bool   // Stats is set: the checkpoint had it in columns
}

// logRemove is a remove action.
type logRemove struct {
	Remove
	stats string
	tags  map[string]string
}

// transaction is a txn action: how far a source has committed.
type transaction struct {
	app     string
	version int64
	updated int64 // milliseconds since the epoch, 0 where unknown
}

// domain is a domainMetadata action. Domains that mean nothing here are kept as they are.
type domain struct {
	name, configuration string
	removed             bool
}

// sidecar is a file of a V2 checkpoint.
type sidecar struct {
	path string
	size int64
}

// fileKey identifies a logical file.
func fileKey(path string, dv *DeletionVector) string {
	if dv == nil {
		return path
	}
	return path + "\x00" + dv.ID()
}

func (a *Add) key() string    { return fileKey(a.Path, a.DeletionVector) }
func (r *Remove) key() string { return fileKey(r.Path, r.DeletionVector) }
