// Package lake is one open environment of a lakehouse: its description, its storage, its tables by name.
//
// An Env is what is open. The rooms of the assembly (package write and those above it) take one in place
// of each other: none of them owns the environment, and none reaches another through it. A Storage is
// where the bytes of the lake are; a table is found by its name, whether or not it exists yet; the raw
// files of sources have a place of their own.
//
// An Env holds no engine and starts nothing. Its fields do not change once it is open; its methods are
// safe for concurrent use.
package lake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// Env is one open environment of a lakehouse.
type Env struct {
	Spec        *spec.Lakehouse
	Environment *spec.Environment           // with its variables resolved
	Dir         string                      // the folder of lakehouse.yaml, absolute
	Lookup      func(string) (string, bool) // of environment variables
	Storage     Storage
	Catalog     catalog.Catalog
	Limits      Limits

	mu     sync.Mutex
	tables map[spec.TableName]*delta.Table // by folded name

	bucketsMu sync.Mutex
	buckets   map[string]store.Store // of raw files beside the lake's, each opened once
}

// Limits are how much of the machine the embedded engine may use.
type Limits struct {
	Memory  int64  // bytes
	Threads int    // 0: one for each core
	Spill   string // the folder that large sorts and joins spill to
}

// Options say which environment of a lakehouse is opened, and with how much of the machine.
type Options struct {
	Environment string      // "" is local
	Engine      spec.Engine // duckdb, spark or auto; "" as the environment says
	Memory      int64       // bytes; 0 as the environment says
	Threads     int         // 0 as the environment says
	Getenv      func(string) string
}

// Open opens the storage of an environment.
func Open(ctx context.Context, described *spec.Lakehouse, o Options) (*Env, error) {
	environment, err := described.Environment(o.Environment)
	if err != nil {
		return nil, err
	}
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	lookup := func(name string) (string, bool) { v := getenv(name); return v, v != "" }
	if environment, err = environment.Resolve(lookup); err != nil {
		return nil, err
	}
	if o.Engine != "" {
		named := *environment
		named.Engine, environment = o.Engine, &named
	}
	switch environment.Engine {
	case spec.EngineDuckDB, spec.EngineSpark, spec.EngineAuto:
	default:
		return nil, UnknownEngine(environment.Engine)
	}
	dir, err := filepath.Abs(filepath.Dir(described.File))
	if err != nil {
		return nil, err
	}
	storage, err := openStorage(ctx, environment, dir)
	if err != nil {
		return nil, err
	}
	return &Env{
		Spec: described, Environment: environment, Dir: dir, Lookup: lookup, Storage: storage,
		Catalog: catalog.NewLocal(storage.Store), Limits: limits(environment, o), tables: map[spec.TableName]*delta.Table{},
	}, nil
}

// UnknownEngine is the error for an engine that there is not.
func UnknownEngine(name spec.Engine) error {
	return fmt.Errorf("engine %q: write %s, %s or %s", name, spec.EngineDuckDB, spec.EngineSpark, spec.EngineAuto)
}

// limits are those that the options say, or else the environment.
func limits(e *spec.Environment, o Options) Limits {
	l := Limits{Memory: o.Memory, Threads: o.Threads, Spill: string(e.Temp)}
	if l.Memory == 0 {
		l.Memory = int64(e.Memory.Of(spec.Size(machineMemory())))
	}
	if l.Threads == 0 {
		l.Threads = e.Threads
	}
	if l.Spill == "" {
		l.Spill = filepath.Join(os.TempDir(), fmt.Sprintf("petalake-spill-%d", os.Getpid()))
	}
	return l
}

// Absolute is a path of lakehouse.yaml, which is relative to its folder; "" stays.
func (e *Env) Absolute(path string) string {
	if path == "" {
		return ""
	}
	return absolute(e.Dir, path)
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
