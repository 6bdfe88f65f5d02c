package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/store"
)

// Pipeline loads a source into a table.
type Pipeline struct {
	Name   string // of the source: the key of its offsets, and its application id in the table
	Lake   store.Store
	Source Source
	Table  *delta.Table
	// Load writes the data files of a batch, and returns the change that makes them visible. It
	// is called again with the same batch after a crash; what it wrote before is then an orphan.
	// It returns ErrNotYet where it cannot be loaded as it was decided.
	Load func(ctx context.Context, b Batch) (func(*delta.Txn) error, error)
	// Passed, where set, remembers between steps which batches were passed over, so that they are not read again while nothing changed.
	Passed *Passed
}

// Passed are batches that could not be loaded yet. The zero value knows of none.
type Passed struct {
	set  bool
	last int64           // the batch that the table held
	next int64           // the first one behind those that were passed over
	work json.RawMessage // of the last of them
}

// ErrNotYet says that a batch cannot be loaded as it was decided: something that it names is not there,
// or it tells no columns for a table that is still to be made. Nothing of it counts as loaded; what the
// source has is decided anew.
var ErrNotYet = errors.New("the batch cannot be loaded yet")

// Step loads one batch, commits it and returns the table's version with it. False means that there
// was nothing new.
func (p *Pipeline) Step(ctx context.Context) (version int64, more bool, err error) {
	for {
		version, more, err = p.step(ctx)
		var overtaken *delta.AdvancedError
		if !errors.As(err, &overtaken) || overtaken.App != p.Name {
			return version, more, err
		}
		// Somebody committed a batch in whose place ours was decided: the table is elsewhere now.
	}
}

func (p *Pipeline) step(ctx context.Context) (version int64, more bool, err error) {
	last, err := committed(ctx, p.Table, p.Name)
	if err != nil {
		return 0, false, err
	}
	offsets := NewOffsets(p.Lake, p.Name)
	from, err := offsets.End(ctx, last)
	if err != nil {
		return 0, false, err
	}
	var before json.RawMessage
	at := last + 1
	if p.Passed != nil && p.Passed.set && p.Passed.last == last {
		at, before = p.Passed.next, p.Passed.work
	}
	for ; ; at++ {
		batch, ok, repeated, err := offsets.decide(ctx, at, from, p.Source, before)
		if err != nil {
			return 0, false, err
		}
		if !ok && repeated && p.Passed != nil && p.Passed.set && p.Passed.next == at { // what was passed over may be loaded now
			*p.Passed = Passed{}
			return p.step(ctx)
		}
		if !ok {
			if p.Passed != nil {
				*p.Passed = Passed{true, last, at, before}
			}
			return 0, false, nil
		}
		if !batch.begins(from) {
			continue
		}
		change, err := p.Load(ctx, batch)
		if errors.Is(err, ErrNotYet) {
			before = batch.Work
			continue
		}
		if err != nil {
			return 0, false, err
		}
		version, err = commit(ctx, p.Table, batch, change, func(int64) int64 { return last })
		return version, err == nil, err
	}
}

// committed is the number of the last batch of a source that a table holds, -1 for none.
func committed(ctx context.Context, table *delta.Table, source string) (int64, error) {
	snapshot, err := table.Snapshot(ctx, delta.When{})
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return snapshot.Transaction(source), nil
}

// CommitAside makes what belongs to a batch visible in a table that takes something out of some
// batches only, such as the rows that could not be read: the batch before need not be in it.
func CommitAside(ctx context.Context, table *delta.Table, b Batch, change func(*delta.Txn) error) (int64, error) {
	return commit(ctx, table, b, change, func(have int64) int64 { return min(have, b.N-1) })
}

// commit makes a batch visible together with its number, and returns the table's version. Where the
// table holds the batch already, because another ingester or an attempt whose answer was lost
// committed it, nothing is committed and nothing is wrong.
func commit(ctx context.Context, table *delta.Table, b Batch, change func(*delta.Txn) error, from func(have int64) int64) (int64, error) {
	c, err := table.Update(ctx, func(x *delta.Txn) error {
		have := x.Snapshot().Transaction(b.Source)
		follows := from(have)
		x.Advance(b.Source, follows, b.N)
		if have != follows {
			return &delta.AdvancedError{App: b.Source, From: follows, Have: have}
		}
		return change(x)
	})
	var done *delta.AdvancedError
	if !errors.As(err, &done) || done.Have < b.N {
		return c.Version, err
	}
	snapshot, err := table.Snapshot(ctx, delta.When{})
	if err != nil {
		return 0, err
	}
	return snapshot.Version(), nil
}
