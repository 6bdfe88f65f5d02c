package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// jobs holds the runners and the keeper of an environment's jobs. openJobs makes it before the first run.
type jobs struct {
	of        *Runs
	keeper    *job.Keeper
	alive     *job.Alive
	sql       *sqlRunner
	processes *job.Processes

	mu   sync.Mutex
	last map[string]job.Run // the last run seen of a job, by its name
}

// openJobs makes what the environment needs to run jobs, once. The processes of one machine see each other in a folder of it.
func (rs *Runs) openJobs() (*jobs, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.jobs != nil {
		return rs.jobs, nil
	}
	owner := uuid.NewString()
	folder := rs.jobFolder()
	alive, err := job.Live(filepath.Join(folder, "keepers"), owner)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	j := &jobs{of: rs, alive: alive, sql: &sqlRunner{of: rs, owner: owner, attempts: map[string]*sqlAttempt{}}, last: map[string]job.Run{}}
	host, err := os.Hostname()
	if err != nil {
		host = "unnamed"
	}
	j.processes = &job.Processes{Host: strings.ReplaceAll(host, "/", "_"), Folder: filepath.Join(folder, "attempts"), Workdir: rs.Env.Dir, Command: rs.sparkCommand}
	j.processes.Sweep()
	j.keeper = &job.Keeper{
		Journal: &job.Journal{Store: rs.Env.Storage.Store}, Owner: owner, Runner: j.runner, Versions: rs.tableVersions, Dead: alive.Dead, Elsewhere: j.processes.Elsewhere,
		Now: time.Now, Chance: rand.Float64, Sleep: sleep,
	}
	rs.jobs = j
	return j, nil
}

// newest is the last run of a job, read as far as it was not before.
func (j *jobs) newest(ctx context.Context, name string) (job.Run, error) {
	j.mu.Lock()
	known := j.last[name]
	j.mu.Unlock()
	run, err := j.keeper.Journal.Newer(ctx, name, known)
	if err == nil {
		j.mu.Lock()
		j.last[name] = run
		j.mu.Unlock()
	}
	return run, err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Close ends what runs in this process; programs of their own go on.
func (rs *Runs) Close() error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.jobs == nil {
		return nil
	}
	return rs.jobs.close()
}

// close ends what runs in this process; programs of their own go on.
func (j *jobs) close() error {
	j.sql.close()
	return j.alive.Close(j.keeper.Idle())
}

// jobFolder is the folder of this machine for the processes of the lake's jobs.
func (rs *Runs) jobFolder() string {
	return lake.CacheFolder("jobs", cmp.Or(rs.Env.Storage.Folder, rs.Env.Storage.Cache))
}

// runner chooses the runner of a program: SQL in this process, Spark on EMR or on this machine.
func (j *jobs) runner(ctx context.Context, p job.Program) (job.Runner, error) {
	if p.Kind == job.SQL {
		return j.sql, nil
	}
	if e := j.of.Env.Environment; p.Role != "" && (e.InAWS() || e.Spark.OnEMR()) {
		return j.of.asRole(ctx, p.Role)
	}
	if j.of.Env.OnClusters() {
		return j.of.onEMR(ctx, "")
	}
	if at := &j.of.Env.Environment.Spark; at.OnEMR() {
		return j.of.onEMR(ctx, string(at.EMR.Role))
	}
	return j.processes, nil
}

// newOrder is the order of a job as lakehouse.yaml describes it now. Arguments take the place of those that it gives.
func (rs *Runs) newOrder(described *spec.Job, args []string, why string) (job.Order, error) {
	d, err := described.Resolve(rs.Env.Lookup)
	if err != nil {
		return job.Order{}, err
	}
	if args == nil {
		for _, a := range d.Args {
			args = append(args, string(a))
		}
	} else if d.Kind() == spec.JobSQL {
		return job.Order{}, fmt.Errorf("job %s: SQL takes no arguments: %w", d.Name, fs.ErrInvalid)
	}
	o := job.Order{Job: d.Name, Why: why, Program: job.Program{
		Kind: job.Kind(d.Kind()), SQL: d.Text, File: d.PySpark, Class: d.Class, Args: args, PyFiles: d.PyFiles, Jars: d.Jars, Conf: d.Conf,
		Memory: int64(d.Memory), Cores: d.Cores, Streaming: d.Streaming, Role: d.Role, Resumes: d.Kind() == spec.JobSQL || d.Streaming || rs.Env.OnClusters() && d.Retries > 0,
	}}
	switch d.Kind() {
	case spec.JobSQL:
		o.Program.Engine = job.Engine(d.Engine)
	case spec.JobJar:
		o.Program.File = d.Jar
	}
	o.Policy = job.Policy{
		Retries: d.Retries, Backoff: time.Duration(d.Backoff), MaxBackoff: time.Duration(d.MaxBackoff), Timeout: time.Duration(d.Timeout),
	}
	return o, nil
}

