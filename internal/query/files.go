package query

import (
	"context"
	"iter"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/spec"
)

// Files yields the live files of a table that may hold a row for which a SQL condition is true, by
// partitions and statistics: all of them for "".
func (q *Engines) Files(ctx context.Context, name, where string) iter.Seq2[delta.Add, error] {
	return func(yield func(delta.Add, error) bool) {
		s, predicate, err := q.selection(ctx, name, where)
		if err != nil {
			yield(delta.Add{}, err)
			return
		}
		s.Files(ctx, predicate)(yield)
	}
}

func (q *Engines) selection(ctx context.Context, name, where string) (*delta.Snapshot, stats.Predicate, error) {
	table, err := q.Env.Existing(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	s, err := table.Snapshot(ctx, delta.When{})
	if err != nil || where == "" {
		return s, nil, err
	}
	parsed, err := catalog.ParseName(name)
	if err != nil {
		return nil, nil, err
	}
	predicate, err := q.Duck.Where(ctx, spec.NewTableName(parsed.Schema, parsed.Table), where)
	return s, predicate, err
}
