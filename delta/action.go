package delta

import "github.com/petalake/petalake/delta/log"

// The actions of the log that a user of tables meets, as package log has them.
type (
	// Add is a live data file of a table.
	Add = log.Add
	// DeletionVector says which rows of a file are dead.
	DeletionVector = log.DeletionVector
	// Remove is a tombstone: a data file that is no longer live.
	Remove = log.Remove
	// Metadata is what a table is.
	Metadata = log.Metadata
	// Protocol is what a reader and a writer must understand.
	Protocol = log.Protocol
	// CommitInfo is what a commit says about itself.
	CommitInfo = log.CommitInfo
)
