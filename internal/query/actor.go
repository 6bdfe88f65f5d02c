package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// Rules are who may do what in the lake.
func (q *Engines) Rules() *access.Rules { return access.New(q.Env.Spec) }

// Acting answers statements of somebody whom access in lakehouse.yaml holds to a part of the lake: tables that
// are not theirs are refused, columns that are not theirs are not there, in whatever form a statement asks
// for them. It runs on DuckDB, which is shown those columns alone; what Spark reads cannot be told beforehand, so
// it is for those who may read and write everything.
type Acting struct {
	of    *Engines
	guard *guard
}

// As is the lake for an actor: daemon, job:NAME, the name of a role, or a member of roles. It ends with the lake.
func (q *Engines) As(actor string) (*Acting, error) {
	rules := q.Rules()
	if !rules.On() {
		return nil, &noAccessError{q.Env.Spec.File}
	}
	who, err := rules.Actor(actor)
	if err != nil {
		return nil, err
	}
	return &Acting{q, &guard{rules, who}}, nil
}

// Everybody is the lake for somebody whom nothing is held back from.
func (q *Engines) Everybody() *Acting { return &Acting{of: q} }

// Role is the lake for a role of access.
func (q *Engines) Role(role *spec.AccessRole) *Acting {
	rules := q.Rules()
	return &Acting{q, &guard{rules, rules.Role(role)}}
}

// Choose says which engine a statement of the actor runs on: DuckDB, where somebody is held to a part of the lake.
// Engine is as for Engines.On.
func (a *Acting) Choose(ctx context.Context, engine spec.Engine, sql string) (Choice, error) {
	switch {
	case a.guard.everything():
		return a.of.choose(ctx, engine, sql, nil)
	case engine == spec.EngineSpark:
		return Choice{}, &SpreadError{a.guard.who}
	}
	return Choice{Engine: spec.EngineDuckDB, Reason: "it holds statements to the tables and columns of a role"}, nil
}

// Read answers a query of the actor on DuckDB.
func (a *Acting) Read(ctx context.Context, sql string) (array.RecordReader, error) {
	return a.guard.engine(a.of).Query(ctx, sql)
}

// Change runs a statement of the actor that writes, on DuckDB.
func (a *Acting) Change(ctx context.Context, s write.Statement) (write.Done, error) {
	return a.of.change(ctx, a.guard, s)
}

// noAccessError is a lakehouse that does not say who may do what.
type noAccessError struct{ file string }

func (e *noAccessError) Error() string {
	return e.file + " has no access: it does not say who may do what"
}

func (*noAccessError) Hint() string { return "write access: with roles, or leave out whom to act as" }

// Watch answers a statement, as Lake.Watch does.
func (a *Acting) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	name := a.of.Env.Environment.Engine
	if a.guard.everything() {
		on, err := a.of.on(name)
		if err != nil {
			return nil, err
		}
		return on.watch(ctx, tell, sql, args)
	}
	if name == spec.EngineSpark {
		return nil, &SpreadError{a.guard.who}
	}
	return a.of.run(ctx, a.guard, func(p tablefile.Progress) {
		if tell != nil {
			tell(p.Done)
		}
	}, sql, args)
}

// Query answers a statement, as Lake.Query does.
func (a *Acting) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return a.Watch(ctx, nil, sql, args...)
}

// guard holds statements to what an actor may do. Nil lets everything through.
type guard struct {
	rules *access.Rules
	who   access.Actor
}

// engine is the DuckDB of a lake that sees what the actor may.
func (g *guard) engine(q *Engines) *duck.Engine {
	if g == nil {
		return q.Duck
	}
	return g.over(q.Duck, lake.Resolver{Env: q.Env})
}

// over is an engine on other tables, as the actor sees them.
func (g *guard) over(e *duck.Engine, tables duck.Resolver) *duck.Engine {
	switch {
	case g == nil:
		return e.With(tables)
	case g.everything():
		return e.With(guarded{g, tables})
	}
	return e.Limited(guarded{g, tables})
}