// tableVersions are the versions of the tables that a run reads, before it, and of those it has written.
func (rs *Runs) tableVersions(ctx context.Context, o job.Order, steps []job.Step) (reads, writes map[string]int64, err error) {
	var from, to []string
	add := func(list *[]string, name string) {
		if !slices.ContainsFunc(*list, func(n string) bool { return strings.EqualFold(n, name) }) {
			*list = append(*list, name)
		}
	}
	if d := rs.Env.Spec.Job(o.Job); d != nil {
		for _, n := range d.DependsOn {
			add(&from, n.String())
		}
		for _, n := range d.Writes {
			add(&to, n.String())
		}
	}
	for _, s := range sql.Split(dialectOf(spec.Engine(o.Program.Engine)), o.Program.SQL) {
		for _, name := range rs.tablesRead(ctx, s.Text) {
			add(&from, name)
		}
	}
	for _, s := range steps {
		if s.Table != "" {
			add(&to, s.Table)
		}
	}
	if reads, err = rs.Env.Versions(ctx, from); err == nil {
		writes, err = rs.Env.Versions(ctx, to)
	}
	return reads, writes, err
}

// NoJobError says that lakehouse.yaml has no job of a name. It wraps fs.ErrNotExist.
type NoJobError struct{ Name, Near string }

// Error implements error.
func (e *NoJobError) Error() string { return fmt.Sprintf("no job %q", e.Name) }

// Unwrap gives fs.ErrNotExist.
func (e *NoJobError) Unwrap() error { return fs.ErrNotExist }

// Hint says what to do.
func (e *NoJobError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return "`petalake job list` lists the jobs; write it under jobs: in lakehouse.yaml"
}

func (rs *Runs) describedJob(name string) (*spec.Job, error) {
	if j := rs.Env.Spec.Job(name); j != nil {
		return j, nil
	}
	var names []string
	for _, j := range rs.Env.Spec.Jobs {
		names = append(names, j.Name)
	}
	return nil, &NoJobError{name, words.Nearest(name, names)}
}

// CreateJob makes the next run of a job, and returns before it begins: DriveJob brings it to its end.
// Args take the place of those in lakehouse.yaml; nil leaves them. Where a run of the job has not ended the error is a *job.ActiveError.
func (rs *Runs) CreateJob(ctx context.Context, name string, args []string, why string) (job.Run, error) {
	described, err := rs.describedJob(name)
	if err != nil {
		return job.Run{}, err
	}
	o, err := rs.newOrder(described, args, why)
	if err != nil {
		return job.Run{}, err
	}
	j, err := rs.openJobs()
	if err != nil {
		return job.Run{}, err
	}
	return j.keeper.Create(ctx, o)
}

// BeginJob is CreateJob, or takes up the run of the job that has not ended where no living process looks after it: then it was
// broken off.
func (rs *Runs) BeginJob(ctx context.Context, name string, args []string, why string) (run job.Run, brokenOff bool, err error) {
	run, err = rs.CreateJob(ctx, name, args, why)
	active := (*job.ActiveError)(nil)
	if !errors.As(err, &active) {
		return run, false, err
	}
	orphan, failed := rs.Orphan(ctx, active.Run)
	if failed != nil {
		return run, false, failed
	}
	if !orphan {
		return run, false, err
	}
	return active.Run, true, nil
}

// DriveJob brings a run to its end, if no other living process looks after it, and returns it then.
// A run that did not end well is a *JobError. Tell hears of its events; it may be nil.
func (rs *Runs) DriveJob(ctx context.Context, run job.Run, tell func(job.Run)) (job.Run, error) {
	j, err := rs.openJobs()
	if err != nil {
		return run, err
	}
	return j.drive(ctx, run, tell)
}

func (j *jobs) drive(ctx context.Context, run job.Run, tell func(job.Run)) (job.Run, error) {
	run, err := j.keeper.Adopt(ctx, run)
	if err != nil {
		return run, err
	}
	run, err = j.keeper.Drive(ctx, run, tell)
	if errors.Is(err, job.ErrNotOwner) {
		_ = j.sql.Cancel(ctx, run.Handle) // another goes on at the step that is not committed; does nothing to a process
	}
	if err != nil {
		return run, err
	}
	_ = j.processes.Forget(run) // it may have run on another machine
	return run, ended(run)
}

// ended is the error of a run that did not end well.
func ended(run job.Run) error {
	if run.State.Ended() && run.State != job.Succeeded {
		return &JobError{run}
	}
	return nil
}

// JobError says that a run did not end well.
type JobError struct{ Run job.Run }

