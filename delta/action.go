package delta

import (
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
}

// Remove is a tombstone: a data file that is no longer live.
type Remove struct {
	Path            string
	PartitionValues map[string]*string
	Size            int64
	DeletedAt       int64 // milliseconds since the epoch
	DataChange      bool
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

// Protocol is what a reader and a writer must understand.
type Protocol struct {
	MinReader, MinWriter           int
	ReaderFeatures, WriterFeatures []string // non-nil exactly at reader 3, writer 7
}
