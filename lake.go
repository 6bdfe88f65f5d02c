package petalake

import (
	"context"
	"errors"
	"iter"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/frame"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/door"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/models"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// Lake is an open lakehouse. Its methods are safe for concurrent use.
type Lake struct {
	env     *lake.Env
	engine  *duck.Engine
	writer  *write.Writer
	links   *link.Links
	engines *query.Engines
	runs    *runs.Runs
	daemon  *daemon.Daemon
}

// Open reads lakehouse.yaml and opens one environment of it.
func Open(ctx context.Context, o Options) (*Lake, error) {
	described, err := spec.Load(o.File)
	if err != nil {
		return nil, err
	}
	return OpenSpec(ctx, described, o)
}

// OpenSpec opens one environment of a lakehouse that was read before.
func OpenSpec(ctx context.Context, described *spec.Lakehouse, o Options) (*Lake, error) {
	if o.Starting == nil {
		o.Starting = func(local.Step) {}
	}
	env, err := lake.Open(ctx, described, lake.Options{
		Environment: o.Environment, Engine: o.Engine, Memory: o.Memory, Threads: o.Threads, Getenv: o.Getenv,
	})
	if err != nil {
		return nil, err
	}
	limits := env.Limits
	engine, err := duck.Open(duck.Options{
		Tables: lake.Resolver{Env: env}, Lake: env.Storage.Store, LocalRoot: env.Storage.Folder, CacheDir: env.Storage.Cache,
		Memory: limits.Memory, Threads: limits.Threads, TempDir: limits.Spill,
	})
	if err != nil {
		return nil, err
	}
	l := &Lake{env: env, engine: engine, links: &link.Links{Env: env, Starting: o.Starting}}
	l.writer = &write.Writer{
		Env: env, Engine: engine, Loader: raw.Loader{Threads: limits.Threads, Memory: limits.Memory, TempDir: limits.Spill},
	}
	l.engines = &query.Engines{Env: env, Duck: engine, Writer: l.writer, Links: l.links}
	l.runs = &runs.Runs{Env: env, Engines: l.engines, Links: l.links}
	l.daemon = daemon.New(env, l.writer, l.links, &models.Builder{Env: env, Writer: l.writer, Engines: l.engines}, l.runs)
	return l, nil
}

// Close ends all statements and frees what the lake holds.
func (l *Lake) Close() error {
	err := errors.Join(l.runs.Close(), l.engine.Close())
	l.links.Close()
	return err
}

// Spec is the lakehouse.yaml that was opened.
func (l *Lake) Spec() *spec.Lakehouse { return l.env.Spec }

// Store holds the bytes of the lake.
func (l *Lake) Store() store.Store { return l.env.Storage.Store }

// Engine is the DuckDB of this process, whatever the environment's engine is.
func (l *Lake) Engine() *duck.Engine { return l.engine }

// Query runs one SQL statement on the environment's engine; see engine.Engine. INSERT and CREATE TABLE
// write a table in one commit, and answer with the number of rows.
func (l *Lake) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return l.engines.Query(ctx, sql, args...)
}

// Watch is Query with its progress: tell is called from another goroutine, some times a second, with
// the part that is done, from 0 to 1.
func (l *Lake) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	return l.engines.Watch(ctx, tell, sql, args...)
}

// On returns an engine of the lake: "duckdb", "spark", or "auto", which chooses one for each
// statement; "" is the one that the environment names. It ends with the lake: closing it does nothing.
// A Spark that is not there yet is started with the first statement that needs it.
func (l *Lake) On(_ context.Context, name string) (engine.Engine, error) { return l.engines.On(name) }

// Choose says which engine a statement would run on, without running it. Engine is as for On. A statement
// that is known to be wrong on both is an error.
func (l *Lake) Choose(ctx context.Context, engine, sql string, args ...any) (Choice, error) {
	return l.engines.Choose(ctx, engine, sql, args...)
}

// Choice is the engine that a statement runs on, and why.
type Choice = query.Choice

