package petalake

import (
	"context"
	"io"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/job"
)

// CreateJob makes the next run of a job, and returns before it begins: DriveJob brings it to its end.
// Args take the place of those in lakehouse.yaml; nil leaves them. Where a run of the job has not ended the error is a *job.ActiveError.
func (l *Lake) CreateJob(ctx context.Context, name string, args []string, why string) (job.Run, error) {
	return l.runs.CreateJob(ctx, name, args, why)
}

// DriveJob brings a run to its end, if no other living process looks after it, and returns it then.
// A run that did not end well is a *JobError. Tell hears of its events; it may be nil.
func (l *Lake) DriveJob(ctx context.Context, run job.Run, tell func(job.Run)) (job.Run, error) {
	return l.runs.DriveJob(ctx, run, tell)
}

// JobRun finds a run: job/number, or the last of a job.
func (l *Lake) JobRun(ctx context.Context, id string) (job.Run, error) { return l.runs.JobRun(ctx, id) }

// JobRuns are the last runs of a job, the newest first.
func (l *Lake) JobRuns(ctx context.Context, name string, most int) ([]job.Run, error) {
	return l.runs.JobRuns(ctx, name, most)
}

// JobStates are the jobs of lakehouse.yaml, in its order.
func (l *Lake) JobStates(ctx context.Context) ([]JobState, error) { return l.runs.JobStates(ctx) }

// Orphan says whether a run that has not ended has no living process that looks after it.
func (l *Lake) Orphan(ctx context.Context, run job.Run) (bool, error) { return l.runs.Orphan(ctx, run) }

// CancelJob asks for the end of a run, and ends it where no living process looks after it.
func (l *Lake) CancelJob(ctx context.Context, run job.Run) (job.Run, error) {
	return l.runs.CancelJob(ctx, run)
}

// FollowJob waits until a run has ended, whoever looks after it, and gives what it says meanwhile. A
// run whose keeper is dead is taken over.
func (l *Lake) FollowJob(ctx context.Context, run job.Run, log io.Writer) (job.Run, error) {
	return l.runs.FollowJob(ctx, run, log)
}

// JobLog writes what an attempt of a run said; 0 is the last.
func (l *Lake) JobLog(ctx context.Context, w io.Writer, run job.Run, attempt int) error {
	return l.runs.JobLog(ctx, w, run, attempt)
}

// RunLog finds the event log of the latest run of a job, or of an application by its name or id, that
// Spark left in the lake; an empty name means the latest of all. One that is not there is a *NoRunError.
func (l *Lake) RunLog(ctx context.Context, name string) (*eventlog.Log, error) {
	return l.runs.RunLog(ctx, name)
}

// EventLogs finds the event logs of Spark in a place: a path on this machine or an s3:// URL, of a log
// or of a folder of logs. A bucket that an environment of lakehouse.yaml is in is reached as that
// environment says, any other by what the machine knows of AWS. Options.File may be "".
func EventLogs(ctx context.Context, place string, o Options) ([]*eventlog.Log, error) {
	return runs.FindLogs(ctx, place, o.File, lake.Options{Environment: o.Environment, Getenv: o.Getenv})
}

// JobState is what a listing of jobs shows.
type JobState = runs.JobState

// JobError says that a run did not end well.
type JobError = runs.JobError

// NoJobError says that lakehouse.yaml has no job of a name. It wraps fs.ErrNotExist.
type NoJobError = runs.NoJobError

// NoRunError says that there is no event log of a name.
type NoRunError = runs.NoRunError

// SkippedError says that a model was not built because something before it failed.
type SkippedError = daemon.SkippedError

// CatalogStep is something that was done in the catalog, and why.
type CatalogStep = daemon.CatalogStep
