package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// A step of a SQL job that writes a table moves the table's transaction version of the application
// "petalake.job/<job>/<step>" to the number of the run, in the commit of its rows. So a step is done
// once, and a run that was broken off goes on at the first step that no table has.
const stepApp = "petalake.job/"

// sqlRunner runs the steps of SQL jobs in this process. An attempt ends with the process: what it
// committed stays, and the attempt after it goes on from there.
type sqlRunner struct {
	of    *Runs
	owner string

	mu       sync.Mutex
	attempts map[string]*sqlAttempt
	running  sync.WaitGroup
}

// sqlAttempt is one attempt under way, or over.
type sqlAttempt struct {
	cancel context.CancelFunc
	link   *link.Link // to a Spark, in a session of its own; nil until a step needs it

	mu     sync.Mutex
	status job.Status
	log    strings.Builder
}

var _ job.Runner = (*sqlRunner)(nil)

const sqlScheme = "sql:"

func (r *sqlRunner) handle(id string) string { return sqlScheme + r.owner + "/" + id }

// find gives the attempt of a handle, nil where another process had it.
func (r *sqlRunner) find(handle string) *sqlAttempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, mine := strings.CutPrefix(handle, r.handle(""))
	if !mine {
		return nil
	}
	return r.attempts[id]
}

// Submit implements job.Runner.
func (r *sqlRunner) Submit(_ context.Context, a job.Attempt) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempts[a.ID] != nil {
		return r.handle(a.ID), nil
	}
	ctx, cancel := context.WithCancel(context.Background()) // until it is cancelled, or the lake is closed
	t := &sqlAttempt{cancel: cancel, status: job.Status{Phase: job.Active}}
	r.attempts[a.ID] = t
	r.running.Go(func() {
		defer cancel()
		r.run(ctx, t, a)
	})
	return r.handle(a.ID), nil
}

// Poll implements job.Runner.
func (r *sqlRunner) Poll(_ context.Context, handle string) (job.Status, error) {
	t := r.find(handle)
	if t == nil {
		return job.Status{Phase: job.Gone}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.status
	s.Steps = append([]job.Step(nil), s.Steps...)
	return s, nil
}

// Cancel implements job.Runner.
func (r *sqlRunner) Cancel(_ context.Context, handle string) error {
	if t := r.find(handle); t != nil {
		t.cancel()
	}
	return nil
}

// Logs implements job.Runner.
func (r *sqlRunner) Logs(_ context.Context, handle string, from int64) ([]byte, error) {
	t := r.find(handle)
	if t == nil {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.log.String()
	return []byte(text[min(int(from), len(text)):]), nil
}

// close ends all attempts and waits for them.
func (r *sqlRunner) close() {
	r.mu.Lock()
	for _, t := range r.attempts {
		t.cancel()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (t *sqlAttempt) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(&t.log, format+"\n", args...)
}

// run does the steps that are not done yet.
func (r *sqlRunner) run(ctx context.Context, t *sqlAttempt, a job.Attempt) {
	defer func() {
		if t.link != nil {
			t.link.Close()
		}
	}()
	steps := sql.Split(dialectOf(spec.Engine(a.Program.Engine)), a.Program.SQL)
	if a.Done > 0 {
		t.say("%d of %d steps are done", a.Done, len(steps))
	}
	for i := a.Done; i < len(steps); i++ {
		began := time.Now()
		t.say("step %d of %d: %s", i+1, len(steps), oneLine(steps[i].Text))
		step, err := r.step(ctx, t, a, i, steps[i].Text)
		if err != nil {
			t.say("step %d: %v", i+1, err)
			r.failed(ctx, t, a, i, steps[i], err)
			return
		}
		step.Index, step.Statement, step.Seconds = i, oneLine(steps[i].Text), time.Since(began).Seconds()
		t.say("step %d: %s", i+1, stepLine(step))
		t.mu.Lock()
		t.status.Steps = append(t.status.Steps, step)
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.Phase = job.Over
}

// failed notes why an attempt ended. What is wrong with the statement itself stays so.
func (r *sqlRunner) failed(ctx context.Context, t *sqlAttempt, a job.Attempt, i int, s sql.Statement, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.Phase, t.status.Exit = job.Over, 1
	t.status.Error = fmt.Sprintf("step %d: %v", i+1, err)
	if errors.Is(err, spark.ErrSessionLost) || spark.Unreachable(err) {
		t.status = job.Status{Phase: job.Gone, Steps: t.status.Steps} // the attempt after this one goes on with another Spark
		return
	}
	if ctx.Err() != nil {
		t.status.Error, t.status.Exit = fmt.Sprintf("step %d: it was cancelled", i+1), 143
		return
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		t.status.Error += ": " + hinted.Hint()
	}
	if wrong := (*spark.Error)(nil); errors.As(err, &wrong) {
		t.status.Final = strings.HasPrefix(wrong.SQLState, "42") // syntax, or a name that is not there
	}
	if errors.As(err, new(*query.DeniedError)) || errors.As(err, new(*query.SpreadError)) {
		t.status.Final = true
	} else if wrong := (*duck.Error)(nil); errors.As(err, &wrong) {
		t.status.Final = wrong.Kind != duck.Failed && wrong.Kind != duck.Unread
		if j := r.of.Env.Spec.Job(a.Job); wrong.Line > 0 && j != nil && j.Text == a.Program.SQL && j.TextPos.Line > 0 {
			t.status.Error = inStep(j, s, wrong).Error()
		}
	}
}

// inStep puts an error of a step where its statement is written.
func inStep(j *spec.Job, s sql.Statement, wrong *duck.Error) spec.Problem {
	p := spec.Problem{Pos: j.TextPos, Path: "jobs." + j.Name, Message: wrong.Message, Hint: wrong.Hint()}
	p.Pos.Line += s.Line - 1 + wrong.Line - 1
	p.Pos.Column += wrong.Column - 1 // all lines begin at one column
	if wrong.Line == 1 {
		p.Pos.Column += s.Column - 1
	}
	return p
}

// dialectOf is the dialect in which a text of statements is cut that an engine runs, or auto.
func dialectOf(engine spec.Engine) sql.Dialect {
	if engine == spec.EngineSpark {
		return sql.Spark
	}
	return sql.DuckDB
}

// oneLine is a statement for a line of a log.
func oneLine(sql string) string {
	line := strings.Join(strings.Fields(sql), " ")
	if len(line) > 120 {
		line = strings.ToValidUTF8(line[:117], "") + "..."
	}
	return line
}

func stepLine(s job.Step) string {
	if s.Before {
		return "was done by an attempt before"
	}
	line := fmt.Sprintf("done on %s in %.1f s", s.Engine, s.Seconds)
	if s.Table != "" && s.Version != nil {
		line += fmt.Sprintf(", %s version %d", s.Table, *s.Version)
	}
	if s.Rows > 0 { // Spark does not count those that it inserts
		line += ", " + words.Counted(s.Rows, "row")
	}
	return line
}
