package lake

import (
	"context"
	"iter"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/spec"
)

// Pinned shows an engine certain versions of some tables, and the latest of all others. It implements
// duck.Resolver.
type Pinned struct {
	Env      *Env
	Versions map[spec.TableName]*delta.Snapshot // by folded name

	// Increment is a table of Versions of which only the files in Added are shown; the zero name for none.
	Increment spec.TableName // folded
	Added     []delta.Add
}

// Resolve implements duck.Resolver.
func (p Pinned) Resolve(ctx context.Context, name spec.TableName, at delta.When) (duck.Relation, string, error) {
	key := name.Fold()
	s := p.Versions[key]
	switch {
	case s == nil || at != (delta.When{}):
		return Resolver{p.Env}.Resolve(ctx, name, at)
	case key == p.Increment:
		return increment{Snapshot: s, added: p.Added}, s.Table().Root(), nil
	}
	return s, s.Table().Root(), nil
}

// Names implements duck.Resolver.
func (p Pinned) Names(ctx context.Context) ([]spec.TableName, error) { return p.Env.Names(ctx) }

// increment is the part of a snapshot that was added since an earlier version. It leaves no file
// out: what is new is little.
type increment struct {
	*delta.Snapshot
	added []delta.Add
}

// Files implements duck.Relation.
func (i increment) Files(context.Context, stats.Predicate) iter.Seq2[delta.Add, error] {
	return func(yield func(delta.Add, error) bool) {
		for _, f := range i.added {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// Plan implements duck.Relation.
func (i increment) Plan(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error] {
	return i.Files(ctx, where)
}

// Totals implements duck.Relation.
func (i increment) Totals(context.Context) (files, bytes int64, err error) {
	for _, f := range i.added {
		bytes += f.Size
	}
	return int64(len(i.added)), bytes, nil
}
