package delta

import (
	"context"
	"time"

	"github.com/petalake/petalake/delta/checkpoint"
)

// cleanUp deletes what is older than delta.logRetentionDuration: commits, checkpoints and .crc files
// before the newest checkpoint that every version within the retention can start from (PROTOCOL.md,
// Metadata Cleanup). Oldest first, so that a crash in between leaves a log that is only shorter.
func (t *Table) cleanUp(ctx context.Context, s *Snapshot) error {
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil || !p.logCleanup {
		return err
	}
	cutoff := t.now().UTC().Add(-p.logRetention).Truncate(24 * time.Hour)
	if young, err := t.nothingBefore(ctx, cutoff); err != nil || young {
		return err
	}
	x, err := t.times(ctx)
	if err != nil {
		return err
	}
	if err := x.inCommit(ctx); err != nil {
		return err
	}
	keep := int64(-1) // the newest commit that is not newer than the cutoff
	for i, e := range x.commits {
		if x.millis[i] <= cutoff.UnixMilli() {
			keep = e.version
		}
	}
	l, err := t.list(ctx, 0, -1)
	if err != nil {
		return err
	}
	var at *checkpoint.Checkpoint
	for i := range l.checkpoints {
		if c := &l.checkpoints[i]; c.Version <= keep {
			at = c
		}
	}
	if at == nil {
		return nil
	}
	r, err := t.openCheckpoint(ctx, at, s.state.metadata) // what everything will rest on is looked at first
	if err != nil {
		return err
	}
	r.Close()
	return t.deleteBefore(ctx, at.Version)
}

// nothingBefore says whether the oldest file of the log is within the retention. Once seen it is
// remembered: files do not get older than they were.
func (t *Table) nothingBefore(ctx context.Context, cutoff time.Time) (bool, error) {
	t.mu.Lock()
	known := t.oldest.After(cutoff)
	t.mu.Unlock()
	if known {
		return true, nil
	}
	prefix := t.key(logFolder)
	for o, err := range t.store.List(ctx, prefix, prefix) {
		if err != nil {
			return false, err
		}
		if _, ok := parseName(o.Key[len(prefix):]); ok {
			t.mu.Lock()
			t.oldest = o.Modified
			t.mu.Unlock()
			return o.Modified.After(cutoff), nil
		}
	}
	return true, nil
}

// deleteBefore deletes the files of the log that belong to versions before v, some at a time.
func (l tableLog) deleteBefore(ctx context.Context, v int64) error {
	prefix := l.key(logFolder)
	var keys []string
	for o, err := range l.store.List(ctx, prefix, prefix) {
		if err != nil {
			return err
		}
		base := o.Key[len(prefix):]
		if base > ":" {
			break
		}
		n, ok := parseVersion(base)
		if !ok {
			continue
		}
		if n >= v {
			break
		}
		if keys = append(keys, o.Key); len(keys) == 500 {
			if err := l.store.Delete(ctx, keys...); err != nil {
				return err
			}
			keys = nil
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return l.store.Delete(ctx, keys...)
}
