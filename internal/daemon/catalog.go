package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/glue"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// CatalogSync makes the catalog of an account show what a lake has, and who may read it.
type CatalogSync struct {
	of        *Daemon
	catalog   *glue.Catalog
	formation *glue.Formation
	account   string
	shown     shown
	loaded    bool
	settled   bool // what Lake Formation has is what it should have
}

// CatalogStep is something that was done in the catalog, and why.
type CatalogStep = glue.Step

// shown is what is remembered of the catalog, in the lake: databases in which there may be tables of ours,
// and what was granted.
type shown struct {
	Databases []string       `json:"databases"`
	Grants    []access.Grant `json:"grants,omitempty"`
}

const shownKey = "_petalake/catalog/glue.json"

// Catalog prepares to keep the catalog of the environment's account. Of an environment that has none it is
// nil.
func (d *Daemon) Catalog(ctx context.Context) (*CatalogSync, error) {
	e := d.Env.Environment
	if !e.InAWS() || e.AWS.Catalog != spec.CatalogGlue {
		return nil, nil
	}
	cfg, err := awsx.Load(ctx, awsx.Of(d.Env.Environment))
	if err != nil {
		return nil, err
	}
	s := &CatalogSync{of: d, catalog: glue.New(cfg, e.AWS.Region, d.owner())}
	if len(access.Grants(d.Env.Spec, e)) == 0 {
		return s, nil
	}
	s.formation = glue.NewFormation(cfg, e.AWS.Region)
	s.account, err = d.Env.Account(ctx)
	return s, err
}

// owner is the mark of what is ours in the catalog.
func (d *Daemon) owner() string { return glue.Owner(d.Env.Spec.Name, d.Env.Environment.Name) }

// Sync makes the catalog show tables of the lake by their names, or all where there are none: then also what
// the lake has no more goes. It returns what was done; what cannot be done is an error for each.
func (s *CatalogSync) Sync(ctx context.Context, names ...spec.TableName) ([]CatalogStep, error) {
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	whole := len(names) == 0
	if whole {
		var err error
		if names, err = s.of.Env.Names(ctx); err != nil {
			return nil, err
		}
	}
	var failures []error
	var want []glue.Table
	databases := slices.Clone(s.shown.Databases)
	for _, n := range names {
		snapshot, err := s.snapshot(ctx, n)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			failures, whole = append(failures, fmt.Errorf("catalog: table %s: %w", n, err)), false // it is there, and stays as it is
			continue
		}
		database := access.Database(s.of.Env.Spec, s.of.Env.Environment, n.Schema)
		want = append(want, glue.Describe(s.of.owner(), database, n, s.of.Env.BucketURL()+"/"+catalog.Root(n), snapshot))
		if !slices.Contains(databases, database) {
			databases = append(databases, database)
		}
	}
	if err := s.remember(ctx, shown{databases, s.shown.Grants}); err != nil { // before any is made
		return nil, err
	}
	steps, problems, err := s.catalog.Sync(ctx, want, databases, whole)
	for _, p := range problems {
		failures = append(failures, p)
	}
	if err = errors.Join(append(failures, err)...); err == nil && s.formation != nil && (whole || !s.settled) {
		err = s.settle(ctx)
	}
	return steps, err
}

func (s *CatalogSync) snapshot(ctx context.Context, n spec.TableName) (*delta.Snapshot, error) {
	t, err := s.of.Env.Table(ctx, n)
	if err != nil {
		return nil, err
	}
	return t.Snapshot(ctx, delta.When{})
}

// settle makes Lake Formation grant what access says. What it was asked for is remembered before and after,
// so that it can be taken back.
func (s *CatalogSync) settle(ctx context.Context) error {
	var want []access.Grant
	for _, g := range access.Grants(s.of.Env.Spec, s.of.Env.Environment) {
		if slices.Contains(s.shown.Databases, g.Database) { // what is not there cannot be granted yet
			want = append(want, g.ForAccount(s.account))
		}
	}
	granted, err := s.formation.Settle(ctx, want, s.shown.Grants)
	s.settled = err == nil
	return errors.Join(err, s.remember(ctx, shown{s.shown.Databases, granted}))
}

func (s *CatalogSync) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	body, err := s.of.Env.Storage.Store.Get(ctx, shownKey, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		s.loaded = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err == nil {
		err = json.Unmarshal(data, &s.shown)
	}
	if err != nil {
		return fmt.Errorf("catalog: %s: %w", shownKey, err)
	}
	s.loaded = true
	return nil
}

func (s *CatalogSync) remember(ctx context.Context, now shown) error {
	before, err := json.Marshal(s.shown)
	if err != nil {
		return err
	}
	data, err := json.Marshal(now)
	if err != nil || bytes.Equal(before, data) {
		return err
	}
	if err := s.of.Env.Storage.Store.Put(ctx, shownKey, bytes.NewReader(data), store.Always); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	s.shown = now
	return nil
}

// Names of tables that changed are taken together for a moment; all tables are looked at now and then.
const (
	catalogPause = 2 * time.Second
	catalogWhole = 15 * time.Minute
)

// catalogTask keeps the catalog of the account: all of it at first and now and then, and the tables that are named as
// they change; the zero name stands for any.
func (d *Daemon) catalogTask(changed <-chan spec.TableName) Task {
	var sync *CatalogSync
	var names []spec.TableName
	var whole time.Time // when all of it was looked at
	do := func(ctx context.Context, tell func(lake.Event)) (err error) {
		if sync == nil {
			if sync, err = d.Catalog(ctx); err != nil {
				return err
			}
		}
		if time.Since(whole) >= catalogWhole || slices.Contains(names, spec.TableName{}) {
			names = nil
		}
		if len(names) == 0 {
			whole = time.Now()
		}
		steps, err := sync.Sync(ctx, names...)
		names = nil
		for _, s := range steps {
			tell(lake.Event{Kind: lake.CatalogEvent, Name: string(s.Do), State: lake.Built, Note: s.Name() + ": " + s.Why})
		}
		return err
	}
	wait := func(ctx context.Context, _ error) {
		again := time.NewTimer(catalogWhole)
		defer again.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case n := <-changed:
				if len(names) == 0 {
					again.Reset(catalogPause)
				}
				names = append(names, n)
			case <-again.C:
				return
			}
		}
	}
	return Task{Kind: lake.CatalogEvent, Name: "catalog", Do: do, Wait: wait}
}
