package delta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/store"
)

// maintain writes a checkpoint of the version and cleans the log up behind it.
func (t *Table) maintain(ctx context.Context, s *Snapshot) error {
	if err := t.writeCheckpoint(ctx, s); err != nil {
		return fmt.Errorf("%s: checkpoint of version %d: %w", t.root, s.version, err)
	}
	if err := t.cleanUp(ctx, s); err != nil {
		return fmt.Errorf("%s: clean up the log: %w", t.root, err)
	}
	return nil
}

// Checkpoint writes a checkpoint of the newest version, which readers then need no older commit for.
// Update does so by itself every delta.checkpointInterval commits.
func (t *Table) Checkpoint(ctx context.Context) error {
	s, err := t.Snapshot(ctx, When{})
	if err != nil {
		return err
	}
	if err := s.Writable(); err != nil {
		return err
	}
	return t.maintain(ctx, s)
}

// writeCheckpoint writes the file, then _last_checkpoint, and makes the snapshot start from it.
func (t *Table) writeCheckpoint(ctx context.Context, s *Snapshot) error {
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil {
		return err
	}
	sp := &spill{}
	defer sp.close()
	w, err := s.writeCheckpoint(ctx, sp, t.now().Add(-p.tombstones).UnixMilli())
	if err != nil {
		return err
	}
	body, err := sp.body()
	if err != nil {
		return err
	}
	// The content is determined by the version: should another writer be doing the same, either
	// file is right. A damaged one is replaced.
	key := t.checkpointKey(s.version)
	if err := t.store.Put(ctx, key, body, store.Always); err != nil {
		return err
	}
	o := store.Object{Key: key, Size: sp.size, Modified: t.now().UTC()}
	last := &checkpoint.Pointer{Version: s.version, Size: w.Actions, Bytes: sp.size, Adds: w.Files}
	err = t.pointTo(ctx, last)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segment = &segment{version: s.version, base: &checkpoint.Checkpoint{Version: s.version, Files: []store.Object{o}, Kind: checkpoint.Classic}, crcs: s.segment.crcs, object: s.segment.object}
	s.totals = &totals{w.Files, w.Bytes}
	return err
}

// writeCheckpoint writes the state, the tombstones that have not expired, and every live file.
func (s *Snapshot) writeCheckpoint(ctx context.Context, w io.Writer, expired int64) (*checkpoint.Writer, error) {
	p, err := propertiesOf(&s.state.metadata.Metadata)
	if err != nil {
		return nil, err
	}
	c, err := checkpoint.NewWriter(w, s.state.metadata, p.checkpoints())
	if err != nil {
		return nil, err
	}
	if err := c.State(s.state.actions()); err != nil {
		return nil, err
	}
	err = s.tombstones(ctx, expired, func(r *Remove) error { return c.Remove(r) })
	if err != nil {
		return nil, err
	}
	plan := checkpoint.NewPlan(s.state.metadata, nil, true)
	for a, err := range s.live(ctx, plan, true) {
		if err != nil {
			return nil, err
		}
		if err := c.Add(a); err != nil {
			return nil, err
		}
	}
	return c, c.Close()
}

// checkpoints are the options of a table's checkpoints.
func (p properties) checkpoints() checkpoint.Options {
	return checkpoint.Options{StatsJSON: p.statsJSON, StatsStruct: p.statsStruct, CreatedBy: engineName}
}

// pointTo moves _last_checkpoint on, never back.
func (l tableLog) pointTo(ctx context.Context, last *checkpoint.Pointer) error {
	have, err := l.pointer(ctx)
	if err != nil || have != nil && have.Version > last.Version {
		return err
	}
	return store.PutBytes(ctx, l.store, l.key(logFolder+"_last_checkpoint"), last.Format(), store.Always)
}

// tombstones visits the removed files of the version that vacuum must still know: those that were
// removed after the given time.
func (s *Snapshot) tombstones(ctx context.Context, expired int64, visit func(*Remove) error) error {
	g := s.currentSegment()
	all, err := loadAll(ctx, s.table.store, g.tail)
	if err != nil {
		return err
	}
	seen := map[string]struct{}{}
	for i := len(all) - 1; i >= 0; i-- {
		a := all[i]
		for j := range a.Adds {
			seen[a.Adds[j].Key()] = struct{}{}
		}
		for j := range a.Removes {
			r := &a.Removes[j].Remove
			if _, newer := seen[r.Key()]; newer {
				continue
			}
			seen[r.Key()] = struct{}{}
			if r.DeletedAt > expired {
				if err := visit(r); err != nil {
					return err
				}
			}
		}
	}
	if g.base == nil {
		return nil
	}
	r, err := s.table.openCheckpoint(ctx, g.base, s.state.metadata)
	if err != nil {
		return err
	}
	defer r.Close()
	return ofCheckpoint(r.Tombstones(ctx, func(d *Remove) error {
		if _, newer := seen[d.Key()]; newer || d.DeletedAt <= expired {
			return nil
		}
		return visit(d)
	}))
}

// spill gathers what is written in memory, and on disk when it grows.
type spill struct {
	size int64
	mem  bytes.Buffer
	file *os.File
}

const spillAbove = 32 << 20

// Write implements io.Writer.
func (s *spill) Write(b []byte) (int, error) {
	s.size += int64(len(b))
	if s.file == nil && s.mem.Len()+len(b) > spillAbove {
		f, err := os.CreateTemp("", "petalake-checkpoint-*")
		if err != nil {
			return 0, err
		}
		s.file = f
		if _, err := f.Write(s.mem.Bytes()); err != nil {
			return 0, err
		}
		s.mem = bytes.Buffer{}
	}
	if s.file != nil {
		return s.file.Write(b)
	}
	return s.mem.Write(b)
}

func (s *spill) body() (io.ReadSeeker, error) {
	if s.file == nil {
		return bytes.NewReader(s.mem.Bytes()), nil
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return s.file, err
}

func (s *spill) close() {
	if s.file != nil {
		_ = errors.Join(s.file.Close(), os.Remove(s.file.Name())) // a temporary file: the system sweeps what stays
	}
}
