package petalake

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// Lake is an open lakehouse. Its methods are safe for concurrent use.
type Lake struct {
	env     *lake.Env
	options Options
	engine  *duck.Engine
	writer  *write.Writer
	seen    *write.Seen // raw files that changed and were told of

	mu sync.Mutex

	cleaned time.Time // when event logs were; mu guards it

	sparkMu sync.Mutex
	spark   *link // nil until it is needed

	jobsMu sync.Mutex
	jobs   *jobs // nil until they are needed
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
	env, err := lake.Open(ctx, described, lake.Options{
		Environment: o.Environment, Engine: o.Engine, Memory: o.Memory, Threads: o.Threads, Getenv: o.Getenv,
	})
	if err != nil {
		return nil, err
	}
	l := &Lake{env: env, options: o, seen: write.NewSeen()}
	l.engine, err = duck.Open(duck.Options{
		Tables: lake.Resolver{Env: env}, Lake: env.Storage.Store, LocalRoot: env.Storage.Folder, CacheDir: env.Storage.Cache,
		Memory: env.Limits.Memory, Threads: env.Limits.Threads, TempDir: env.Limits.Spill,
	})
	if err != nil {
		return nil, err
	}
	l.writer = &write.Writer{
		Env: env, Engine: l.engine,
		Loader: raw.Loader{Threads: env.Limits.Threads, Memory: env.Limits.Memory, TempDir: env.Limits.Spill},
	}
	return l, nil
}

// Close ends all statements and frees what the lake holds.
func (l *Lake) Close() error {
	var jobs error
	l.jobsMu.Lock()
	if l.jobs != nil {
		jobs = l.jobs.close()
	}
	l.jobsMu.Unlock()
	err := errors.Join(jobs, l.engine.Close())
	l.sparkMu.Lock()
	defer l.sparkMu.Unlock()
	if l.spark != nil {
		l.spark.close()
		l.spark = nil
	}
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
	on, err := l.on("")
	if err != nil {
		return nil, err
	}
	return on.Query(ctx, sql, args...)
}

// Watch is Query with its progress: tell is called from another goroutine, some times a second, with
// the part that is done, from 0 to 1.
func (l *Lake) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	on, err := l.on("")
	if err != nil {
		return nil, err
	}
	return on.watch(ctx, tell, sql, args)
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
func (l *Lake) Tables(ctx context.Context) iter.Seq2[TableState, error] {
	return func(yield func(TableState, error) bool) {
		names, err := l.Names(ctx)
		if err != nil {
			yield(TableState{}, err)
			return
		}
		for _, name := range names {
			if !yield(l.state(ctx, name), nil) {
				return
			}
		}
	}
}

// state looks at one table.
func (l *Lake) state(ctx context.Context, name spec.TableName) TableState {
	state := TableState{Name: name, Declared: l.declared(name)}
	t, err := l.env.Table(ctx, name)
	if err != nil {
		state.Err = err
		return state
	}
	s, err := t.Snapshot(ctx, delta.When{})
	if err != nil {
		state.Err = err
		return state
	}
	state.Version, state.Modified, state.Metadata = s.Version(), s.Time(), s.Metadata()
	state.Schema = state.Metadata.Schema
	if state.Files, state.Bytes, state.Err = s.Totals(ctx); state.Err == nil {
		state.Rows, state.Err = rowsOf(ctx, s, state.Files)
	}
	return state
}

// countedFiles is up to how many files a listing of tables counts rows.
const countedFiles = 200_000

func rowsOf(ctx context.Context, s *delta.Snapshot, files int64) (int64, error) {
	if files > countedFiles {
		return -1, nil
	}
	var rows int64
	for f, err := range s.Plan(ctx, nil) {
		if err != nil || f.Stats.NumRecords < 0 {
			return -1, err
		}
		rows += f.Stats.NumRecords
	}
	return rows, nil
}

func (l *Lake) declared(name spec.TableName) string {
	switch {
	case l.env.Spec.Model(name) != nil:
		return "model"
	case l.env.Spec.Table(name) != nil:
		return "table"
	}
	return ""
}
