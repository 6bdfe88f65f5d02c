package delta

import (
	"context"
	"errors"
	"io/fs"

	"github.com/petalake/petalake/store"
)

// committed makes the snapshot that follows a commit and does what is due after it: a checkpoint, a
// .crc, log clean-up. None of it can undo the commit, so nothing of it fails the Update.
func (t *Table) committed(ctx context.Context, base *Snapshot, e *entry, id string) Commit {
	out := Commit{Version: e.version, ID: id}
	s, err := base.advance(ctx, e)
	if err != nil {
		out.After = err
		t.forget()
		return out
	}
	s.totals = base.sumAfter(e.parsed)
	if s.checkpointDue() {
		out.After = t.maintain(ctx, s)
	}
	if s.totals == nil && s.place().base == nil {
		if _, _, err := s.Totals(ctx); err != nil {
			out.After = errors.Join(out.After, err)
		}
	}
	if s.totals != nil {
		err := store.PutBytes(ctx, t.store, t.crcKey(s.version), checksumOf(s, *s.totals, id).format(), store.IfAbsent)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			out.After = errors.Join(out.After, err)
		}
	}
	t.remember(s)
	return out
}

// sumAfter is the totals after one more commit, nil where they were not known before. A commit of
// ours adds only new files and removes only live ones.
func (s *Snapshot) sumAfter(a *actions) *totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.totals == nil {
		return nil
	}
	sum := *s.totals
	for i := range a.adds {
		sum.files, sum.bytes = sum.files+1, sum.bytes+a.adds[i].Size
	}
	for i := range a.removes {
		sum.files, sum.bytes = sum.files-1, sum.bytes-a.removes[i].Size
	}
	return &sum
}

func (s *Snapshot) checkpointDue() bool {
	p, err := s.state.metadata.properties()
	if err != nil || s.version == 0 {
		return false
	}
	return s.version%p.interval == 0 || int64(len(s.place().tail)) >= 2*p.interval
}