// Error implements error.
func (e *JobError) Error() string {
	what := map[job.State]string{
		job.Failed: "failed", job.Cancelled: "was cancelled", job.TimedOut: "timed out", job.Lost: "was lost",
	}[e.Run.State]
	text := fmt.Sprintf("job %s: run %s %s", e.Run.Job, e.Run.ID(), what)
	if e.Run.Attempt > 1 {
		text += fmt.Sprintf(" after %d attempts", e.Run.Attempt)
	}
	if e.Run.Outcome.Error != "" {
		text += ": " + e.Run.Outcome.Error
	}
	return text
}

// Hint says what to do.
func (e *JobError) Hint() string {
	if e.Run.Attempt == 0 || e.Run.State == job.Cancelled {
		return ""
	}
	return fmt.Sprintf("`petalake job logs %s` shows what it said", e.Run.ID())
}

// JobRun finds a run: job/number, or the last of a job.
func (rs *Runs) JobRun(ctx context.Context, id string) (job.Run, error) {
	name, number, numbered := strings.Cut(id, "/")
	journal := &job.Journal{Store: rs.Env.Storage.Store}
	var run job.Run
	var err error
	if !numbered {
		run, err = journal.Last(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			if _, unknown := rs.describedJob(name); unknown != nil {
				return run, unknown
			}
		}
		return run, err
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 {
		return run, fmt.Errorf("run %q: write JOB/NUMBER, as in daily/12: %w", id, fs.ErrInvalid)
	}
	return journal.Load(ctx, name, n)
}

// JobRuns are the last runs of a job, the newest first.
func (rs *Runs) JobRuns(ctx context.Context, name string, most int) ([]job.Run, error) {
	runs, err := (&job.Journal{Store: rs.Env.Storage.Store}).Runs(ctx, name, most)
	if err == nil && len(runs) == 0 {
		_, err = rs.describedJob(name)
	}
	return runs, err
}

// JobState is a job of lakehouse.yaml with its last run.
type JobState struct {
	Job  *spec.Job
	Last *job.Run  // nil: it never ran
	Next time.Time // when it is due by its schedule; zero: not by one
}

// JobStates are the jobs of lakehouse.yaml, in its order.
func (rs *Runs) JobStates(ctx context.Context) ([]JobState, error) {
	var out []JobState
	journal := &job.Journal{Store: rs.Env.Storage.Store}
	for _, d := range rs.Env.Spec.Jobs {
		s := JobState{Job: d}
		run, err := journal.Last(ctx, d.Name)
		switch {
		case err == nil:
			s.Last, s.Next = &run, d.Due(run.Created)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		default:
			s.Next = d.Due(time.Now())
		}
		out = append(out, s)
	}
	return out, nil
}

// Orphan says whether a run that has not ended has no living process that looks after it.
func (rs *Runs) Orphan(ctx context.Context, run job.Run) (bool, error) {
	j, err := rs.openJobs()
	if err != nil {
		return false, err
	}
	return j.keeper.Orphan(ctx, run)
}

// CancelJob asks for the end of a run, and ends it where no living process looks after it.
func (rs *Runs) CancelJob(ctx context.Context, run job.Run) (job.Run, error) {
	j, err := rs.openJobs()
	if err != nil {
		return run, err
	}
	if run, err = j.keeper.Cancel(ctx, run); err != nil || run.State.Ended() {
		return run, err
	}
	orphan, err := j.keeper.Orphan(ctx, run)
	if err != nil || !orphan {
		return run, err
	}
	run, err = j.drive(ctx, run, nil)
	if failed := (*JobError)(nil); errors.As(err, &failed) {
		err = nil
	}
	return run, err
}

// FollowJob waits until a run has ended, whoever looks after it, and gives what it says meanwhile. A
// run whose keeper is dead is taken over.
func (rs *Runs) FollowJob(ctx context.Context, run job.Run, log io.Writer) (job.Run, error) {
	j, err := rs.openJobs()
	if err != nil {
		return run, err
	}
	attempt, at := max(run.Attempt, 1), int64(0)
	for {
		before := run
		if run, err = j.keeper.Journal.Refresh(ctx, run); err != nil {
			return run, err
		}
		for ; attempt <= run.Attempt; attempt, at = attempt+1, 0 {
			if at, err = j.keeper.Journal.CopyLog(ctx, log, run, attempt, at); err != nil {
				return run, err
			}
			if attempt == run.Attempt {
				break
			}
		}
		if before.State.Ended() { // the log is whole before the run has ended
			return run, ended(run)
		}
		if !run.State.Ended() {
			if err := sleep(ctx, 300*time.Millisecond); err != nil {
				return run, err
			}
		}
	}
}

// JobLog writes what an attempt of a run said; 0 is the last.
func (rs *Runs) JobLog(ctx context.Context, w io.Writer, run job.Run, attempt int) error {
	if attempt == 0 {
		attempt = run.Attempt
	}
	_, err := (&job.Journal{Store: rs.Env.Storage.Store}).CopyLog(ctx, w, run, attempt, 0)
	return err
}
