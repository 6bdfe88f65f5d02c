// Package assembly puts the rooms of an open lakehouse together.
//
// An Assembly is one environment of a lakehouse, open: each room is a field, made once, and those who need the same
// room share it. Commands and the public face open one and call the rooms; nothing else makes a room.
//
// Open starts nothing: a Spark, a session on EMR, the processes of jobs and the door begin with whoever needs them
// first. Close ends all of it.
package assembly

import (
	"context"
	"errors"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/door"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/models"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// Options say which environment of a lakehouse is opened, and with what.
type Options struct {
	lake.Options
	// Starting is told how far the start of a Spark is. May be nil.
	Starting func(local.Step)
	// AWS is what the rooms call in AWS beside S3. With nil they say what is missing where it is needed.
	AWS AWS
	// Files lets statements on DuckDB read raw files below the folder of lakehouse.yaml.
	Files bool
}

// AWS is what the rooms call in AWS whose clients are too large to be linked into every program.
type AWS interface {
	link.Sessions
	runs.Programs
	daemon.Fleets
}

// Assembly is one environment of a lakehouse, open. Its fields do not change, and may be used at the same time.
type Assembly struct {
	Env     *lake.Env
	Duck    *duck.Engine // the DuckDB of this process, whatever the environment's engine is
	Writer  *write.Writer
	Links   *link.Links
	Engines *query.Engines
	Runs    *runs.Runs
	Daemon  *daemon.Daemon
	Door    *door.Connect
}

// Load opens an environment of the lakehouse that a file describes. The caller closes it.
func Load(ctx context.Context, file string, o Options) (*Assembly, error) {
	described, err := spec.Load(file)
	if err != nil {
		return nil, err
	}
	return Open(ctx, described, o)
}

// Open opens an environment of a lakehouse. The caller closes it.
func Open(ctx context.Context, described *spec.Lakehouse, o Options) (*Assembly, error) {
	env, err := lake.Open(ctx, described, o.Options)
	if err != nil {
		return nil, err
	}
	limits := env.Limits
	files := ""
	if o.Files {
		files = env.Dir
	}
	engine, err := duck.Open(duck.Options{
		Files:  files,
		Tables: lake.Resolver{Env: env}, Lake: env.Storage.Store, LocalRoot: env.Storage.Folder, CacheDir: env.Storage.Cache,
		Memory: limits.Memory, Threads: limits.Threads, TempDir: limits.Spill,
	})
	if err != nil {
		return nil, err
	}
	links := &link.Links{Env: env, Starting: o.Starting, Sessions: o.AWS}
	writer := &write.Writer{
		Env: env, Engine: engine, Loader: raw.Loader{Threads: limits.Threads, Memory: limits.Memory, TempDir: limits.Spill},
	}
	engines := &query.Engines{Env: env, Duck: engine, Writer: writer, Links: links}
	jobs := &runs.Runs{Env: env, Engines: engines, Links: links, Programs: o.AWS}
	keeps := daemon.New(env, writer, links, &models.Builder{Env: env, Writer: writer, Engines: engines}, jobs)
	keeps.Fleets = o.AWS
	return &Assembly{
		Env: env, Duck: engine, Writer: writer, Links: links, Engines: engines, Runs: jobs, Daemon: keeps,
		Door: &door.Connect{Env: env, Links: links},
	}, nil
}

// Close ends all statements, and what was started for the rooms; programs of jobs go on.
func (a *Assembly) Close() error {
	err := errors.Join(a.Runs.Close(), a.Duck.Close())
	a.Links.Close()
	return err
}
