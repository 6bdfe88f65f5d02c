package petalake

import (
	"context"
	"io"
	"time"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// CreateJob makes the next run of a job, and returns before it begins: DriveJob brings it to its end.
// Args take the place of those in lakehouse.yaml; nil leaves them. Where a run of the job has not ended the error is a *job.ActiveError.
func (l *Lake) CreateJob(ctx context.Context, name string, args []string, why string) (job.Run, error) {
	return l.rooms.Runs.CreateJob(ctx, name, args, why)
}

// DriveJob brings a run to its end, if no other living process looks after it, and returns it then.
// A run that did not end well is a *JobError. Tell hears of its events; it may be nil.
func (l *Lake) DriveJob(ctx context.Context, run job.Run, tell func(job.Run)) (job.Run, error) {
	return l.rooms.Runs.DriveJob(ctx, run, tell)
}

// JobRun finds a run: job/number, or the last of a job.
func (l *Lake) JobRun(ctx context.Context, id string) (job.Run, error) {
	return l.rooms.Runs.JobRun(ctx, id)
}

// JobRuns are the last runs of a job, the newest first.
func (l *Lake) JobRuns(ctx context.Context, name string, most int) ([]job.Run, error) {
	return l.rooms.Runs.JobRuns(ctx, name, most)
}

// JobStates are the jobs of lakehouse.yaml, in its order.
func (l *Lake) JobStates(ctx context.Context) ([]JobState, error) {
	states, err := l.rooms.Runs.JobStates(ctx)
	var out []JobState
	for _, s := range states {
		out = append(out, JobState(s))
	}
	return out, err
}

// CancelJob asks for the end of a run, and ends it where no living process looks after it.
func (l *Lake) CancelJob(ctx context.Context, run job.Run) (job.Run, error) {
	return l.rooms.Runs.CancelJob(ctx, run)
}

// FollowJob waits until a run has ended, whoever looks after it, and gives what it says meanwhile. A
// run whose keeper is dead is taken over.
func (l *Lake) FollowJob(ctx context.Context, run job.Run, log io.Writer) (job.Run, error) {
	return l.rooms.Runs.FollowJob(ctx, run, log)
}

// JobLog writes what an attempt of a run said; 0 is the last.
func (l *Lake) JobLog(ctx context.Context, w io.Writer, run job.Run, attempt int) error {
	return l.rooms.Runs.JobLog(ctx, w, run, attempt)
}

// RunLog finds the event log of the latest run of a job, or of an application by its name or id, that
// Spark left in the lake; an empty name means the latest of all. One that is not there is a *NoRunError.
func (l *Lake) RunLog(ctx context.Context, name string) (*eventlog.Log, error) {
	return l.rooms.Runs.RunLog(ctx, name)
}

// JobState is what a listing of jobs shows.
type JobState struct {
	Job  *spec.Job
	Last *job.Run  // nil: it never ran
	Next time.Time // when it is due by its schedule; zero: not by one
}
