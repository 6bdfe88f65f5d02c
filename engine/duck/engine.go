// Package duck answers SQL on the tables of a lake with an embedded DuckDB.
//
// A statement is parsed and judged first: only queries are let through, and only on tables of the
// lake. Each table it names becomes a view over the files of one snapshot, after the files that
// cannot hold a wanted row were left out by the statistics in the table's log. DuckDB is closed
// besides: it reaches no file outside the lake and its cache, no network and no setting.
package duck

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/store"
)

// Options say which lake an engine works on and what it may use.
type Options struct {
	Tables Resolver    // the tables, by name
	Lake   store.Store // the bytes of their files

	// LocalRoot is the folder of the lake where it is on this machine's disk: files are then
	// opened in place. Empty: the needed parts of files are copied into CacheDir by ranged reads.
	LocalRoot string
	// CacheDir holds parts of files of a lake that is elsewhere. Empty: a temporary folder that
	// goes when the engine is closed.
	CacheDir string
	// CacheBytes is how much CacheDir may hold; 0 means 20 GiB. A statement that needs more at
	// once is refused.
	CacheBytes int64

	// Files is a folder of this machine below which statements may read raw files by their paths. Empty: none.
	Files string

	Memory  int64  // bytes for DuckDB; 0: 80 % of the machine's memory
	Threads int    // 0: one for each core
	TempDir string // where large sorts and joins spill; empty: they fail when memory ends

	hideFiles bool // for somebody who may not see every column: no text names a data file
}

// Engine is DuckDB on one lake. It is safe for concurrent use; each statement sees only its own
// snapshots.
type Engine struct {
	options Options
	data    *instance  // runs statements
	planner *instance  // plans them over stubs; it can reach no file at all
	cache   *cache     // nil where files are opened in place
	types   *fileTypes // what is known of data files
	large   *sync.Map  // roots of tables that had many files once

	life  context.Context // of the engine: every statement ends with it
	close context.CancelCauseFunc
}

var _ engine.Engine = (*Engine)(nil)

var errClosed = errors.New("sql: engine closed")

// Open makes an engine. DuckDB itself starts with the first statement.
func Open(o Options) (*Engine, error) {
	if o.Tables == nil {
		return nil, errors.New("sql: open: no tables to resolve names with")
	}
	e := &Engine{types: &fileTypes{}, large: &sync.Map{}}
	e.life, e.close = context.WithCancelCause(context.Background())
	var allowed []string
	if o.LocalRoot != "" {
		root, err := filepath.Abs(o.LocalRoot)
		if err != nil {
			return nil, err
		}
		o.LocalRoot = root
		allowed = []string{root}
	} else if o.Lake != nil {
		c, err := openCache(o.CacheDir, o.CacheBytes)
		if err != nil {
			return nil, err
		}
		e.cache = c
		allowed = []string{c.dir}
	}
	if o.Files != "" {
		folder, err := filepath.EvalSymlinks(o.Files)
		if err != nil {
			return nil, err
		}
		if folder, err = filepath.Abs(folder); err != nil {
			return nil, err
		}
		o.Files, allowed = folder, append(allowed, folder)
	}
	e.options = o
	e.data = &instance{options: duckdb.Options{
		Threads: o.Threads, MemoryLimit: o.Memory, TempDir: o.TempDir, Closed: true, AllowedDirs: allowed,
		Settings: tablefile.CopySettings,
	}}
	e.planner = &instance{options: duckdb.Options{
		Threads: 1, Closed: true, Settings: map[string]string{
			"disabled_optimizers": "statistics_propagation,compressed_materialization,empty_result_pullup,late_materialization",
		},
	}}
	return e, nil
}

// Close ends all statements and frees what the engine holds. It waits until DuckDB has noticed, which
// takes milliseconds, but not for readers to be released: their Err says that the engine was closed.
func (e *Engine) Close() error {
	e.close(errClosed)
	e.planner.close()
	e.data.close()
	if e.cache != nil {
		return e.cache.close()
	}
	return nil
}

// Query runs one statement and streams its rows. Its errors about the statement are *Error.
func (e *Engine) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return e.Watch(ctx, nil, sql, args...)
}

// Watch is Query with its progress: tell is called from another goroutine, some times a second, until
// the reader is released. Progress says nothing of a statement that only waits for its reader.
func (e *Engine) Watch(ctx context.Context, tell func(tablefile.Progress), sql string, args ...any) (array.RecordReader, error) {
	ctx, done := e.during(ctx)
	r, err := e.prepare(ctx, sql, args)
	if err != nil {
		defer done()
		return nil, ended(ctx, err)
	}
	r.ends = append([]func(){done}, r.ends...)
	if r.statement.explain.Text != "" {
		return e.explain(ctx, r)
	}
	if tell != nil {
		r.watch(tell)
	}
	return r.query(ctx)
}

// watch tells the progress of the relation's statement until the relation ends.
func (r *relation) watch(tell func(tablefile.Progress)) {
	var watching sync.WaitGroup
	over := make(chan struct{})
	watching.Go(func() { (&tablefile.Reporter{Report: tell}).Watch(r.conn, over) })
	r.ends = append(r.ends, func() {
		close(over)
		watching.Wait()
	})
}

// Describe returns the columns that a statement would give, without reading a file.
func (e *Engine) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	ctx, done := e.during(ctx)
	defer done()
	s, err := e.describe(ctx, sql)
	return s, ended(ctx, err)
}

// during is a context that ends with the engine too. Done must be called when the statement is over.
func (e *Engine) during(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(e.life, func() { cancel(errClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// ended is err, or that the engine was closed where that is why the statement ended.
func ended(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errClosed) {
		return errClosed
	}
	return err
}

// With is the same engine with other tables: it shares the instance, its memory and its cache, and
// ends when e is closed. Close only e.
func (e *Engine) With(tables Resolver) *Engine {
	other := *e
	other.options.Tables = tables
	return &other
}

// Limited is With for somebody who may not see every column. The folder of a data file has values of
// partition columns, so neither a plan nor an error names a file.
func (e *Engine) Limited(tables Resolver) *Engine {
	other := e.With(tables)
	other.options.hideFiles, other.options.Files = true, ""
	return other
}
