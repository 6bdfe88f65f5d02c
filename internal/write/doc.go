// Package write makes rows into one commit of one table.
//
// A Change is what is to become of a table: the version it was prepared for (Base), what the table is to
// be (Metadata: declared in lakehouse.yaml, given by a statement, or found in the rows), data files that
// nobody sees yet (Rows), whether they take the place of the rows there are (Replace), the transaction
// versions that the commit moves (Moves), and what becomes of all that on a newer version (Rebase).
// Writer.Commit is the one function that makes a Change a commit; a pipeline of package ingest, which
// moves a version of its own, commits the same Change by its Apply.
//
// Guarantees: a reader sees all of a Change or nothing of it. What was written for a commit that certainly
// did not happen is deleted; what was written for one whose outcome is unknown stays. A newer version
// is never overwritten unread: each rule of rebasing says which versions it accepts, and all others are
// ErrMoved (the caller prepares the change anew) or a conflict.
//
// Every change of rows is a Change, and there is no second writer:
//
//   - a load of raw files, by hand or from a source: Rows of a Loader, KeepOthers;
//   - INSERT, CREATE TABLE, INSERT OVERWRITE: Rows of a SELECT, Unmoved, and Once for a step of a job;
//   - a model, full or incremental, of DuckDB or of Spark: Owned, with the versions of its inputs as Moves;
//   - what lakehouse.yaml says of a table that exists: no Rows, Unmoved.
//
// A raw file that cannot be loaded stops itself alone: a Backlog holds it back, and its batch is decided anew without it; or, with
// on_error: quarantine, it becomes a row of the table _quarantine, as bad rows do. A replay moves rows from there to their table: the
// quarantine marks them with a number, which the table then has as a Move.
//
// What is to come needs no second writer. DELETE, UPDATE and MERGE are a Statement with a Verb of package sql: Reads,
// Unmoved, and a field of Change for the files and rows that go, which Apply removes beside RemoveAll. OPTIMIZE is the
// same without a change of data, so that no append conflicts with it. An upsert of change capture is a MERGE whose
// source is a Move; a micro-batch of a stream is a load whose source is a Move.
package write
