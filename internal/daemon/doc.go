// Package daemon keeps a lakehouse current: it runs Tasks in one loop.
//
// A Task is something that is done again and again: the round that loads sources and builds models, each job, the
// fleet, the replications of databases, the catalog of an account. Keep runs each in a goroutine of its own
// until its context ends: what fails is told once, backs off alone, and is tried again.
//
// What fails is kept in the lake as a Failure, from its first time until it goes well: on_failure is told of both ends, once.
//
// A round declares tables, loads what is new from sources, then builds models in order; what failed leaves its
// table as it was, and what depends on it waits.
package daemon

import (
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/models"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/write"
)

// Daemon keeps one environment.
type Daemon struct {
	Env    *lake.Env
	Writer *write.Writer
	Links  *link.Links
	Models *models.Builder
	Runs   *runs.Runs
	// Fleets keeps the clusters of a fleet; nil where the program has no services of AWS.
	Fleets Fleets

	backlog  *write.Backlog
	failures *failures
}

// New is the daemon of an environment.
func New(env *lake.Env, w *write.Writer, links *link.Links, m *models.Builder, r *runs.Runs) *Daemon {
	return &Daemon{Env: env, Writer: w, Links: links, Models: m, Runs: r, backlog: write.NewBacklog(), failures: &failures{env: env, hook: hookOf(env)}}
}
