package write

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
)

// Statement is an INSERT or a CREATE TABLE that is run on DuckDB.
type Statement struct {
	*sql.Change
	// Once moves a transaction version of the table, so that the statement counts once however often it is
	// run; nil for none.
	Once *Move
	// View is the engine that runs the query, on the tables of a resolver. Nil: the Writer's engine.
	View func(duck.Resolver) *duck.Engine
	Tell func(tablefile.Progress) // may be nil
}

// Done is what a statement did.
type Done struct {
	Version int64 // of the table; -1: there is none
	Rows    int64
	Before  bool // it was committed before: nothing was done now
}

// mostTries is how often a change is prepared anew because the table moved meanwhile.
const mostTries = 10

// Run runs a statement, in one commit. Where it reads the table that it writes, or the table's columns change
// meanwhile, it begins again on the newer version.
func (w *Writer) Run(ctx context.Context, s Statement) (Done, error) {
	if s.View == nil {
		s.View = w.Engine.With
	}
	for tries := 1; ; tries++ {
		done, err := w.runOnce(ctx, s)
		if !errors.Is(err, ErrMoved) {
			return done, err
		}
		if tries == mostTries {
			return done, fmt.Errorf("table %s: %w %d times in a row: %w", s.Table, ErrMoved, tries, delta.ErrConflict)
		}
	}
}

// statement is one try of a Statement.
type statement struct {
	Statement
	writer *Writer
	table  *delta.Table
	decl   *spec.Table // what lakehouse.yaml says of the table; nil for nothing

	base     *delta.Snapshot // the version it builds on; nil where there is no table
	reads    bool            // the query reads the table
	engine   *duck.Engine    // sees the versions that the query reads
	metadata delta.Metadata  // what the table is to be
}

func (w *Writer) runOnce(ctx context.Context, o Statement) (Done, error) {
	s := &statement{Statement: o, writer: w}
	if err := s.open(ctx); err != nil {
		return Done{}, err
	}
	if s.base != nil && o.Once != nil && s.base.Transaction(o.Once.App) >= o.Once.To {
		return Done{Version: s.base.Version(), Before: true}, nil
	}
	if s.base != nil && o.IfNotExists {
		return Done{Version: s.base.Version()}, nil
	}
	query, err := s.target(ctx)
	if err != nil {
		return Done{}, err
	}
	c := s.change()
	if o.Query != "" {
		fileSpec := w.FileSpec(s.table, s.metadata)
		fileSpec.Progress = o.Tell
		if s.decl != nil {
			fileSpec.SortBy = s.decl.ClusterBy
		}
		if c.Rows, err = s.engine.Write(ctx, query, fileSpec); err != nil {
			return Done{}, s.named(err)
		}
	}
	commit, err := w.Commit(ctx, c)
	if errors.Is(err, delta.ErrAdvanced) {
		return Done{Version: commit.Version, Before: true}, nil
	}
	return Done{Version: commit.Version, Rows: c.Rows.Rows}, err
}

// change is the commit of the statement, but for its rows.
func (s *statement) change() *Change {
	c := &Change{
		Table: s.table, Base: s.base, Metadata: s.metadata, Rebase: Unmoved, Reads: s.reads, Replace: s.Verb != sql.Insert, Operation: "WRITE",
	}
	if s.Once != nil {
		c.Moves = []Move{*s.Once}
	}
	if s.Verb == sql.Create {
		c.Operation = "CREATE TABLE AS SELECT"
		if s.Statement.Replace {
			c.Operation = "CREATE OR REPLACE TABLE AS SELECT"
		}
	}
	return c
}

