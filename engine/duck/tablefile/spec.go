// Package tablefile writes rows as data files of a Delta table with DuckDB.
//
// A Spec says which table the files are for. A Writer has DuckDB copy the rows of a source, which is the
// text of a SELECT or a table function, into a staging folder: cast to the types of the table's columns,
// held against its rules, sorted, one file or more for each partition. DuckDB says of each file what it
// holds; that becomes the statistics of its Add action. Publish then puts the staged files under the
// table's folder, where nobody sees them until a commit names them.
//
// A value arrives as it is, or the write ends in an error that says why (SchemaError, ViolationError,
// PartitionError). Nothing is left of a write that ended in an error: neither staged files nor files in
// the table's folder.
package tablefile

import (
	"errors"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// Spec says which table the files are for, and how its rows are written.
type Spec struct {
	Store store.Store // where the table is
	Root  string      // key of the table's folder, without a trailing slash

	Schema      *schema.Struct    // all columns of the table; rows are cast to them
	PartitionBy []string          // columns that become folders
	SortBy      []string          // columns the rows of a file are sorted by
	Constraints map[string]string // SQL conditions by name, true for every row
	Properties  map[string]string // of the table: its codec

	// Quarantine is the key of the folder that takes rows which cannot be read, as files of a
	// table of its own. Empty: the first such row ends the write.
	Quarantine string
	Source     string // what the quarantine says the rows came from
	MaxBad     int    // more bad rows end the write anyway; 0 is 10,000

	FileSize int64  // bytes of a data file, about; 0 is 128 MiB. Partitions have a file for each
	Staging  string // a local folder, best on the disk of the store; empty: the system's
	Now      time.Time
	Progress func(Progress) // called from one other goroutine; nil for none
}

// Progress is how far a statement is.
type Progress struct {
	Done  float64 // 0 to 1
	Rows  int64   // read
	Bytes int64   // of raw files read, about
}

// Written is what a Writer wrote. Nobody sees the files until they are committed.
type Written struct {
	Files       []delta.Add
	Rows, Bytes int64 // of Files; raw bytes are the caller's to know

	Bad     []delta.Add // files of the quarantine
	BadRows int64

	Rescued int64 // rows of which some value is in the column for those that do not fit theirs
}

// checkPartitions refuses columns that cannot be folders.
func checkPartitions(s Spec) error {
	for _, name := range s.PartitionBy {
		i := s.Schema.Index(name)
		if i < 0 {
			return &SchemaError{Column: name, Reason: "partition_by names no column of the table"}
		}
		t := s.Schema.Fields[i].Type
		if classOf(t) == nestedClass || t == schema.Binary || t == schema.Void {
			return &SchemaError{Column: name, Reason: "a column of type " + t.String() + " cannot be a partition"}
		}
	}
	for _, name := range s.SortBy {
		if s.Schema.Index(name) < 0 {
			return &SchemaError{Column: name, Reason: "cluster_by names no column of the table"}
		}
	}
	if len(fileColumns(s)) == 0 {
		return errors.New("write: a table needs a column that is no partition")
	}
	return nil
}

// fileColumns are the fields that data files hold.
func fileColumns(s Spec) []schema.Field {
	var fields []schema.Field
	for _, f := range s.Schema.Without(s.PartitionBy...).Fields {
		if f.Type != schema.Void {
			fields = append(fields, f)
		}
	}
	return fields
}
