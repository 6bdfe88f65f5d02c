// Package runs says what jobs are due and what runs them.
//
// A Runs is the jobs of one environment: a keeper of package job with the runners that the environment has. SQL
// runs in this process, a step a statement, each committed once; a program runs as a process of this machine,
// as a job run of EMR Serverless, as a step of a cluster, or on the fleet. A job is due by its schedule, by the
// tables that it depends on, or because a run was left behind.
//
// Guarantees: a step that was committed is not run again, whoever goes on with the run; a program that needs a role
// runs as that role or not at all; closing a Runs ends what runs in this process, and programs go on.
package runs

import (
	"context"
	"sync"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// Programs runs programs on Amazon EMR. It is safe for concurrent use.
type Programs interface {
	// Runner is what runs programs on the EMR of an environment: the clusters of its fleet, the cluster or the
	// application that it names. Nothing is sent before a program is submitted.
	Runner(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, o job.Remote) (job.Runner, error)

	// EventLogs is the folder, below that of the logs, that EMR brings the event log of an attempt to by itself, by the
	// attempt's handle; false where it does not.
	EventLogs(handle string) (folder string, ok bool)
}

// Runs are the jobs of an environment.
type Runs struct {
	Env     *lake.Env
	Engines *query.Engines
	Links   *link.Links
	// Programs runs programs on Amazon EMR; nil where the program has no services of AWS.
	Programs Programs

	mu   sync.Mutex
	jobs *jobs // nil until they are needed
}
