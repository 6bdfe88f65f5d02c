// Package petalake runs the lakehouse that a lakehouse.yaml describes.
//
// A Lake is one environment of it, open: its tables, the engines that answer SQL on them, its sources, models and
// jobs. What it gives back are values of this package, or of the public ones: spec, delta, engine, frame, job and store.
//
// A program that works on tables links S3 and nothing else of AWS. Where an environment needs more, which is Spark on
// Amazon EMR, package aws has it:
//
//	lake, err := petalake.Open(ctx, petalake.Options{File: "lakehouse.yaml", Environment: "prod", AWS: aws.Services()})
package petalake

import (
	"context"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// Options say which lakehouse, where, and with how much of the machine.
type Options struct {
	File        string      // path of lakehouse.yaml
	Environment string      // "" is "local"
	Memory      int64       // bytes the engine may use; 0: as the environment says
	Threads     int         // 0: as the environment says
	Engine      spec.Engine // duckdb, spark or auto; "" as the environment says
	Getenv      func(string) string

	// Starting is told how far the start of a Spark of this machine is, which takes some seconds, and
	// minutes where it is installed first. May be nil.
	Starting func(Start)

	// AWS is what an environment on Amazon EMR needs: aws.Services() of package aws. With nil what needs it fails with
	// an error that says so, and all else works.
	AWS AWS
}

// Start is how far the start of a Spark is.
type Start struct {
	Stage       string // installing, starting or ready
	What        string // the file or package that is installed
	Done, Bytes int64  // of it; Bytes is 0 where it is not known
}

// AWS calls the services of AWS that a lakehouse needs beside S3. Its methods are safe for concurrent use. Package aws
// has the one that there is.
type AWS interface {
	// Session starts a session of Spark Connect on the EMR that an environment names, and waits until it takes
	// statements; tell hears whenever its state changes. It costs money until done is called.
	Session(ctx context.Context, e *spec.Environment, tell func()) (o spark.Options, done func(), err error)

	// Runner is what runs programs on the EMR of an environment. Nothing is sent before a program is submitted.
	Runner(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, o job.Remote) (job.Runner, error)

	// EventLogs is the folder, below that of the logs, that EMR brings the event log of an attempt to by itself, by the
	// attempt's handle; false where it does not.
	EventLogs(handle string) (folder string, ok bool)

	// Fleet prepares to keep the clusters of an environment: keep looks, decides and acts once.
	Fleet(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, place string, o job.Remote) (keep func(ctx context.Context, tell func(did, note string)) error, err error)
}

// Open reads lakehouse.yaml and opens one environment of it. The caller closes it.
func Open(ctx context.Context, o Options) (*Lake, error) {
	described, err := spec.Load(o.File)
	if err != nil {
		return nil, err
	}
	return OpenSpec(ctx, described, o)
}

// OpenSpec opens one environment of a lakehouse that was read before. The caller closes it.
func OpenSpec(ctx context.Context, described *spec.Lakehouse, o Options) (*Lake, error) {
	rooms, err := assembly.Open(ctx, described, assembly.Options{
		Options:  lake.Options{Environment: o.Environment, Engine: o.Engine, Memory: o.Memory, Threads: o.Threads, Getenv: o.Getenv},
		Starting: starting(o.Starting), AWS: o.AWS,
	})
	if err != nil {
		return nil, err
	}
	return &Lake{rooms}, nil
}

// starting tells of a start in the words of this package.
func starting(tell func(Start)) func(local.Step) {
	if tell == nil {
		return nil
	}
	return func(s local.Step) { tell(Start{Stage: string(s.Stage), What: s.What, Done: s.Done, Bytes: s.Bytes}) }
}
