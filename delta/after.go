package delta

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/petalake/petalake/delta/log"
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
	due := s.checkpointDue()
	if due {
		out.After = t.maintain(ctx, s)
	}
	if t.checksumDue(due) {
		out.After = errors.Join(out.After, t.writeChecksum(ctx, s, id))
	}
	t.remember(s)
	return out
}

// checksumEvery is the least time between two .crc files of one Table, checkpoints apart. A version
// that lives shorter is never opened by its .crc, and for small commits in quick succession the
// second synced file would halve the rate.
const checksumEvery = time.Second

func (t *Table) checksumDue(checkpoint bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !checkpoint && now.Sub(t.summed).Abs() < checksumEvery {
		return false
	}
	t.summed = now
	return true
}

func (t *Table) writeChecksum(ctx context.Context, s *Snapshot, id string) error {
	if s.totals == nil {
		if s.currentSegment().base != nil {
			return nil // not counted yet; the next checkpoint does
		}
		if _, _, err := s.Totals(ctx); err != nil {
			return err
		}
	}
	err := store.PutBytes(ctx, t.store, t.crcKey(s.version), checksumOf(s, *s.totals, id).format(), store.IfAbsent)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// sumAfter is the totals after one more commit, nil where they were not known before. A commit of
// ours adds only new files and removes only live ones.
func (s *Snapshot) sumAfter(a *log.Actions) *totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.totals == nil {
		return nil
	}
	sum := *s.totals
	for i := range a.Adds {
		if a.Adds[i].Origin() != 0 {
			return nil // a live file, written down again: it may be counted already
		}
		sum.files, sum.bytes = sum.files+1, sum.bytes+a.Adds[i].Size
	}
	for i := range a.Removes {
		sum.files, sum.bytes = sum.files-1, sum.bytes-a.Removes[i].Size
	}
	return &sum
}

func (s *Snapshot) checkpointDue() bool {
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil || s.version == 0 {
		return false
	}
	return s.version%p.interval == 0 || int64(len(s.currentSegment().tail)) >= 2*p.interval
}