// everything says whether nothing is held back.
func (g *guard) everything() bool { return g == nil || g.rules.Everything(g.who) }

func (g *guard) reads(t spec.TableName) bool {
	ok, _ := g.rules.Allows(g.who, access.Read, t, "")
	return ok
}

// may is an error where the actor may not do something with a table.
func (g *guard) may(do access.Action, n spec.TableName) error {
	if g == nil {
		return nil
	}
	if ok, why := g.rules.Allows(g.who, do, n, ""); !ok {
		return &DeniedError{Actor: g.who.Name(), Table: n.String(), Reason: why}
	}
	return nil
}

// DeniedError says that an actor may not do something. It wraps fs.ErrPermission.
type DeniedError struct{ Actor, Table, Reason string }

// Error implements error.
func (e *DeniedError) Error() string { return "access denied: " + e.Reason }

// Unwrap gives fs.ErrPermission.
func (*DeniedError) Unwrap() error { return fs.ErrPermission }

// Hint says what to do.
func (e *DeniedError) Hint() string {
	return "petalake access list --actor " + e.Actor + " shows what is theirs"
}

// SpreadError is a statement for Spark by somebody who is held to a part of the lake.
type SpreadError struct{ who access.Actor }

func (e *SpreadError) Error() string {
	return fmt.Sprintf("access denied: statements on Spark are not held to tables and columns, and %s may not read and write all of them", e.who)
}

func (*SpreadError) Unwrap() error { return fs.ErrPermission }

func (*SpreadError) Hint() string {
	return `run it on DuckDB, with --engine duckdb or engine: duckdb, or let a role write "*"`
}

// guarded are the tables of another resolver that an actor may read, with the columns that are theirs.
type guarded struct {
	guard  *guard
	tables duck.Resolver
}

// Resolve implements duck.Resolver. A name is judged before it is looked for.
func (g guarded) Resolve(ctx context.Context, name sql.TableName, at delta.When) (duck.Relation, string, error) {
	if err := g.guard.may(access.Read, name); err != nil {
		return nil, "", err
	}
	table, root, err := g.tables.Resolve(ctx, name, at)
	if err != nil {
		return nil, "", err
	}
	columns := g.guard.rules.Columns(g.guard.who, name)
	if columns.All() {
		return table, root, nil
	}
	limited, err := limit(table, columns)
	if err != nil {
		return nil, "", &DeniedError{Actor: g.guard.who.Name(), Table: name.String(), Reason: err.Error()}
	}
	return limited, root, nil
}

// Names implements duck.Resolver.
func (g guarded) Names(ctx context.Context) ([]sql.TableName, error) {
	names, err := g.tables.Names(ctx)
	return slices.DeleteFunc(names, func(n sql.TableName) bool { return !g.guard.reads(n) }), err
}

// limited is a table some of whose columns are not there.
type limited struct {
	duck.Relation
	metadata delta.Metadata
}

// Metadata implements duck.Relation.
func (l limited) Metadata() delta.Metadata { return l.metadata }

// limit leaves out columns of a table. One that is to be left out and that this version of the table does not have, by
// that name, is an error: it may be there by another.
func limit(table duck.Relation, columns access.Columns) (duck.Relation, error) {
	m := table.Metadata()
	if m.Schema == nil {
		return nil, errors.New("the table has no columns")
	}
	var have []string
	kept := &schema.Struct{}
	for _, f := range m.Schema.Fields {
		have = append(have, f.Name)
		if columns.Has(f.Name) {
			kept.Fields = append(kept.Fields, f)
		}
	}
	for _, name := range columns.Except() {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, name) }) {
			return nil, fmt.Errorf("the column %q that is not to be read is not in this version of the table, or has another name there", name)
		}
	}
	if len(kept.Fields) == 0 {
		return nil, errors.New("none of the columns that may be read is in this version of the table")
	}
	m.Schema = kept
	m.PartitionColumns = slices.DeleteFunc(slices.Clone(m.PartitionColumns), func(name string) bool { return !columns.Has(name) })
	return limited{table, m}, nil
}
