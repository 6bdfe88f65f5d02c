package petalake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// EventLogs finds the event logs of Spark in a place: a path on this machine or an s3:// URL, of a log
// or of a folder of logs. A bucket that an environment of lakehouse.yaml is in is reached as that
// environment says, any other by what the machine knows of AWS. Options.File may be "".
func EventLogs(ctx context.Context, place string, o Options) ([]*eventlog.Log, error) {
	for _, scheme := range []string{"s3://", "s3a://", "s3n://"} {
		if rest, ok := strings.CutPrefix(place, scheme); ok {
			bucket, prefix, _ := strings.Cut(rest, "/")
			opened, err := logBucket(ctx, bucket, o)
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
// Spark left in the lake; an empty name means the latest of all. One that is not there is a *NoRunError.
func (l *Lake) RunLog(ctx context.Context, name string) (*eventlog.Log, error) {
	folder := l.SparkServer().Lake.Events
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
		// An attempt of a job has the name job/run/attempt.
		if app == name || id == name || strings.HasPrefix(app, name+"/") {
			return log, nil
		}
	}
	return nil, &NoRunError{name, folder}
}

// keptEvents are the event logs of Spark that a lake keeps.
var keptEvents = eventlog.Keep{Age: 30 * 24 * time.Hour, Bytes: 5_000_000_000}

// cleanEvents deletes event logs that are not kept, once an hour at most. What fails is tried again.
func (l *Lake) cleanEvents() {
	l.mu.Lock()
	due := time.Since(l.cleaned) > time.Hour
	if due {
		l.cleaned = time.Now()
	}
	l.mu.Unlock()
	if due && l.environment.Spark.Managed() {
		_ = eventlog.Clean(l.SparkServer().Lake.Events, keptEvents, time.Now())
	}
}

// logBucket opens a bucket from its root.
func logBucket(ctx context.Context, bucket string, o Options) (store.Store, error) {
	e, err := bucketEnvironment(bucket, o)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return s3.Open(ctx, s3.Options{Bucket: bucket})
	}
	p, err := openBucket(ctx, e, bucket)
	return p.store, err
}

// bucketEnvironment finds the environment whose lake is in a bucket: the one that was asked for, or
// else the first. It is nil where there is none.
func bucketEnvironment(bucket string, o Options) (*spec.Environment, error) {
	if o.File == "" {
		return nil, nil
	}
	described, err := spec.Load(o.File)
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
