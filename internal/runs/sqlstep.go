package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// step runs one statement of an attempt, unless a table has it.
func (r *sqlRunner) step(ctx context.Context, t *sqlAttempt, a job.Attempt, i int, sql string) (job.Step, error) {
	o := &write.Move{App: fmt.Sprintf("%s%s/%d", stepApp, a.Job, i+1), From: write.Any, To: a.Number, Once: true}
	if step, there, err := r.of.committedStep(ctx, o, sql); err != nil || there {
		step.Before = there
		return step, err
	}
	name := cmp.Or(spec.Engine(a.Program.Engine), spec.EngineAuto)
	acting, err := r.of.acting(a.Program.Role)
	if err != nil {
		return job.Step{}, err
	}
	choice, err := acting.Choose(ctx, name, sql)
	if err != nil {
		return job.Step{}, err
	}
	if name == spec.EngineAuto {
		t.say("step %d: %s", i+1, choice)
	}
	var step job.Step
	if choice.Engine == spec.EngineSpark {
		step, err = r.onSpark(ctx, t, o, sql)
	} else {
		step, err = stepOnDuck(ctx, acting, o, sql)
	}
	step.Engine = job.Engine(choice.Engine)
	return step, err
}

// committedStep says whether one of the tables that a statement names has the step, and which version of it.
func (rs *Runs) committedStep(ctx context.Context, o *write.Move, statement string) (step job.Step, there bool, err error) {
	for _, r := range sql.References(sql.Spark, statement) {
		name, ok := r.Table()
		if !ok {
			continue
		}
		table, err := rs.Env.Existing(ctx, name.String())
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			continue
		}
		if err != nil {
			return step, false, err
		}
		s, err := table.Snapshot(ctx, delta.When{})
		if err != nil {
			return step, false, err
		}
		if s.Transaction(o.App) >= o.To {
			version := s.Version()
			return job.Step{Table: name.String(), Version: &version}, true, nil
		}
	}
	return step, false, nil
}

func stepOnDuck(ctx context.Context, acting *query.Acting, o *write.Move, sql string) (step job.Step, err error) {
	change, err := duck.ParseChange(sql)
	if err != nil {
		return step, err
	}
	if change == nil {
		reader, err := acting.Read(ctx, sql)
		if err != nil {
			return step, err
		}
		defer reader.Release()
		for reader.Next() {
			step.Rows += reader.RecordBatch().NumRows()
		}
		return step, reader.Err()
	}
	done, err := acting.Change(ctx, write.Statement{Change: change, Once: o})
	if err != nil {
		return step, err
	}
	step.Table, step.Rows, step.Before = change.Table.String(), done.Rows, done.Before
	if done.Version >= 0 {
		step.Version = &done.Version
	}
	return step, nil
}

// Settings by which Spark's Delta commits what a statement writes once, with the transaction version
// in the same commit.
const (
	deltaApp     = "spark.databricks.delta.write.txnAppId"
	deltaVersion = "spark.databricks.delta.write.txnVersion"
)

// onSpark runs a statement in the attempt's own session, since the settings are the session's.
func (r *sqlRunner) onSpark(ctx context.Context, t *sqlAttempt, o *write.Move, sql string) (step job.Step, err error) {
	rs := r.of
	if err := spark.Guard(sql, rs.Env.Holds); err != nil {
		return step, err
	}
	if t.link == nil {
		if t.link, err = rs.Links.New(ctx); err != nil {
			return step, err
		}
	}
	ctx, stop := t.link.Alive(ctx)
	defer stop()
	if err := t.link.RegisterNamed(ctx, sql); err != nil {
		return step, err
	}
	if err := t.link.Session.Set(ctx, map[string]string{deltaApp: o.App, deltaVersion: strconv.FormatInt(o.To, 10)}); err != nil {
		return step, err
	}
	reader, err := t.link.Session.Query(ctx, sql)
	if err != nil {
		return step, err
	}
	defer reader.Release()
	counted := reader.Schema().NumFields() > 0 && strings.HasPrefix(reader.Schema().Field(0).Name, "num_")
	for reader.Next() {
		batch := reader.RecordBatch()
		if counted && batch.NumRows() == 1 {
			step.Rows, _ = strconv.ParseInt(batch.Column(0).ValueStr(0), 10, 64) // text that is no number counts nothing
		} else {
			step.Rows += batch.NumRows()
		}
	}
	if err := reader.Err(); err != nil {
		return step, err
	}
	rows := step.Rows
	if wrote, there, err := rs.committedStep(ctx, o, sql); err == nil && there {
		step = wrote
		step.Rows = rows
	}
	return step, nil
}