// As is the lake for an actor: daemon, job:NAME, the name of a role, or a member of roles. It ends with the lake.
func (l *Lake) As(actor string) (*Acting, error) { return l.engines.As(actor) }

// Acting answers statements of somebody whom access in lakehouse.yaml holds to a part of the lake.
type Acting = query.Acting

// DeniedError says that an actor may not do something. It wraps fs.ErrPermission.
type DeniedError = query.DeniedError

// Frames runs data frames on an engine of the lake, which is named as for On.
func (l *Lake) Frames(name string) (frame.Engine, error) { return l.engines.Frames(name) }

// Verify runs a query on both engines and compares their rows. What one of them does not take is a
// *DialectError.
func (l *Lake) Verify(ctx context.Context, sql string) (Agreement, error) {
	return l.engines.Verify(ctx, sql)
}

// Agreement is how the answers of both engines to one statement agree.
type Agreement = query.Agreement

// DialectError says that only one engine takes a statement.
type DialectError = query.DialectError

// Files lists the live files of a table that may hold a row for which a condition is true; "" is any row.
func (l *Lake) Files(ctx context.Context, name, where string) iter.Seq2[delta.Add, error] {
	return l.engines.Files(ctx, name, where)
}

// Load loads raw files into a table, in one commit. Progress may be nil.
func (l *Lake) Load(ctx context.Context, load Load, progress func(Event)) (Event, error) {
	return l.writer.Load(ctx, load, progress)
}

// Table finds a table; one that does not exist is a *MissingTableError.
func (l *Lake) Table(ctx context.Context, name string) (*delta.Table, error) {
	return l.env.Existing(ctx, name)
}

// MissingTableError says that there is no table of a name. It wraps fs.ErrNotExist.
type MissingTableError = lake.MissingTableError

// Names lists the tables of the lake, ordered by name.
func (l *Lake) Names(ctx context.Context) ([]spec.TableName, error) { return l.env.Names(ctx) }

// Tables yields the tables of the lake, ordered by name. It names a table that cannot be opened
// too, with its error.
func (l *Lake) Tables(ctx context.Context) iter.Seq2[TableState, error] { return l.env.Tables(ctx) }

// Run loads what is new from all sources, builds the models that depend on it, in order, and runs the jobs that are
// due: once, or until ctx ends. What failed leaves its table as it was, and is tried again; Tell hears of it once, and
// may be nil.
func (l *Lake) Run(ctx context.Context, up Up, tell func(Event)) error {
	return l.daemon.Run(ctx, up, tell)
}

// Spark is a session on the environment's Spark, in which the lake's tables have their names. It is
// closed with the lake. A Spark of this machine is started where it does not run.
func (l *Lake) Spark(ctx context.Context) (*spark.Session, error) { return l.links.Whole(ctx) }

// SparkManaged says whether the environment's Spark is one of this machine, which petalake starts.
func (l *Lake) SparkManaged() bool { return l.env.Environment.Spark.Managed() }

// SparkServer says which Spark of this machine the environment has, whether or not it runs.
func (l *Lake) SparkServer() local.Options { return l.links.Server() }

// HasDoor says whether the environment has a door for programs of Spark Connect.
func (l *Lake) HasDoor() bool { return l.env.Environment.Connect.Listen != "" }

// ServeDoor lets programs of Spark Connect in to the environment's Spark until ctx ends, at the address
// that lakehouse.yaml names. Opened is told the address as soon as they may come.
func (l *Lake) ServeDoor(ctx context.Context, opened func(address string)) error {
	return (&door.Connect{Env: l.env, Links: l.links}).Serve(ctx, opened)
}

// Catalog prepares to keep the catalog of the environment's account. Of an environment that has none it is nil.
func (l *Lake) Catalog(ctx context.Context) (*daemon.CatalogSync, error) {
	return l.daemon.Catalog(ctx)
}

// Fleet is what is known of the clusters of an environment. Where there never was one it is fs.ErrNotExist.
func (l *Lake) Fleet(ctx context.Context) (FleetState, error) { return l.daemon.Fleet(ctx) }

// FleetState is what is remembered of the clusters of an environment.
type FleetState = daemon.FleetState
