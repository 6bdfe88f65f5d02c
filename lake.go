package petalake

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/frame"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// Lake is an open lakehouse. Its methods are safe for concurrent use.
type Lake struct{ rooms *assembly.Assembly }

// Close ends all statements and frees what the lake holds. Programs of jobs go on.
func (l *Lake) Close() error { return l.rooms.Close() }

// Spec is the lakehouse.yaml that was opened.
func (l *Lake) Spec() *spec.Lakehouse { return l.rooms.Env.Spec }

// Store holds the bytes of the lake.
func (l *Lake) Store() store.Store { return l.rooms.Env.Storage.Store }

// Query runs one SQL statement on the environment's engine; see engine.Engine. INSERT and CREATE TABLE
// write a table in one commit, and answer with the number of rows.
func (l *Lake) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return l.rooms.Engines.Query(ctx, sql, args...)
}

// Watch is Query with its progress: tell is called from another goroutine, some times a second, with
// the part that is done, from 0 to 1.
func (l *Lake) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	return l.rooms.Engines.Watch(ctx, tell, sql, args...)
}

// On returns an engine of the lake: DuckDB, Spark, or spec.EngineAuto, which chooses one for each
// statement; "" is the one that the environment names. It ends with the lake: closing it does nothing.
// A Spark that is not there yet is started with the first statement that needs it.
func (l *Lake) On(_ context.Context, name spec.Engine) (engine.Engine, error) {
	return l.rooms.Engines.On(name)
}

// Choose says which engine a statement would run on, without running it. Engine is as for On. A statement
// that is known to be wrong on both is an error.
func (l *Lake) Choose(ctx context.Context, engine spec.Engine, sql string, args ...any) (Choice, error) {
	c, err := l.rooms.Engines.Choose(ctx, engine, sql, args...)
	return Choice{c.Engine, c.Reason}, err
}

// Frames runs data frames on an engine of the lake, which is named as for On.
func (l *Lake) Frames(name spec.Engine) (frame.Engine, error) { return l.rooms.Engines.Frames(name) }

// Verify runs a query on both engines and compares their rows. What one of them does not take is a
// *DialectError.
func (l *Lake) Verify(ctx context.Context, sql string) (Agreement, error) {
	a, err := l.rooms.Engines.Verify(ctx, sql)
	return Agreement(a), err
}

// As is the lake for an actor: daemon, job:NAME, the name of a role, or a member of roles. It ends with the lake.
func (l *Lake) As(actor string) (*Acting, error) {
	a, err := l.rooms.Engines.As(actor)
	if err != nil {
		return nil, err
	}
	return &Acting{a}, nil
}

// Acting answers statements of somebody whom access in lakehouse.yaml holds to a part of the lake: tables that are not
// theirs are refused with a *DeniedError, columns that are not theirs are not there, in whatever form a statement asks
// for them. It runs on DuckDB; Spark is for those who may read and write everything.
type Acting struct{ acting *query.Acting }

// Query answers a statement of the actor, as Lake.Query does.
func (a *Acting) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return a.acting.Query(ctx, sql, args...)
}

// Watch answers a statement of the actor, as Lake.Watch does.
func (a *Acting) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	return a.acting.Watch(ctx, tell, sql, args...)
}

// Choose says which engine a statement of the actor would run on, without running it. Engine is as for Lake.On.
func (a *Acting) Choose(ctx context.Context, engine spec.Engine, sql string) (Choice, error) {
	c, err := a.acting.Choose(ctx, engine, sql)
	return Choice{c.Engine, c.Reason}, err
}

// Table finds a table; one that does not exist is a *MissingTableError.
func (l *Lake) Table(ctx context.Context, name string) (*delta.Table, error) {
	return l.rooms.Env.Existing(ctx, name)
}

// Names lists the tables of the lake, ordered by name.
func (l *Lake) Names(ctx context.Context) ([]spec.TableName, error) { return l.rooms.Env.Names(ctx) }

// Tables yields the tables of the lake, ordered by name. It names a table that cannot be opened
// too, with its error.
func (l *Lake) Tables(ctx context.Context) iter.Seq2[TableState, error] {
	return func(yield func(TableState, error) bool) {
		for t, err := range l.rooms.Env.Tables(ctx) {
			if !yield(TableState(t), err) {
				return
			}
		}
	}
}

// Files lists the live files of a table that may hold a row for which a condition is true; "" is any row.
func (l *Lake) Files(ctx context.Context, name, where string) iter.Seq2[delta.Add, error] {
	return l.rooms.Engines.Files(ctx, name, where)
}

// Load loads raw files into a table, in one commit; what fails is a *LoadError. Tell may be nil.
func (l *Lake) Load(ctx context.Context, load Load, tell func(Event)) (Event, error) {
	e, err := l.rooms.Writer.Load(ctx, write.Load{
		Table: load.Table, Paths: load.Paths, Format: load.Format, Replace: load.Replace, Evolve: load.Evolve, OnError: load.OnError, CSV: raw.CSV(load.CSV), Columns: load.Columns, MaxBad: spec.Share(load.MaxBad),
	}, telling(tell))
	return eventOf(e), err
}

// Run loads what is new from all sources, builds the models that depend on it, in order, and runs the jobs that are
// due: once, or until ctx ends. What failed leaves its table as it was, and is tried again; tell hears of it once, and
// may be nil.
func (l *Lake) Run(ctx context.Context, up Up, tell func(Event)) error {
	return l.rooms.Daemon.Run(ctx, daemon.Up(up), telling(tell))
}

// telling passes the events of the rooms on.
func telling(tell func(Event)) func(lake.Event) {
	if tell == nil {
		return nil
	}
	return func(e lake.Event) { tell(eventOf(e)) }
}
