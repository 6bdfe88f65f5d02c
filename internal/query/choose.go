package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// Choice is the engine that a statement runs on, and why.
type Choice struct {
	Engine spec.Engine // DuckDB or Spark
	Reason string      // one line

	refused *duck.Error // why it is not DuckDB
}

// String is "duckdb: it reads 1.2 MB of 3 files".
func (c Choice) String() string { return string(c.Engine) + ": " + c.Reason }

// Choose says which engine a statement would run on, without running it. Engine is as for On. A statement
// that is known to be wrong on both is an error.
func (q *Engines) Choose(ctx context.Context, engine spec.Engine, sql string, args ...any) (Choice, error) {
	c, prepared, err := q.judged(ctx, engine, sql, args)
	if prepared != nil {
		prepared.Close()
	}
	return c, err
}

// judged is prepare, with the error of a statement that is known to be wrong on both engines.
func (q *Engines) judged(ctx context.Context, engine spec.Engine, sql string, args []any) (Choice, *duck.Prepared, error) {
	c, prepared, err := q.prepare(ctx, q.Duck, engine, sql, args)
	if err == nil && c.Engine == spec.EngineSpark && c.refused != nil && q.wrongOnBoth(sql, c.refused) {
		return Choice{}, nil, c.refused
	}
	return c, prepared, err
}

// wrongOnBoth says whether a statement that DuckDB refused is wrong on Spark too, as far as that can be
// told without one: its words are no statement in any SQL, or it names a table that there is not. What
// DuckDB does not understand otherwise, Spark may.
func (q *Engines) wrongOnBoth(statement string, refused *duck.Error) bool {
	if refused.Kind == duck.Syntax {
		return sql.Nonsense(statement)
	}
	views := q.Links.IsOpen() // a session may have temporary ones
	if refused.Kind != duck.Unknown || !errors.Is(refused, fs.ErrNotExist) || views || !q.Env.Environment.Spark.Managed() {
		return false
	}
	return slices.ContainsFunc(sql.References(sql.Spark, statement), func(r sql.Reference) bool {
		return r.From == refused.Offset && len(r.Name) <= 2 && !strings.EqualFold(r.Name[0], "delta") && !strings.EqualFold(r.Name[0], "global_temp")
	})
}

// onBoth adds what DuckDB said of a statement to what Spark says: who wrote it meant one of them.
func (c Choice) onBoth(err error) error {
	var said *spark.Error
	if c.refused == nil || !errors.As(err, &said) || said.Class == "" || c.refused.Kind != duck.Syntax && c.refused.Kind != duck.Unknown {
		return err
	}
	return errors.Join(fmt.Errorf("DuckDB: %w", c.refused), err)
}

func (q *Engines) choose(ctx context.Context, engine spec.Engine, sql string, args []any) (Choice, error) {
	return q.ChooseOver(ctx, q.Duck, engine, sql, args)
}

// ChooseOver chooses for a statement on the tables that an engine sees.
func (q *Engines) ChooseOver(ctx context.Context, tables *duck.Engine, engine spec.Engine, statement string, args []any) (Choice, error) {
	c, prepared, err := q.prepare(ctx, tables, engine, statement, args)
	if prepared != nil {
		prepared.Close()
	}
	return c, err
}

// prepare chooses an engine for a statement, and gives what was found out to choose it: a statement that DuckDB may
// run as it is, nil where there is none. The caller closes it.
func (q *Engines) prepare(ctx context.Context, tables *duck.Engine, engine spec.Engine, statement string, args []any) (Choice, *duck.Prepared, error) {
	on, err := q.on(engine)
	if err != nil {
		return Choice{}, nil, err
	}
	switch on.(type) {
	case onDuck:
		return Choice{Engine: spec.EngineDuckDB, Reason: "as it was asked for"}, nil, nil
	case onSpark:
		return Choice{Engine: spec.EngineSpark, Reason: "as it was asked for"}, nil, nil
	}
	f := facts{memory: q.Env.Limits.Memory, from: int64(q.Env.Environment.Spark.From), heavy: heavyWork(statement)}
	text, writes := statement, false
	if change, err := duck.ParseChange(statement); err == nil && change != nil && change.Query != "" {
		text, writes = change.Query, true
	}
	prepared, err := tables.Prepare(ctx, text, args...)
	if err != nil {
		var wrong *duck.Error
		var cannot *delta.UnsupportedError
		switch refused := errors.As(err, &wrong); {
		case errors.As(err, &cannot):
			f.refused = &duck.Error{Kind: duck.Refused, Message: cannot.Error(), Err: err}
		case refused && wrong.Kind != duck.Unread:
			f.refused = wrong
		default:
			return Choice{}, nil, err
		}
	} else {
		for _, t := range prepared.Weight.Tables {
			f.bytes += t.Bytes
			f.files += t.Files
		}
		f.tables, f.fromLog = len(prepared.Weight.Tables), prepared.Weight.FromLog
	}
	if f.wantsSpark() {
		f.absent = q.Links.Absent(ctx)
	}
	c := f.choose()
	if prepared != nil && (writes || c.Engine != spec.EngineDuckDB) {
		prepared.Close()
		prepared = nil
	}
	return c, prepared, nil
}

// facts are what the choice of an engine depends on.
type facts struct {
	bytes  int64 // of data files that are read, after those that no condition can match were left out
	files  int
	tables int

	fromLog bool  // no file is read
	heavy   bool  // rows are joined, sorted or grouped: what is in hand at once may be as large as what is read
	memory  int64 // of DuckDB
	from    int64 // how much data is for Spark whatever is done with it

	refused *duck.Error // DuckDB does not take the statement
	absent  error       // Spark cannot be used
}

// spill is how many times its memory DuckDB may read for heavy work: it compresses less in memory than
// files do, and what does not fit goes through a disk of this machine.
const spill = 4

func (f facts) wantsSpark() bool {
	return f.refused != nil || f.bytes >= f.from || f.heavy && f.bytes > spill*f.memory
}

// choose decides: DuckDB, unless it does not take the statement or the data is too much for a machine.
func (f facts) choose() Choice {
	reads := fmt.Sprintf("it reads %s in %s", words.Decimal(f.bytes), words.Counted(int64(f.files), "file"))
	switch {
	case f.tables == 0:
		reads = "it reads no table"
	case f.fromLog:
		reads = "the table's log answers it"
	}
	var why string
	switch {
	case f.refused != nil:
		why = "DuckDB does not take it: " + words.FirstLine(f.refused.Message)
	case f.bytes >= f.from:
		why = fmt.Sprintf("%s, and %s or more are for Spark", reads, words.Decimal(f.from))
	case f.heavy && f.bytes > spill*f.memory:
		why = fmt.Sprintf("%s to join, sort or group, more than %d times the memory of DuckDB, %s", reads, spill, words.Decimal(f.memory))
	default:
		return Choice{Engine: spec.EngineDuckDB, Reason: reads}
	}
	if f.absent != nil {
		return Choice{Engine: spec.EngineDuckDB, Reason: "Spark cannot be used (" + words.FirstLine(strings.TrimPrefix(f.absent.Error(), "spark: ")) + "), though " + why}
	}
	return Choice{Engine: spec.EngineSpark, Reason: why, refused: f.refused}
}

// heavyWork says whether a statement joins, sorts or groups rows, as far as its words tell.
func heavyWork(statement string) bool {
	return sql.HasWord(sql.DuckDB, statement, "JOIN", "ORDER", "GROUP", "DISTINCT", "OVER", "UNION", "INTERSECT", "EXCEPT", "MERGE")
}
