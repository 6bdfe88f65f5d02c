package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// FindLogs finds the event logs of Spark in a place: a path on this machine or an s3:// URL, of a log
// or of a folder of logs. A bucket that an environment of lakehouse.yaml is in is reached as that
// environment says, any other by what the machine knows of AWS. File is the path of lakehouse.yaml; "" for none.
func FindLogs(ctx context.Context, place, file string, o lake.Options) ([]*eventlog.Log, error) {
	for _, scheme := range []string{"s3://", "s3a://", "s3n://"} {
		if rest, ok := strings.CutPrefix(place, scheme); ok {
			bucket, prefix, _ := strings.Cut(rest, "/")
			opened, err := logBucket(ctx, bucket, file, o)
			if err != nil {
				return nil, fmt.Errorf("event logs in %s: %w", place, err)
			}
			return eventlog.FindIn(ctx, opened, prefix, place)
		}
	}
	return eventlog.FindLocal(strings.TrimPrefix(place, "file://"))
}

// NoRunError says that there is no event log of a name.
type NoRunError struct {
	Name string // of a job or an application; "" is any
	In   string // the folder of the logs of the lake
}

func (e *NoRunError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("event logs in %s: Spark has not left one yet", e.In)
	}
	return fmt.Sprintf("event log %s: neither a file, nor has a job or an application of that name left one in %s", e.Name, e.In)
}
func (e *NoRunError) Unwrap() error { return fs.ErrNotExist }

// Hint says what a log can be named by.
func (e *NoRunError) Hint() string {
	return "give a file, a folder or an s3:// URL of logs, or the name of a job that ran on Spark"
}

// RunLog finds the event log of the latest run of a job, or of an application by its name or id, that
// Spark left in the lake; an empty name means the latest of all. On EMR it is that of a job, or of one of its
// runs. One that is not there is a *NoRunError.
func (rs *Runs) RunLog(ctx context.Context, name string) (*eventlog.Log, error) {
	if rs.Env.Environment.Spark.OnEMR() || rs.Env.OnClusters() || rs.Env.Environment.InAWS() {
		return rs.emrLog(ctx, name)
	}
	folder := rs.Links.Server().Lake.Events
	logs, err := eventlog.FindLocal(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoRunError{name, folder}
	}
	if err != nil {
		return nil, err
	}
	for _, log := range logs { // the latest first
		if name == "" {
			return log, nil
		}
		app, id, err := eventlog.Head(ctx, log)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			continue // empty as yet, or somebody else's
		}
		if app == name || id == name || attemptOf(app, name) {
			return log, nil
		}
	}
	return nil, &NoRunError{name, folder}
}

// attemptOf says whether an application is an attempt of a job, which is named job-run-attempt.
func attemptOf(app, name string) bool {
	rest, ok := strings.CutPrefix(app, name+"-")
	run, attempt, two := strings.Cut(rest, "-")
	_, first := strconv.ParseUint(run, 10, 64)
	_, second := strconv.ParseUint(attempt, 10, 64)
	return ok && two && first == nil && second == nil
}

// emrLog finds the event log of the last attempt of a run on EMR; an empty name means the job that left one last.
func (rs *Runs) emrLog(ctx context.Context, name string) (*eventlog.Log, error) {
	missing := &NoRunError{name, rs.Env.ProgramRoot() + "/" + eventLogs}
	if rs.serverless() {
		missing.In = rs.Env.ProgramRoot() + "/" + emrLogs
	}
	var runs []job.Run
	if name == "" {
		states, err := rs.JobStates(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range states {
			if s.Last != nil && s.Job.Kind() != spec.JobSQL {
				runs = append(runs, *s.Last)
			}
		}
		slices.SortFunc(runs, func(a, b job.Run) int { return b.Started.Compare(a.Started) })
	} else {
		run, err := rs.JobRun(ctx, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			runs = append(runs, run)
		}
	}
	for _, run := range runs {
		folder := eventLogs + "/" + run.AttemptID()
		if rs.Programs != nil {
			if own, ok := rs.Programs.EventLogs(run.Handle); ok {
				folder = emrLogs + "/" + own
			}
		} else if rs.serverless() {
			return nil, rs.Env.NoServices("EMR Serverless knows where it leaves event logs")
		}
		logs, err := eventlog.FindIn(ctx, rs.Env.Storage.Store, folder, rs.Env.ProgramRoot()+"/"+folder)
		if err == nil {
			return logs[0], nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, missing
}

// serverless says whether programs run on EMR Serverless, which brings their event logs to the folder of its
// logs by itself. (A spark.eventLog.dir of our own would take them from its own page for them.)
func (rs *Runs) serverless() bool {
	return rs.Env.Environment.Spark.OnEMR() && rs.Env.Environment.Spark.EMR.Cluster == "" && !rs.Env.OnClusters()
}

// logBucket opens a bucket from its root.
func logBucket(ctx context.Context, bucket, file string, o lake.Options) (store.Store, error) {
	e, err := bucketEnvironment(bucket, file, o)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return s3.Open(ctx, s3.Options{Bucket: bucket})
	}
	opened, err := lake.OpenBucket(ctx, e, bucket)
	return opened.Store, err
}

// bucketEnvironment finds the environment whose lake is in a bucket: the one that was asked for, or
// else the first. It is nil where there is none.
func bucketEnvironment(bucket, file string, o lake.Options) (*spec.Environment, error) {
	if file == "" {
		return nil, nil
	}
	described, err := spec.Load(file)
	if err != nil {
		return nil, err
	}
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	lookup := func(name string) (string, bool) { v := getenv(name); return v, v != "" }
	for _, e := range described.Environments {
		if o.Environment != "" && e.Name != o.Environment {
			continue
		}
		resolved, err := e.Resolve(lookup)
		if err != nil {
			if o.Environment != "" {
				return nil, err
			}
			continue // a variable of another environment is not set here
		}
		at := string(resolved.Storage) + "/"
		if strings.HasPrefix(at, "s3://"+bucket+"/") {
			return resolved, nil
		}
	}
	return nil, nil
}
