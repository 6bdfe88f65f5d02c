package petalake

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/sql"
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

// table gives the one *delta.Table of a name, which remembers the newest snapshot it has seen.
func (l *Lake) table(ctx context.Context, name spec.TableName) (*delta.Table, error) {
	key := strings.ToLower(name.String())
	l.mu.Lock()
	t := l.tables[key]
	l.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := l.catalog.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if first := l.tables[key]; first != nil {
		return first, nil
	}
	l.tables[key] = t
	return t, nil
}

// missing is the error for a name that no table has.
func (l *Lake) missing(ctx context.Context, name string) error {
	e := &MissingTableError{Name: name}
	names, err := l.Names(ctx)
	if err != nil {
		return err
	}
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = n.String()
	}
	e.Near = spec.Nearest(name, all)
	return e
}

// resolver shows the engine the tables of the lake.
type resolver struct{ lake *Lake }

// Resolve implements duck.Resolver.
func (r resolver) Resolve(ctx context.Context, name sql.TableName, at delta.When) (duck.Relation, string, error) {
	t, err := r.lake.table(ctx, name)
	if err != nil {
		return nil, "", err
	}
	s, err := t.Snapshot(ctx, at)
	if err != nil {
		return nil, "", err
	}
	return s, t.Root(), nil
}

// Names implements duck.Resolver.
func (r resolver) Names(ctx context.Context) ([]sql.TableName, error) {
	names, err := r.lake.Names(ctx)
	return names, err
}
