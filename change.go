package petalake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
)

// once makes a change count once, however often it is run: the commit moves the table's transaction
// version of the application to this version, and a table that has it is left as it is.
type once struct {
	app     string
	version int64
}

// changed is what a change did.
type changed struct {
	version int64 // of the table; -1: there is none
	rows    int64
	done    bool // it was committed before: nothing was done now
}

// reader is the answer to a statement that writes: how many rows, as Spark says it.
func (c changed) reader() (array.RecordReader, error) {
	columns := arrow.NewSchema([]arrow.Field{
		{Name: "num_affected_rows", Type: arrow.PrimitiveTypes.Int64}, {Name: "num_inserted_rows", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, columns)
	defer b.Release()
	for i := range 2 {
		b.Field(i).(*array.Int64Builder).Append(c.rows)
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return array.NewRecordReader(columns, []arrow.RecordBatch{batch})
}

// run answers a statement on DuckDB, within what a guard lets through: a query by the engine, a change by a commit
// of ours.
func (l *Lake) run(ctx context.Context, g *guard, tell func(duck.Progress), statement string, args []any) (array.RecordReader, error) {
	change, err := duck.ParseChange(statement)
	if err != nil {
		return nil, err
	}
	if change == nil {
		return g.engine(l).Watch(ctx, tell, statement, args...)
	}
	if len(args) > 0 {
		return nil, duck.ErrorAt(change.Text, change.At, duck.Refused, "write the values into the statement", "a statement that writes takes no parameters")
	}
	done, err := l.change(ctx, g, change, nil, tell)
	if err != nil {
		return nil, err
	}
	return done.reader()
}

// change runs an INSERT or a CREATE TABLE on DuckDB, in one commit. Where it reads the table that it
// writes, or the table's columns change meanwhile, it begins again on the newer version.
func (l *Lake) change(ctx context.Context, g *guard, c *sql.Change, o *once, tell func(duck.Progress)) (changed, error) {
	for tries := 1; ; tries++ {
		done, err := l.changeOnce(ctx, g, c, o, tell)
		if !errors.Is(err, errMoved) {
			return done, err
		}
		if tries == 10 {
			return done, fmt.Errorf("table %s: %w %d times in a row: %w", c.Table, errMoved, tries, delta.ErrConflict)
		}
	}
}

// changing is one try of a change.
type changing struct {
	*sql.Change
	lake  *Lake
	guard *guard
	name  spec.TableName
	table *delta.Table
	decl  *spec.Table
	once  *once

	base     *delta.Snapshot // the version it builds on; nil where there is no table
	readsOwn bool            // the query reads the table
	engine   *duck.Engine    // sees the versions that the query reads
	metadata delta.Metadata  // what the table is to be
}

func (l *Lake) changeOnce(ctx context.Context, g *guard, c *sql.Change, o *once, tell func(duck.Progress)) (changed, error) {
	w := &changing{Change: c, lake: l, guard: g, name: c.Table, once: o}
	if err := w.open(ctx); err != nil {
		return changed{}, err
	}
	if w.base != nil && o != nil && w.base.Transaction(o.app) >= o.version {
		return changed{version: w.base.Version(), done: true}, nil
	}
	if w.base != nil && c.IfNotExists {
		return changed{version: w.base.Version()}, nil
	}
	query, err := w.target(ctx)
	if err != nil {
		return changed{}, err
	}
	var written duck.Written
	if c.Query != "" {
		job := l.job(w.table, w.metadata)
		job.Progress = tell
		if w.decl != nil {
			job.SortBy = w.decl.ClusterBy
		}
		if written, err = w.engine.Write(ctx, query, job); err != nil {
			return changed{}, w.blame(err)
		}
	}
	commit, err := w.table.Update(ctx, func(x *delta.Txn) error { return w.commit(ctx, x, written) })
	if errors.Is(err, errMoved) || errors.Is(err, delta.ErrAdvanced) {
		(&loading{lake: l, table: w.table}).discard(ctx, written)
	}
	if errors.Is(err, delta.ErrAdvanced) {
		return changed{version: commit.Version, done: true}, nil
	}
	return changed{version: commit.Version, rows: written.Rows}, err
}

// open finds the table and the versions that the query reads.
func (w *changing) open(ctx context.Context) (err error) {
	l := w.lake
	if err := w.guard.may(access.Write, w.name); err != nil {
		return err
	}
	if w.name.Same(quarantine) {
		return w.wrong(duck.Refused, "write another table", "the table %s belongs to petalake", w.name)
	}
	if m := l.env.Spec.Model(w.name); m != nil {
		return w.wrong(duck.Refused, "write another table, or take the model out of lakehouse.yaml", "%s is made by a model, which would replace the rows", w.name)
	}
	w.decl = l.env.Spec.Table(w.name)
	if w.table, err = l.env.Table(ctx, w.name); err != nil {
		return err
	}
	if w.base, err = w.table.Snapshot(ctx, delta.When{}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	inputs := map[string]*delta.Snapshot{}
	if w.base != nil {
		inputs[strings.ToLower(w.name.String())] = w.base
	}
	if w.Query != "" {
		references, err := l.engine.References(ctx, w.Query)
		if err != nil {
			return err
		}
		w.readsOwn = slices.ContainsFunc(references, func(r sql.TableName) bool {
			return r.Same(w.name)
		})
	}
	w.engine = w.guard.over(l.engine, pinned{inputs: inputs, names: lake.Resolver{Env: l.env}})
	return nil
}

// target settles what the table is to be, and the SELECT whose columns are named as the table's.
func (w *changing) target(ctx context.Context) (query string, err error) {
	if w.Verb == sql.Create {
		return w.Query, w.created(ctx)
	}
	if w.base != nil {
		w.metadata = w.base.Metadata()
	} else if err := w.declared(ctx); err != nil {
		return "", err
	}
	if w.ByName {
		return w.Query, nil
	}
	names := w.Columns
	if names == nil {
		for _, f := range w.metadata.Schema.Fields {
			names = append(names, f.Name)
		}
	}
	for _, name := range names {
		if w.metadata.Schema.Index(name) < 0 {
			return "", w.wrong(duck.Unknown, "", "the table %s has no column %q", w.name, name)
		}
	}
	found, err := w.engine.Describe(ctx, w.Query)
	if err != nil {
		return "", err
	}
	if n := found.NumFields(); n != len(names) {
		return "", w.wrong(duck.Unknown, "give a value for each of "+strings.Join(names, ", ")+", or list the columns after the table's name",
			"the query has %d columns, and %d are wanted", n, len(names))
	}
	return w.Select(names), nil
}

// declared describes a table that does not exist yet and that lakehouse.yaml declares.
func (w *changing) declared(ctx context.Context) error {
	if w.decl == nil || len(w.decl.Columns) == 0 {
		return w.lake.env.Missing(ctx, w.name.String())
	}
	if err := w.lake.env.Catalog.Vacant(ctx, w.name); err != nil {
		return err
	}
	return (&loading{decl: w.decl}).first(&w.metadata)
}

// created describes the table that CREATE TABLE makes.
func (w *changing) created(ctx context.Context) error {
	switch {
	case w.base == nil:
		if err := w.lake.env.Catalog.Vacant(ctx, w.name); err != nil {
			return err
		}
	case !w.Replace:
		return w.wrong(duck.Refused, "write CREATE OR REPLACE TABLE, CREATE TABLE IF NOT EXISTS, or INSERT INTO", "the table %s exists", w.name)
	}
	if err := (&loading{decl: w.decl}).first(&w.metadata); err != nil {
		return err
	}
	if w.base != nil { // what others set stays, but for rules about columns that may be gone
		kept := maps.Clone(w.base.Metadata().Configuration)
		maps.DeleteFunc(kept, func(key, _ string) bool { return strings.HasPrefix(key, constraintPrefix) })
		maps.Copy(kept, w.metadata.Configuration)
		w.metadata.Configuration = kept
	}
	if w.metadata.Configuration == nil {
		w.metadata.Configuration = map[string]string{}
	}
	maps.Copy(w.metadata.Configuration, w.Properties)
	if w.Comment != "" {
		w.metadata.Description = w.Comment
	}
	if w.PartitionBy != nil {
		w.metadata.PartitionColumns = w.PartitionBy
	}
	if w.metadata.Schema == nil {
		w.metadata.Schema = w.Schema
	}
	if w.metadata.Schema == nil {
		found, err := w.engine.Describe(ctx, w.Query)
		if err != nil {
			return err
		}
		if w.metadata.Schema, err = duck.SchemaOf(found); err != nil {
			return err
		}
	}
	return w.spell()
}

// spell writes the partition columns as the schema does.
func (w *changing) spell() error {
	columns := slices.Clone(w.metadata.PartitionColumns)
	for i, name := range columns {
		at := w.metadata.Schema.Index(name)
		if at < 0 {
			return w.wrong(duck.Unknown, "", "PARTITIONED BY: the table has no column %q", name)
		}
		columns[i] = w.metadata.Schema.Fields[at].Name
	}
	w.metadata.PartitionColumns = columns
	return nil
}

// commit makes the rows visible, if the table is still what they were made for.
func (w *changing) commit(ctx context.Context, x *delta.Txn, written duck.Written) error {
	s := x.Snapshot()
	if w.once != nil {
		have := s.Transaction(w.once.app)
		if have >= w.once.version {
			return delta.ErrAdvanced
		}
		x.Advance(w.once.app, have, w.once.version)
	}
	version := int64(-1)
	if w.base != nil {
		version = w.base.Version()
	}
	if w.readsOwn {
		x.Read(nil)
	}
	if s.Version() != version && (w.readsOwn || w.base == nil || !sameRules(s.Metadata(), w.base.Metadata())) {
		return errMoved
	}
	if w.Verb == sql.Create || s.Version() < 0 {
		if err := become(ctx, x, w.metadata, true); err != nil {
			return err
		}
	} else if w.Verb == sql.Overwrite {
		if err := x.RemoveAll(ctx); err != nil {
			return err
		}
	}
	x.Add(written.Files...)
	mode, operation := "Append", "WRITE"
	if w.Verb == sql.Overwrite {
		mode = "Overwrite"
	}
	if w.Verb == sql.Create {
		mode, operation = "Overwrite", "CREATE TABLE AS SELECT"
		if w.Replace {
			operation = "CREATE OR REPLACE TABLE AS SELECT"
		}
	}
	x.Operation(operation, map[string]string{"mode": mode}, map[string]string{
		"numFiles": fmt.Sprint(len(written.Files)), "numOutputRows": fmt.Sprint(written.Rows), "numOutputBytes": fmt.Sprint(written.Bytes),
	})
	return nil
}

// wrong is an error about the query of the statement.
func (w *changing) wrong(kind duck.Kind, hint, format string, args ...any) error {
	return duck.ErrorAt(w.Text, w.At, kind, hint, format, args...)
}

// blame says of which table an error about columns is.
func (w *changing) blame(err error) error {
	if wrong := (*duck.SchemaError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("table %s: %w", w.name, err)
	}
	return err
}
