package query

import (
	"cmp"
	"context"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/spec"
)

// watcher is an engine that says how far a statement is, from 0 to 1.
type watcher interface {
	engine.Engine
	watch(ctx context.Context, tell func(done float64), sql string, args []any) (array.RecordReader, error)
}

// On returns an engine by its name: duckdb, spark or auto; "" is the one that the environment names. Closing it
// does nothing.
func (q *Engines) On(name spec.Engine) (engine.Engine, error) { return q.on(name) }

func (q *Engines) on(name spec.Engine) (watcher, error) {
	switch name = cmp.Or(name, q.Env.Environment.Engine); name {
	case spec.EngineDuckDB:
		return onDuck{q}, nil
	case spec.EngineSpark:
		return onSpark{q}, nil
	case spec.EngineAuto:
		return onEither{q}, nil
	}
	return nil, lake.UnknownEngine(name)
}

// Query runs one statement on the environment's engine.
func (q *Engines) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	on, err := q.on("")
	if err != nil {
		return nil, err
	}
	return on.Query(ctx, sql, args...)
}

// Watch is Query with its progress, from 0 to 1.
func (q *Engines) Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error) {
	on, err := q.on("")
	if err != nil {
		return nil, err
	}
	return on.watch(ctx, tell, sql, args)
}

// onDuck runs statements in this process.
type onDuck struct{ of *Engines }

// Query implements engine.Engine.
func (e onDuck) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return e.of.run(ctx, nil, nil, sql, args)
}

func (e onDuck) watch(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	return e.of.run(ctx, nil, progress(tell), sql, args)
}

// Describe implements engine.Engine.
func (e onDuck) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	return e.of.Duck.Describe(ctx, sql)
}

func (onDuck) Close() error { return nil }

// onSpark runs statements on Spark.
type onSpark struct{ of *Engines }

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
	k, err := e.of.prepared(ctx, sql)
	if err != nil {
		return nil, err
	}
	ctx, stop := k.Alive(ctx)
	r, err := k.Session.Watch(ctx, tell, sql, args...)
	if err != nil {
		stop()
		return nil, e.of.Links.Lost(err)
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
	k, err := e.of.prepared(ctx, sql)
	if err != nil {
		return nil, err
	}
	columns, err := k.Session.Describe(ctx, sql)
	return columns, e.of.Links.Lost(err)
}

func (onSpark) Close() error { return nil }

// prepared is a way to Spark that knows the tables of a statement, which has been judged.
func (q *Engines) prepared(ctx context.Context, sql string) (*link.Link, error) {
	if err := spark.Guard(sql, q.Env.Holds); err != nil {
		return nil, err
	}
	link, err := q.Links.Open(ctx)
	if err != nil {
		return nil, err
	}
	return link, link.RegisterNamed(ctx, sql)
}

// onEither chooses an engine for each statement.
type onEither struct{ of *Engines }

// Query implements engine.Engine.
func (e onEither) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return e.run(ctx, nil, sql, args)
}

func (e onEither) watch(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	return e.run(ctx, tell, sql, args)
}

// run runs a statement on the engine that is chosen for it. What was planned to choose DuckDB is what runs there.
func (e onEither) run(ctx context.Context, tell func(float64), sql string, args []any) (array.RecordReader, error) {
	choice, prepared, err := e.of.judged(ctx, spec.EngineAuto, sql, args)
	if err != nil {
		return nil, err
	}
	if prepared != nil {
		return prepared.Watch(progress(tell))
	}
	on, err := e.of.on(choice.Engine)
	if err != nil {
		return nil, err
	}
	var r array.RecordReader
	if tell == nil {
		r, err = on.Query(ctx, sql, args...)
	} else {
		r, err = on.watch(ctx, tell, sql, args)
	}
	return r, choice.onBoth(err)
}

// progress is what DuckDB tells, as the part that is done; nil for nobody.
func progress(tell func(done float64)) func(tablefile.Progress) {
	if tell == nil {
		return nil
	}
	return func(p tablefile.Progress) { tell(p.Done) }
}

// Describe implements engine.Engine.
func (e onEither) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	choice, err := e.of.Choose(ctx, spec.EngineAuto, sql)
	if err != nil {
		return nil, err
	}
	on, err := e.of.on(choice.Engine)
	if err != nil {
		return nil, err
	}
	columns, err := on.Describe(ctx, sql)
	return columns, choice.onBoth(err)
}

func (onEither) Close() error { return nil }
