package petalake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/spec"
)

// watcher is an engine that says how far a statement is, from 0 to 1.
type watcher interface {
	engine.Engine
	watch(ctx context.Context, tell func(done float64), sql string, args []any) (array.RecordReader, error)
}

// On returns an engine of the lake: "duckdb", "spark", or "auto", which chooses one for each
// statement; "" is the one that the environment names. It ends with the lake: closing it does nothing.
// A Spark that is not there yet is started with the first statement that needs it.
func (l *Lake) On(_ context.Context, name string) (engine.Engine, error) { return l.on(name) }

func (l *Lake) on(name string) (watcher, error) {
	switch name = cmp.Or(name, l.env.Environment.Engine); name {
	case spec.EngineDuckDB:
		return onDuck{l}, nil
	case spec.EngineSpark:
		return onSpark{l}, nil
	case spec.EngineAuto:
		return onEither{l}, nil
	}
	return nil, fmt.Errorf("engine %q: write %s, %s or %s", name, spec.EngineDuckDB, spec.EngineSpark, spec.EngineAuto)
}

// onDuck runs statements in this process.
type onDuck struct{ lake *Lake }

// Query implements engine.Engine.
func (e onDuck) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return e.lake.run(ctx, nil, nil, sql, args)
}

func (e onDuck) watch(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	return e.lake.run(ctx, nil, func(p tablefile.Progress) { tell(p.Done) }, sql, args)
}

// Describe implements engine.Engine.
func (e onDuck) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	return e.lake.engine.Describe(ctx, sql)
}

func (onDuck) Close() error { return nil }

// onSpark runs statements on Spark.
type onSpark struct{ lake *Lake }

// Query implements engine.Engine.
func (e onSpark) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return e.query(ctx, nil, sql, args)
}

func (e onSpark) watch(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	return e.query(ctx, func(p spark.Progress) {
		if done, all := p.Tasks(); all > 0 {
			tell(float64(done) / float64(all))
		}
	}, sql, args)
}

func (e onSpark) query(ctx context.Context, tell func(spark.Progress), sql string, args []any) (array.RecordReader, error) {
	k, err := e.lake.prepared(ctx, sql)
	if err != nil {
		return nil, err
	}
	ctx, stop := k.alive(ctx)
	r, err := k.session.Watch(ctx, tell, sql, args...)
	if err != nil {
		stop()
		return nil, e.lake.sparkFault(err)
	}
	return &attended{RecordReader: r, stop: stop}, nil
}

// attended is a reader whose server is watched until it is released.
type attended struct {
	array.RecordReader
	stop func()
	refs atomic.Int64 // beside the first
}

// Retain implements array.RecordReader.
func (r *attended) Retain() {
	r.refs.Add(1)
	r.RecordReader.Retain()
}

// Release implements array.RecordReader.
func (r *attended) Release() {
	r.RecordReader.Release()
	if r.refs.Add(-1) < 0 {
		r.stop()
	}
}

// Describe implements engine.Engine.
func (e onSpark) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	k, err := e.lake.prepared(ctx, sql)
	if err != nil {
		return nil, err
	}
	columns, err := k.session.Describe(ctx, sql)
	return columns, e.lake.sparkFault(err)
}

func (onSpark) Close() error { return nil }

// prepared is a way to Spark that knows the tables of a statement, which has been judged.
func (l *Lake) prepared(ctx context.Context, sql string) (*link, error) {
	if err := spark.Guard(sql, l.env.Holds); err != nil {
		return nil, err
	}
	link, err := l.linked(ctx)
	if err != nil {
		return nil, err
	}
	return link, link.know(ctx, sql)
}

// sparkFault gives up a session whose server went away, so that the next statement gets another.
func (l *Lake) sparkFault(err error) error {
	if errors.Is(err, spark.ErrSessionLost) || spark.Unreachable(err) {
		l.sparkMu.Lock()
		defer l.sparkMu.Unlock()
		if l.spark != nil {
			go l.spark.close() // it may wait for a server that is gone
			l.spark = nil
		}
	}
	return err
}

// onEither chooses an engine for each statement.
type onEither struct{ lake *Lake }

func (e onEither) chosen(ctx context.Context, sql string, args []any) (watcher, Choice, error) {
	c, err := e.lake.Choose(ctx, spec.EngineAuto, sql, args...)
	if err != nil {
		return nil, c, err
	}
	on, err := e.lake.on(c.Engine)
	return on, c, err
}

// Query implements engine.Engine.
func (e onEither) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	on, choice, err := e.chosen(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	r, err := on.Query(ctx, sql, args...)
	return r, choice.onBoth(err)
}

func (e onEither) watch(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	on, choice, err := e.chosen(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	r, err := on.watch(ctx, tell, sql, args)
	return r, choice.onBoth(err)
}

// Describe implements engine.Engine.
func (e onEither) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	on, choice, err := e.chosen(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	columns, err := on.Describe(ctx, sql)
	return columns, choice.onBoth(err)
}

func (onEither) Close() error { return nil }
