package delta

import (
	"context"
	"fmt"
	"io/fs"
	"sort"
	"time"
)

// times says when each version of the log was committed. Store clocks may go backwards; as in the
// reference implementation, a commit that seems no newer than the one before it counts as one
// millisecond newer.
type times struct {
	table   *Table
	commits []*entry
	millis  []int64 // by commit, ascending
	first   int64   // the oldest version that can still be read
}

func (t *Table) times(ctx context.Context) (*times, error) {
	l, err := t.list(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	x := &times{table: t, first: -1}
	for _, e := range l.commits {
		if n := len(x.commits); n > 0 && x.commits[n-1].version+1 != e.version {
			x.commits, x.millis = nil, nil // only what is whole up to the newest counts
		}
		ms := e.modified.UnixMilli()
		if n := len(x.millis); n > 0 {
			ms = max(ms, x.millis[n-1]+1)
		}
		x.commits, x.millis = append(x.commits, e), append(x.millis, ms)
	}
	if len(x.commits) == 0 {
		return nil, fmt.Errorf("%s: no table: %w", t.root, fs.ErrNotExist)
	}
	if x.commits[0].version == 0 {
		x.first = 0
		return x, nil
	}
	for _, c := range l.checkpoints {
		if c.Version >= x.commits[0].version-1 {
			x.first = max(c.Version, x.commits[0].version)
			return x, nil
		}
	}
	return nil, &GapError{Table: t.root, Version: x.commits[0].version - 1, Wanted: x.commits[len(x.commits)-1].version}
}

func (x *times) last() int64 { return x.commits[len(x.commits)-1].version }

func (x *times) of(version int64) time.Time {
	i := version - x.commits[0].version
	if i < 0 || i >= int64(len(x.millis)) {
		return time.Time{}
	}
	return time.UnixMilli(x.millis[i]).UTC()
}

func (x *times) rangeError(root, asked string) error {
	return &RangeError{Table: root, Asked: asked, First: x.first, Last: x.last(), Since: x.of(x.first), Until: x.of(x.last())}
}

// versionAt is the newest version committed at or before a time.
func (t *Table) versionAt(ctx context.Context, at time.Time) (int64, error) {
	x, err := t.times(ctx)
	if err != nil {
		return 0, err
	}
	if err := x.inCommit(ctx); err != nil {
		return 0, err
	}
	ms := at.UnixMilli()
	i := sort.Search(len(x.millis), func(i int) bool { return x.millis[i] > ms }) - 1
	if i < 0 || x.commits[i].version < x.first || ms > x.millis[len(x.millis)-1] {
		return 0, x.rangeError(t.root, "time "+at.UTC().Format(time.RFC3339Nano))
	}
	return x.commits[i].version, nil
}

// inCommit takes the times that commits carry themselves, where the table keeps them.
func (x *times) inCommit(ctx context.Context) error {
	s, err := x.table.Snapshot(ctx, When{})
	if err != nil {
		return err
	}
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil || !p.inCommitTime {
		return err
	}
	for i, e := range x.commits {
		if e.version < p.inCommitVersion {
			continue
		}
		info, err := e.info(ctx, x.table.store)
		if err != nil {
			return err
		}
		if info.InCommit != nil {
			x.millis[i] = *info.InCommit
		}
	}
	return nil
}
