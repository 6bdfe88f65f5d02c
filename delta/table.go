package delta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/petalake/petalake/store"
)

// Table is a name for a place: a folder of a store with a _delta_log in it. It holds no state of
// the table: what it remembers of the newest version it has seen is checked against the log before
// each use. Safe for concurrent use.
type Table struct {
	tableLog

	now func() time.Time
	id  func() string // unique

	mu     sync.Mutex
	latest *Snapshot // the newest version seen, or nil
	summed time.Time // when the last .crc was written
	oldest time.Time // of the log's files, as far as was seen: none is due for clean-up before
}

// At names the table under root, whether or not there is one yet.
func At(s store.Store, root string) *Table {
	return &Table{tableLog: tableLog{s, root}, now: time.Now, id: uuid.NewString}
}

// Store is where the table is.
func (t *Table) Store() store.Store { return t.store }

// Root is the table's folder in its store.
func (t *Table) Root() string { return t.root }

// When says which version of a table is meant. The zero value is the latest.
type When struct {
	Version *int64
	Time    *time.Time // the newest version that was committed then or before
}

// Snapshot opens one version. A folder without a log is fs.ErrNotExist; a version or time that the
// log does not reach is a *RangeError; a table of a newer protocol is an *UnsupportedError.
func (t *Table) Snapshot(ctx context.Context, at When) (*Snapshot, error) {
	switch {
	case at.Version != nil && at.Time != nil:
		return nil, fmt.Errorf("%s: both a version and a time were asked for: %w", t.root, fs.ErrInvalid)
	case at.Version != nil:
		if *at.Version < 0 {
			return nil, t.outOfRange(ctx, *at.Version)
		}
		return t.open(ctx, *at.Version)
	case at.Time != nil:
		v, err := t.versionAt(ctx, *at.Time)
		if err != nil {
			return nil, err
		}
		return t.open(ctx, v)
	}
	if s := t.cached(); s != nil {
		if newer, err := t.refresh(ctx, s); err != nil || newer != nil {
			return newer, err
		}
	}
	s, err := t.open(ctx, -1)
	if err == nil {
		t.remember(s)
	}
	return s, err
}

func (t *Table) cached() *Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.latest
}

// remember keeps the newest version, or replaces what proved to be of another table.
func (t *Table) remember(s *Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.latest == nil || s.version >= t.latest.version || s.state.metadata.ID != t.latest.state.metadata.ID {
		t.latest = s
	}
}

func (t *Table) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latest = nil
}

// open reads a version from the log; v < 0 means the newest. A damaged checkpoint is passed over
// for an older one, as long as the commits since then are there.
func (t *Table) open(ctx context.Context, v int64) (*Snapshot, error) {
	var damaged error
	for below := int64(math.MaxInt64); ; {
		g, err := t.locate(ctx, v, below)
		if err != nil {
			if damaged != nil {
				err = damaged
			}
			return nil, err
		}
		s, err := t.openSegment(ctx, g)
		var c *CorruptError
		if errors.As(err, &c) && c.checkpoint && g.base != nil {
			if damaged == nil {
				damaged = err
			}
			below = g.base.Version
			continue
		}
		return s, err
	}
}

func (t *Table) openSegment(ctx context.Context, g *segment) (*Snapshot, error) {
	st, sum, err := t.state(ctx, g)
	if err != nil {
		return nil, err
	}
	if err := st.resolve(t); err != nil {
		var u *UnsupportedError
		if errors.As(err, &u) {
			return nil, err
		}
		return nil, &CorruptError{Key: t.commitKey(g.version), Version: g.version, Err: err}
	}
	s := &Snapshot{table: t, version: g.version, state: st, segment: g, totals: sum}
	return s, s.setCommitTime(ctx)
}

// refresh brings a remembered snapshot up to date with one listing. It is nil where the log is not
// the one that was remembered, or where a newer checkpoint makes a fresh start the better way.
func (t *Table) refresh(ctx context.Context, s *Snapshot) (*Snapshot, error) {
	l, err := t.list(ctx, s.version, -1)
	if err != nil {
		return nil, err
	}
	g := s.currentSegment()
	if len(l.commits) == 0 || !s.same(l.commits[0]) {
		t.forget()
		return nil, nil
	}
	if n := len(l.checkpoints); n > 0 && l.checkpoints[n-1].Version > max(g.baseVersion(), s.version) {
		return nil, nil
	}
	next := s
	for _, e := range l.commits[1:] {
		if e.version != next.version+1 {
			return nil, &GapError{Table: t.root, Version: next.version + 1, Wanted: l.last()}
		}
		if next, err = next.advance(ctx, e); err != nil {
			return nil, err
		}
	}
	t.remember(next)
	return next, nil
}
