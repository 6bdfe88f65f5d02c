package delta

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/stats"
)

// Files yields the live files that may hold a row where the predicate is true: all of them for nil.
// Each comes with all statistics that the log has of it. Memory does not grow with the table: the
// files of a checkpoint are streamed. A file with a deletion vector, or of another
// table, is an *UnsupportedError.
func (s *Snapshot) Files(ctx context.Context, where stats.Predicate) iter.Seq2[Add, error] {
	return s.files(ctx, where, true)
}

// Plan is Files without the statistics of columns, which most scans have no use for once files are
// chosen: of Stats, only NumRecords is set. It costs a fraction for a large table.
func (s *Snapshot) Plan(ctx context.Context, where stats.Predicate) iter.Seq2[Add, error] {
	return s.files(ctx, where, false)
}

func (s *Snapshot) files(ctx context.Context, where stats.Predicate, full bool) iter.Seq2[Add, error] {
	return func(yield func(Add, error) bool) {
		if s.version < 0 {
			return
		}
		p := checkpoint.NewPlan(s.state.metadata, where, full)
		for a, err := range s.live(ctx, p, false) {
			if err == nil && a.DeletionVector != nil {
				err = &UnsupportedError{Table: s.table.root, Features: []string{featureDeletionVectors}, Reader: true}
			}
			if err == nil && log.Absolute(a.Path) {
				err = &UnsupportedError{Table: s.table.root, Features: []string{featureAbsolute}, Reader: true}
			}
			if err != nil {
				yield(Add{}, err)
				return
			}
			p.Describe(a)
			out := a.Add
			out.DataChange = true
			out.SetOrigin(s.version + 1)
			if !yield(out, nil) {
				return
			}
		}
	}
}

// live yields the files of the version that a plan keeps: those of the commits after the
// checkpoint, newest first, then those of the checkpoint that no commit touched. With everything
// set they are complete, as a new checkpoint needs them. What is yielded may be kept.
func (s *Snapshot) live(ctx context.Context, p *checkpoint.Plan, everything bool) iter.Seq2[*log.AddAction, error] {
	return func(yield func(*log.AddAction, error) bool) {
		var damaged error
		for {
			g := s.currentSegment()
			began := false
			err := s.liveIn(ctx, g, p, everything, func(a *log.AddAction) bool {
				began = true
				return yield(a, nil)
			})
			if err == nil || errors.Is(err, checkpoint.ErrStop) {
				return
			}
			var c *CorruptError
			if !errors.As(err, &c) || !c.checkpoint || began || s.bypass(ctx, g.base) != nil {
				if damaged != nil {
					err = damaged
				}
				yield(nil, err)
				return
			}
			damaged = err
		}
	}
}

func (s *Snapshot) liveIn(ctx context.Context, g *segment, p *checkpoint.Plan, everything bool, yield func(*log.AddAction) bool) error {
	over, err := s.table.overlay(ctx, g)
	if err != nil {
		return err
	}
	scan := func() error { return nil }
	if g.base != nil { // opened first: a damaged one must be known before the first file is out
		r, err := s.table.openCheckpoint(ctx, g.base, s.state.metadata)
		if err != nil {
			return err
		}
		defer r.Close()
		scan = func() error { return ofCheckpoint(r.Scan(ctx, p, over.seen, everything, yield)) }
	}
	for _, a := range over.live {
		if !p.Keeps(a) {
			continue
		}
		out := *a
		if !yield(&out) {
			return checkpoint.ErrStop
		}
	}
	return scan()
}

// overlay holds the adds and removes of the commits after a checkpoint.
type overlay struct {
	live []*log.AddAction // newest first
	seen map[string]int64 // every file they name, by key, and where: what the checkpoint says of these is out of date
}

func (l tableLog) overlay(ctx context.Context, g *segment) (*overlay, error) {
	all, err := loadAll(ctx, l.store, g.tail)
	if err != nil {
		return nil, err
	}
	o := &overlay{seen: map[string]int64{}}
	for i := len(all) - 1; i >= 0; i-- {
		a, v := all[i], g.tail[i].version
		for j := range a.Adds {
			key := a.Adds[j].Key()
			at, old := o.seen[key]
			switch {
			case !old:
				o.seen[key] = v
				o.live = append(o.live, &a.Adds[j])
			case at == v:
				err := fmt.Errorf("file %s is added twice", a.Adds[j].Path)
				return nil, &CorruptError{Key: g.tail[i].key, Version: v, Err: err}
			}
		}
		for j := range a.Removes {
			if key := a.Removes[j].Key(); o.seen[key] == 0 {
				o.seen[key] = v
			}
		}
	}
	return o, nil
}

// Totals is how many live files the version has, and their bytes. It is cheap where the writer left
// a .crc; else the files are counted.
func (s *Snapshot) Totals(ctx context.Context) (files, bytes int64, err error) {
	s.mu.Lock()
	sum := s.totals
	s.mu.Unlock()
	if sum == nil {
		sum = &totals{}
		for a, err := range s.live(ctx, checkpoint.NewPlan(s.state.metadata, nil, false), false) {
			if err != nil {
				return 0, 0, err
			}
			sum.files, sum.bytes = sum.files+1, sum.bytes+a.Size
		}
		s.mu.Lock()
		s.totals = sum
		s.mu.Unlock()
	}
	return sum.files, sum.bytes, nil
}

// NumFiles is how many live files the version has. See Totals.
func (s *Snapshot) NumFiles(ctx context.Context) (int64, error) {
	n, _, err := s.Totals(ctx)
	return n, err
}
