package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/compare"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// Agreement is how the answers of both engines to one statement agree.
type Agreement struct {
	Rows       int64    // that DuckDB gives
	Difference string   // the first row or column that differs, "" where none does
	Notes      []string // on types that differ, and on tables that changed meanwhile
	DuckDB     time.Duration
	Spark      time.Duration
}

// DialectError says that only one engine takes a statement.
type DialectError struct {
	Engine spec.Engine // that does not take it
	Err    error       // what it says
}

// Error implements error.
func (e *DialectError) Error() string {
	return fmt.Sprintf("only %s takes it: %s", map[spec.Engine]string{spec.EngineDuckDB: "Spark", spec.EngineSpark: "DuckDB"}[e.Engine], words.FirstLine(e.Err.Error()))
}

// Unwrap gives what the engine says.
func (e *DialectError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *DialectError) Hint() string {
	return "write it in the SQL that both share (docs/dialects.md), or name its engine"
}

// Verify runs a query on both engines and compares their rows. What one of them does not take is a
// *DialectError.
func (q *Engines) Verify(ctx context.Context, query string) (Agreement, error) {
	var names []string
	for _, r := range sql.References(sql.Spark, query) {
		if n, ok := r.Table(); ok {
			names = append(names, n.String())
		}
	}
	before, err := q.Env.Versions(ctx, names)
	if err != nil {
		return Agreement{}, err
	}
	var out Agreement
	var readers [2]array.RecordReader
	var failed [2]error
	took := [2]*time.Duration{&out.DuckDB, &out.Spark}
	var both errgroup.Group
	for i, engine := range []watcher{onDuck{q}, onSpark{q}} {
		both.Go(func() error {
			began := time.Now()
			r, err := engine.Query(ctx, query)
			*took[i] = time.Since(began)
			readers[i], failed[i] = &timed{RecordReader: r, took: took[i]}, err
			return nil
		})
	}
	_ = both.Wait() // no part of it fails
	for i := range readers {
		if failed[i] == nil {
			defer readers[i].Release()
		}
	}
	if err := dialect(failed); err != nil {
		return out, err
	}
	r, err := compare.Rows(ctx, readers[0], readers[1], compare.Options{A: "DuckDB", B: "Spark"})
	if err != nil {
		return out, err
	}
	out.Rows, out.Difference, out.Notes = r.Rows, r.Difference, r.Notes
	after, err := q.Env.Versions(ctx, names)
	for name, version := range after {
		if before[name] != version {
			out.Notes = append(out.Notes, fmt.Sprintf("table %s changed while it was read", name))
		}
	}
	return out, err
}

// dialect tells an error of both engines from one that only one of them has.
func dialect(failed [2]error) error {
	var wrong *duck.Error
	var said *spark.Error
	switch {
	case failed[0] != nil && failed[1] != nil:
		return failed[0]
	case errors.As(failed[0], &wrong):
		return &DialectError{spec.EngineDuckDB, failed[0]}
	case errors.As(failed[1], &said) && said.Class != "":
		return &DialectError{spec.EngineSpark, failed[1]}
	}
	return errors.Join(failed[0], failed[1])
}

// timed adds up how long its rows were waited for.
type timed struct {
	array.RecordReader
	took *time.Duration
}

// Next implements array.RecordReader.
func (t *timed) Next() bool {
	began := time.Now()
	defer func() { *t.took += time.Since(began) }()
	return t.RecordReader.Next()
}
