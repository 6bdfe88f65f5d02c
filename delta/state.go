package delta

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/petalake/petalake/delta/schema"
)

// state is what of a version does not grow with its files. Its maps are shared between versions
// and never changed in place.
type state struct {
	protocol *Protocol
	metadata *metadata
	txns     map[string]transaction
	domains  map[string]domain
}

// apply puts a newer commit on top.
func (s *state) apply(a *actions) {
	if a.protocol != nil {
		s.protocol = a.protocol
	}
	if a.metadata != nil {
		m := *a.metadata
		s.metadata = &m
	}
	if len(a.txns) > 0 {
		s.txns = maps.Clone(s.txns)
		if s.txns == nil {
			s.txns = map[string]transaction{}
		}
		for _, t := range a.txns {
			s.txns[t.app] = t
		}
	}
	if len(a.domains) > 0 {
		s.domains = maps.Clone(s.domains)
		if s.domains == nil {
			s.domains = map[string]domain{}
		}
		for _, d := range a.domains {
			if delete(s.domains, d.name); !d.removed {
				s.domains[d.name] = d
			}
		}
	}
}

// settle checks that the table can be read, then parses its schema.
func (s *state) settle(t *Table) error {
	switch {
	case s.protocol == nil:
		return errors.New("the log holds no protocol action")
	case s.metadata == nil:
		return errors.New("the log holds no metaData action")
	}
	if err := s.protocol.readable(t.root, &s.metadata.Metadata); err != nil {
		return err
	}
	if err := s.protocol.valid(); err != nil {
		return err
	}
	err := s.metadata.resolve()
	var unknown *schema.UnknownTypeError
	if errors.As(err, &unknown) { // of a newer protocol, as likely as damage
		return &UnsupportedError{Table: t.root, Features: []string{fmt.Sprintf("type %q (column %s)", unknown.Type, unknown.Column)}, Reader: true}
	}
	return err
}

// state finds protocol, metadata and transactions of a version: from its .crc, else from the newest
// .crc since the checkpoint and the commits after it, else from the checkpoint's few rows.
func (t *Table) state(ctx context.Context, g *segment) (state, *totals, error) {
	for v, tries := g.version, 0; v >= g.baseVersion() && v >= 0 && tries < 2; v-- {
		if !g.crcs[v] {
			continue
		}
		tries++
		c, err := t.readChecksum(ctx, v)
		if err != nil {
			return state{}, nil, err
		}
		if c == nil || !c.complete() {
			continue
		}
		st := c.state()
		if v == g.version {
			return st, &c.totals, nil
		}
		err = t.replay(ctx, &st, g.after(v))
		return st, nil, err
	}
	st := state{}
	if g.base != nil {
		var err error
		if st, err = t.checkpointState(ctx, g.base); err != nil {
			return st, nil, err
		}
	}
	return st, nil, t.replay(ctx, &st, g.tail)
}

func (t *Table) replay(ctx context.Context, st *state, tail []*entry) error {
	all, err := loadAll(ctx, t.store, tail)
	for _, a := range all {
		if err == nil {
			st.apply(a)
		}
	}
	return err
}

// after is the part of the tail that is newer than v.
func (g *segment) after(v int64) []*entry {
	return g.tail[min(max(v-g.baseVersion(), 0), int64(len(g.tail))):]
}
