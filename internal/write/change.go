package write

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Writer writes the tables of an environment.
type Writer struct {
	Env    *lake.Env
	Engine *duck.Engine // runs the SELECTs whose rows are written
	Loader raw.Loader   // reads raw files
}

// Change is what is to become of a table in one commit.
type Change struct {
	Table *delta.Table
	Base  *delta.Snapshot // the version it was prepared for; nil: there was no table

	Metadata delta.Metadata    // what the table is to be
	Rebase   Rebase            // what that is on another version than Base
	Rows     tablefile.Written // files to be added, which no log names yet
	Replace  bool              // they take the place of all rows there are
	Reads    bool              // they were made from the table's own rows
	Moves    []Move

	Operation  string            // as history shows it
	Parameters map[string]string // of the operation

	// Made says whether a newer version is already what this change would make of the table. Nil: never.
	Made func(now *delta.Snapshot) bool
}

// Move is the transaction version of an application that the commit moves, so that what is recorded and
// the rows cannot part.
type Move struct {
	App string
	// From is the version that the rows follow; Any where they stand for all there is up to To.
	From int64
	To   int64
	// Once: a table that has To is left as it is.
	Once bool
}

// Any is a Move's From that follows every version.
const Any = -2

// apply moves the version. A version that is not what the rows were made for is an error that is
// delta.ErrAdvanced.
func (m Move) apply(x *delta.Txn) error {
	have := x.Snapshot().Transaction(m.App)
	switch {
	case m.Once && have >= m.To:
		return delta.ErrAdvanced
	case m.From != Any && have != m.From:
		return &delta.AdvancedError{App: m.App, From: m.From, Have: have}
	case have > m.To:
		return &delta.AdvancedError{App: m.App, From: m.To, Have: have}
	case have < m.To:
		x.Advance(m.App, have, m.To)
	}
	return nil
}

// Apply is the change on one snapshot: what delta.Table.Update calls, again on a newer one where another
// writer was first.
func (c *Change) Apply(ctx context.Context, x *delta.Txn) error {
	now := x.Snapshot()
	if c.Made != nil && now.Version() != c.base() && c.Made(now) {
		return delta.ErrAdvanced
	}
	for _, m := range c.Moves {
		if err := m.apply(x); err != nil {
			return err
		}
	}
	if c.Reads {
		x.Read(nil)
	}
	metadata, err := c.Rebase(c, now)
	if err != nil {
		return err
	}
	setMetadata(x, metadata)
	if c.Replace && now.Version() >= 0 {
		if err := x.RemoveAll(ctx); err != nil {
			return err
		}
	}
	x.Add(c.Rows.Files...)
	parameters := map[string]string{"mode": "Append"}
	if c.Replace {
		parameters["mode"] = "Overwrite"
	}
	maps.Copy(parameters, c.Parameters)
	x.Operation(c.Operation, parameters, map[string]string{
		"numFiles": fmt.Sprint(len(c.Rows.Files)), "numOutputRows": fmt.Sprint(c.Rows.Rows), "numOutputBytes": fmt.Sprint(c.Rows.Bytes),
	})
	return nil
}

// base is the number of the version that the change was prepared for, -1 for none.
func (c *Change) base() int64 {
	if c.Base == nil {
		return -1
	}
	return c.Base.Version()
}

// setMetadata gives the table a description, where that differs from the one it has. The identity of a
// table that exists stays.
func setMetadata(x *delta.Txn, m delta.Metadata) {
	now := x.Snapshot()
	if now.Version() >= 0 {
		m.ID, m.CreatedAt = now.Metadata().ID, now.Metadata().CreatedAt
	}
	if now.Version() < 0 || !same(now.Metadata(), m) {
		x.SetMetadata(m)
	}
}

// Commit makes the change visible. Where that certainly did not happen, its files are deleted.
func (w *Writer) Commit(ctx context.Context, c *Change) (delta.Commit, error) {
	commit, err := c.Table.Update(ctx, func(x *delta.Txn) error { return c.Apply(ctx, x) })
	if errors.Is(err, ErrMoved) || errors.Is(err, delta.ErrAdvanced) || errors.Is(err, delta.ErrConflict) {
		w.Discard(ctx, c.Table, c.Rows)
	}
	return commit, err
}

// Discard deletes data files that no commit will name. What cannot be deleted is an orphan, which
// harms nobody.
func (w *Writer) Discard(ctx context.Context, table *delta.Table, written tablefile.Written) {
	var keys []string
	for _, f := range written.Files {
		keys = append(keys, table.Root()+"/"+f.Path)
	}
	for _, f := range written.Bad {
		keys = append(keys, catalog.Root(Quarantine)+"/"+f.Path)
	}
	if len(keys) > 0 {
		_ = w.Env.Storage.Store.Delete(context.WithoutCancel(ctx), keys...)
	}
}

// view is an engine that sees one version of a table, and the latest of all others.
func (w *Writer) view(name spec.TableName, s *delta.Snapshot) *duck.Engine {
	return w.Engine.With(lake.Pinned{Env: w.Env, Versions: map[spec.TableName]*delta.Snapshot{name.Fold(): s}})
}
