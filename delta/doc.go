// Package delta keeps tables in a store by the Delta Lake protocol, in Go alone.
//
// A Table is a name for a place. A Snapshot is one version of it: schema, properties and live
// files. A Txn is a set of changes to a snapshot; Table.Update turns it into the next version, or
// into none. Readers never see a part of a commit.
package delta
