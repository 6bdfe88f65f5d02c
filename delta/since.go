package delta

import (
	"context"
	"iter"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
)

// Since yields the files whose rows came after version from, up to this one, oldest first. Where a
// commit in between removed rows, the new ones alone do not make the difference: the first error is
// then a *RewrittenError, and nothing was yielded before it. Files that were only rearranged
// meanwhile are yielded as they were added.
func (s *Snapshot) Since(ctx context.Context, from int64) iter.Seq2[Add, error] {
	return func(yield func(Add, error) bool) {
		if from >= s.version {
			return
		}
		all, err := s.commits(ctx, from+1)
		if err == nil {
			err = s.rewritten(all, from+1)
		}
		if err != nil {
			yield(Add{}, err)
			return
		}
		p := checkpoint.NewPlan(s.state.metadata, nil, true)
		for _, a := range all {
			for i := range a.Adds {
				if !a.Adds[i].DataChange {
					continue
				}
				f := a.Adds[i]
				p.Describe(&f)
				if !yield(f.Add, nil) {
					return
				}
			}
		}
	}
}

func (s *Snapshot) rewritten(all []*log.Actions, first int64) error {
	for i, a := range all {
		for j := range a.Removes {
			if a.Removes[j].DataChange {
				return &RewrittenError{Table: s.table.root, Version: first + int64(i)}
			}
		}
	}
	return nil
}

// commits reads the commits from version first to this one. A missing one is a *GapError.
func (s *Snapshot) commits(ctx context.Context, first int64) ([]*log.Actions, error) {
	l, err := s.table.list(ctx, first, s.version)
	if err != nil {
		return nil, err
	}
	for i, e := range l.commits {
		if e.version != first+int64(i) {
			return nil, &GapError{Table: s.table.root, Version: first + int64(i), Wanted: s.version}
		}
	}
	if n := int64(len(l.commits)); first+n <= s.version {
		return nil, &GapError{Table: s.table.root, Version: first + n, Wanted: s.version}
	}
	return loadAll(ctx, s.table.store, l.commits)
}
