package delta

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
)

// state is the part of a version that does not grow with its files. Its maps are shared between versions
// and never changed in place.
type state struct {
	protocol *Protocol
	metadata *log.MetadataAction
	txns     map[string]log.Transaction
	domains  map[string]log.Domain
}

// apply puts a newer commit on top.
func (s *state) apply(a *log.Actions) {
	if a.Protocol != nil {
		s.protocol = a.Protocol
	}
	if a.Metadata != nil {
		m := *a.Metadata
		s.metadata = &m
	}
	if len(a.Txns) > 0 {
		s.txns = maps.Clone(s.txns)
		if s.txns == nil {
			s.txns = map[string]log.Transaction{}
		}
		for _, t := range a.Txns {
			s.txns[t.App] = t
		}
	}
	if len(a.Domains) > 0 {
		s.domains = maps.Clone(s.domains)
		if s.domains == nil {
			s.domains = map[string]log.Domain{}
		}
		for _, d := range a.Domains {
			if delete(s.domains, d.Name); !d.Removed {
				s.domains[d.Name] = d
			}
		}
	}
}

// actions lists the actions that make the state, in the order of a checkpoint.
func (s *state) actions() *log.Actions {
	a := &log.Actions{Protocol: s.protocol, Metadata: s.metadata}
	for _, app := range slices.Sorted(maps.Keys(s.txns)) {
		a.Txns = append(a.Txns, s.txns[app])
	}
	for _, name := range slices.Sorted(maps.Keys(s.domains)) {
		d := s.domains[name]
		d.Name, d.Removed = name, false
		a.Domains = append(a.Domains, d)
	}
	return a
}

// resolve checks that the table can be read, and parses its schema.
func (s *state) resolve(t *Table) error {
	switch {
	case s.protocol == nil:
		return errors.New("the log holds no protocol action")
	case s.metadata == nil:
		return errors.New("the log holds no metaData action")
	}
	if err := readable(s.protocol, t.root, &s.metadata.Metadata); err != nil {
		return err
	}
	if err := valid(s.protocol); err != nil {
		return err
	}
	err := s.metadata.Resolve()
	var unknown *schema.UnknownTypeError
	if errors.As(err, &unknown) { // of a newer protocol, as likely as damage
		return &UnsupportedError{Table: t.root, Features: []string{fmt.Sprintf("type %q (column %s)", unknown.Type, unknown.Column)}, Reader: true}
	}
	return err
}

// state finds protocol, metadata and transactions of a version: from its .crc, else from the newest
// .crc since the checkpoint and the commits after it, else from the checkpoint's few rows.
func (l tableLog) state(ctx context.Context, g *segment) (state, *totals, error) {
	for v, tries := g.version, 0; v >= g.baseVersion() && v >= 0 && tries < 2; v-- {
		if !g.crcs[v] {
			continue
		}
		tries++
		c, err := l.readChecksum(ctx, v)
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
		err = l.replay(ctx, &st, g.after(v))
		return st, nil, err
	}
	st := state{}
	if g.base != nil {
		var err error
		if st, err = l.checkpointState(ctx, g.base); err != nil {
			return st, nil, err
		}
	}
	return st, nil, l.replay(ctx, &st, g.tail)
}

func (l tableLog) replay(ctx context.Context, st *state, tail []*entry) error {
	all, err := loadAll(ctx, l.store, tail)
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
