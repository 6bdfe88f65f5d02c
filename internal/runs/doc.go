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
	"sync"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/query"
)

// Runs are the jobs of an environment.
type Runs struct {
	Env     *lake.Env
	Engines *query.Engines
	Links   *link.Links

	mu   sync.Mutex
	jobs *jobs // nil until they are needed
}
