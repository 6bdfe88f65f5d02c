package delta

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/schema"
)

// Snapshot is one version of a table, immutable and lazy. Safe for concurrent use.
type Snapshot struct {
	table    *Table
	version  int64
	state    state
	modified int64  // milliseconds since the epoch: when it was committed
	inCommit *int64 // the same, where the commit itself says so

	mu      sync.Mutex
	segment *segment // changed only for an equal one, when a checkpoint proves damaged
	totals  *totals  // nil: not known yet
}

// Table is the table that the snapshot is a version of.
func (s *Snapshot) Table() *Table { return s.table }

// Version is -1 for a table that does not exist yet (only a Txn sees that).
func (s *Snapshot) Version() int64 { return s.version }

// Metadata is the table's description at this version.
func (s *Snapshot) Metadata() Metadata {
	if s.state.metadata == nil {
		return Metadata{}
	}
	return s.state.metadata.Metadata.Clone()
}

// Schema is Metadata().Schema; nil for a table that does not exist yet.
func (s *Snapshot) Schema() *schema.Struct {
	if s.state.metadata == nil {
		return nil
	}
	return s.state.metadata.Schema
}

// Protocol is the table's protocol at this version.
func (s *Snapshot) Protocol() Protocol {
	if s.state.protocol == nil {
		return Protocol{}
	}
	p := *s.state.protocol
	p.ReaderFeatures, p.WriterFeatures = slices.Clone(p.ReaderFeatures), slices.Clone(p.WriterFeatures)
	return p
}

// Writable is nil where this package can write the table, else an *UnsupportedError.
func (s *Snapshot) Writable() error {
	if s.state.protocol == nil {
		return nil
	}
	return writable(s.state.protocol, s.table.root, &s.state.metadata.Metadata)
}

// Time is when the version was committed: by the commit's own word where the table keeps in-commit
// timestamps, else by the store's clock.
func (s *Snapshot) Time() time.Time { return time.UnixMilli(s.modified).UTC() }

// Transaction is the last version a source committed with Txn.Advance, -1 for none.
func (s *Snapshot) Transaction(app string) int64 {
	if t, ok := s.state.txns[app]; ok {
		return t.Version
	}
	return -1
}

// Transactions are the positions of all sources.
func (s *Snapshot) Transactions() map[string]int64 {
	out := make(map[string]int64, len(s.state.txns))
	for app, t := range s.state.txns {
		out[app] = t.Version
	}
	return out
}

// Domains is the configuration of each domain (PROTOCOL.md, Domain Metadata).
func (s *Snapshot) Domains() map[string]string {
	out := make(map[string]string, len(s.state.domains))
	for name, d := range maps.All(s.state.domains) {
		out[name] = d.Configuration
	}
	return out
}

func (s *Snapshot) currentSegment() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.segment
}

// setCommitTime finds out when the version was committed.
func (s *Snapshot) setCommitTime(ctx context.Context) error {
	g := s.segment
	if g.object != nil && !g.object.modified.IsZero() {
		s.modified = g.object.modified.UnixMilli()
	} else if g.object != nil { // our own, just now: by our clock
		info, err := g.object.info(ctx, s.table.store)
		if err != nil {
			return err
		}
		s.modified = info.Timestamp
	} else if g.base != nil {
		s.modified = g.base.Files[0].Modified.UnixMilli()
	}
	if enabled("delta.enableInCommitTimestamps")(&s.state.metadata.Metadata) && g.object != nil {
		info, err := g.object.info(ctx, s.table.store)
		if err != nil {
			return err
		}
		if info.InCommit == nil {
			return &CorruptError{Key: g.object.key, Version: s.version, Err: errors.New("no inCommitTimestamp, which the table requires")}
		}
		s.inCommit, s.modified = info.InCommit, *info.InCommit
	}
	return nil
}

// same says whether a listed commit is the one this snapshot ended with.
func (s *Snapshot) same(e *entry) bool {
	o := s.currentSegment().object
	return o != nil && e.version == s.version && e.size == o.size && (o.modified.IsZero() || e.modified.Equal(o.modified))
}

// advance is the next version, by the commit that makes it.
func (s *Snapshot) advance(ctx context.Context, e *entry) (*Snapshot, error) {
	a, err := e.load(ctx, s.table.store)
	if err != nil {
		return nil, err
	}
	old := s.currentSegment()
	g := &segment{version: e.version, base: old.base, tail: append(slices.Clip(old.tail), e), crcs: old.crcs, object: e}
	next := &Snapshot{table: s.table, version: e.version, state: s.state, segment: g}
	next.state.apply(a)
	if err := next.state.resolve(s.table); err != nil {
		var u *UnsupportedError
		if errors.As(err, &u) {
			return nil, err
		}
		return nil, &CorruptError{Key: e.key, Version: e.version, Err: err}
	}
	return next, next.setCommitTime(ctx)
}

// bypass has the snapshot read its version from an older checkpoint than the one that is damaged.
func (s *Snapshot) bypass(ctx context.Context, damaged *checkpoint.Checkpoint) error {
	g, err := s.table.locate(ctx, s.version, damaged.Version)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segment = g
	return nil
}