// open finds the table and the versions that the query reads.
func (s *statement) open(ctx context.Context) (err error) {
	w := s.writer
	if s.Table.Same(Quarantine) {
		return s.wrong(duck.Refused, "write another table", "the table %s belongs to petalake", s.Table)
	}
	if m := w.Env.Spec.Model(s.Table); m != nil {
		return s.wrong(duck.Refused, "write another table, or take the model out of lakehouse.yaml", "%s is made by a model, which would replace the rows", s.Table)
	}
	s.decl = w.Env.Spec.Table(s.Table)
	if s.table, err = w.Env.Table(ctx, s.Table); err != nil {
		return err
	}
	if s.base, err = s.table.Snapshot(ctx, delta.When{}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	versions := map[spec.TableName]*delta.Snapshot{}
	if s.base != nil {
		versions[s.Table.Fold()] = s.base
	}
	if s.Query != "" {
		references, err := w.Engine.References(ctx, s.Query)
		if err != nil {
			return err
		}
		s.reads = slices.ContainsFunc(references, s.Table.Same)
	}
	s.engine = s.View(lake.Pinned{Env: w.Env, Versions: versions})
	return nil
}

// target decides what the table is to be, and the SELECT whose columns are named as the table's.
func (s *statement) target(ctx context.Context) (query string, err error) {
	if s.Verb == sql.Create {
		return s.Query, s.created(ctx)
	}
	if s.base != nil {
		s.metadata = s.base.Metadata()
	} else if err := s.declared(ctx); err != nil {
		return "", err
	}
	if s.ByName {
		return s.Query, nil
	}
	names := s.Columns
	if names == nil {
		for _, f := range s.metadata.Schema.Fields {
			names = append(names, f.Name)
		}
	}
	for _, name := range names {
		if s.metadata.Schema.Index(name) < 0 {
			return "", s.wrong(duck.Unknown, "", "the table %s has no column %q", s.Table, name)
		}
	}
	found, err := s.engine.Describe(ctx, s.Query)
	if err != nil {
		return "", err
	}
	if n := found.NumFields(); n != len(names) {
		return "", s.wrong(duck.Unknown, "give a value for each of "+strings.Join(names, ", ")+", or list the columns after the table's name",
			"the query has %d columns, and %d are wanted", n, len(names))
	}
	return s.Select(names), nil
}

// declared describes a table that does not exist yet and that lakehouse.yaml declares.
func (s *statement) declared(ctx context.Context) error {
	if s.decl == nil || len(s.decl.Columns) == 0 {
		return s.writer.Env.Missing(ctx, s.Table.String())
	}
	if err := s.writer.Env.Catalog.Vacant(ctx, s.Table); err != nil {
		return err
	}
	var err error
	s.metadata, err = newDescription(s.decl)
	return err
}

// created describes the table that CREATE TABLE makes.
func (s *statement) created(ctx context.Context) error {
	switch {
	case s.base == nil:
		if err := s.writer.Env.Catalog.Vacant(ctx, s.Table); err != nil {
			return err
		}
	case !s.Statement.Replace:
		return s.wrong(duck.Refused, "write CREATE OR REPLACE TABLE, CREATE TABLE IF NOT EXISTS, or INSERT INTO", "the table %s exists", s.Table)
	}
	var err error
	if s.metadata, err = newDescription(s.decl); err != nil {
		return err
	}
	if s.base != nil {
		kept := maps.Clone(s.base.Metadata().Configuration)
		maps.DeleteFunc(kept, func(key, _ string) bool { return !outlivesReplace(key) })
		maps.Copy(kept, s.metadata.Configuration)
		s.metadata.Configuration = kept
	}
	if s.metadata.Configuration == nil {
		s.metadata.Configuration = map[string]string{}
	}
	maps.Copy(s.metadata.Configuration, s.Properties)
	if s.Comment != "" {
		s.metadata.Description = s.Comment
	}
	if s.PartitionBy != nil {
		s.metadata.PartitionColumns = s.PartitionBy
	}
	if s.metadata.Schema == nil {
		s.metadata.Schema = s.Schema
	}
	if s.metadata.Schema == nil {
		found, err := s.engine.Describe(ctx, s.Query)
		if err != nil {
			return err
		}
		if s.metadata.Schema, err = tablefile.SchemaOf(found); err != nil {
			return err
		}
	}
	var before *schema.Struct
	if s.base != nil {
		before = s.base.Schema()
	}
	if err := CheckNames(before, s.metadata.Schema, RenameInSelect); err != nil {
		return err
	}
	return s.spell()
}

// outlivesReplace says whether a property stays when a table is replaced, as Spark has it: those of features that a table does not
// lose. What else others set goes with the table that was.
func outlivesReplace(key string) bool {
	switch key {
	case "delta.enableDeletionVectors", "delta.enableRowTracking", "delta.checkpointPolicy":
		return true
	}
	return strings.HasPrefix(key, "delta.rowTracking.")
}

// spell writes the partition columns as the schema does.
func (s *statement) spell() error {
	columns := slices.Clone(s.metadata.PartitionColumns)
	for i, name := range columns {
		at := s.metadata.Schema.Index(name)
		if at < 0 {
			return s.wrong(duck.Unknown, "", "PARTITIONED BY: the table has no column %q", name)
		}
		columns[i] = s.metadata.Schema.Fields[at].Name
	}
	s.metadata.PartitionColumns = columns
	return nil
}

// wrong is an error about the query of the statement.
func (s *statement) wrong(kind duck.Kind, hint, format string, args ...any) error {
	return duck.ErrorAt(s.Text, s.At, kind, hint, format, args...)
}

// named says of which table an error about columns is.
func (s *statement) named(err error) error {
	if wrong := (*tablefile.SchemaError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("table %s: %w", s.Table, err)
	}
	return err
}
