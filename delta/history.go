package delta

import (
	"context"
	"errors"
	"io/fs"
	"iter"
)

// History yields the commits that the log still has, newest first.
func (t *Table) History(ctx context.Context) iter.Seq2[CommitInfo, error] {
	return func(yield func(CommitInfo, error) bool) {
		x, err := t.times(ctx)
		if err == nil {
			err = x.inCommit(ctx)
		}
		if err != nil {
			yield(CommitInfo{}, err)
			return
		}
		for i := len(x.commits) - 1; i >= 0; i-- {
			e := x.commits[i]
			info, err := e.info(ctx, t.store)
			if errors.Is(err, fs.ErrNotExist) {
				return // cleaned up since the listing, with all that is older
			}
			if err != nil {
				yield(CommitInfo{}, err)
				return
			}
			out := *info
			out.Version, out.Time = e.version, x.of(e.version)
			if !yield(out, nil) {
				return
			}
		}
	}
}
