package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// MissingTableError says that there is no table of a name. It wraps fs.ErrNotExist.
type MissingTableError struct {
	Name string
	Near string // an existing name that may have been meant, or ""
}

// Error implements error.
func (e *MissingTableError) Error() string { return fmt.Sprintf("no table %q in the lake", e.Name) }

// Unwrap gives fs.ErrNotExist.
func (e *MissingTableError) Unwrap() error { return fs.ErrNotExist }

// Hint says what to do.
func (e *MissingTableError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return "`petalake tables` lists the tables"
}

// Table gives the one *delta.Table of a name, which remembers the newest snapshot it has seen. There may be
// no table of the name yet.
func (e *Env) Table(ctx context.Context, name spec.TableName) (*delta.Table, error) {
	key := name.Fold()
	e.mu.Lock()
	t := e.tables[key]
	e.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := e.Catalog.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if first := e.tables[key]; first != nil {
		return first, nil
	}
	if e.tables == nil {
		e.tables = map[spec.TableName]*delta.Table{}
	}
	e.tables[key] = t
	return t, nil
}

// Existing finds a table by its name as text; one that does not exist is a *MissingTableError.
func (e *Env) Existing(ctx context.Context, name string) (*delta.Table, error) {
	parsed, err := catalog.ParseName(name)
	if err != nil {
		return nil, err
	}
	t, err := e.Table(ctx, parsed)
	if err != nil {
		return nil, err
	}
	for _, err := range e.Storage.Store.List(ctx, t.Root()+"/_delta_log/", "") {
		return t, err
	}
	return nil, e.Missing(ctx, name)
}

// Names lists the tables of the lake, ordered by name.
func (e *Env) Names(ctx context.Context) ([]spec.TableName, error) {
	var names []spec.TableName
	for name, err := range e.Catalog.Names(ctx) {
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b spec.TableName) int { return strings.Compare(a.String(), b.String()) })
	return names, nil
}

// Missing is the error for a name that no table has: a *MissingTableError with the nearest name.
func (e *Env) Missing(ctx context.Context, name string) error {
	missing := &MissingTableError{Name: name}
	names, err := e.Names(ctx)
	if err != nil {
		return err
	}
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = n.String()
	}
	missing.Near = words.Nearest(name, all)
	return missing
}

// Versions are the latest versions of tables, by name; those that are not there are left out.
func (e *Env) Versions(ctx context.Context, names []string) (map[string]int64, error) {
	out := map[string]int64{}
	for _, name := range names {
		table, err := e.Existing(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s, err := table.Snapshot(ctx, delta.When{})
		if err != nil {
			return nil, err
		}
		out[name] = s.Version()
	}
	return out, nil
}

// Schemas are those that lakehouse.yaml names, of tables, sources, models and what jobs write; each once.
func (e *Env) Schemas() []string {
	var names []string
	add := func(n spec.TableName) {
		if !slices.Contains(names, n.Schema) {
			names = append(names, n.Schema)
		}
	}
	for _, t := range e.Spec.Tables {
		add(t.Name)
	}
	for _, s := range e.Spec.Sources {
		add(s.Table)
	}
	for _, m := range e.Spec.Models {
		add(m.Name)
	}
	for _, j := range e.Spec.Jobs {
		for _, n := range j.Writes {
			add(n)
		}
	}
	return names
}

// NameOf is the name that a table of the lake has by its folder.
func NameOf(t *delta.Table) spec.TableName {
	schema, table, ok := strings.Cut(t.Root(), "/")
	if !ok {
		return spec.TableName{Table: schema}
	}
	return spec.TableName{Schema: schema, Table: table}
}

// Resolver shows an engine the latest versions of the lake's tables.
type Resolver struct{ *Env }

// Resolve implements duck.Resolver.
func (r Resolver) Resolve(ctx context.Context, name spec.TableName, at delta.When) (duck.Relation, string, error) {
	t, err := r.Table(ctx, name)
	if err != nil {
		return nil, "", err
	}
	s, err := t.Snapshot(ctx, at)
	if err != nil {
		return nil, "", err
	}
	return s, t.Root(), nil
}
