package delta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// Commit is the outcome of an Update.
type Commit struct {
	Version int64  // -1 where nothing was committed and there is no table
	ID      string // the commit's txnId; empty where the change was empty and nothing was committed
	// After is what went wrong once the commit was done: its .crc, its checkpoint, the clean-up. The
	// table is whole without them, and a later commit makes up for it.
	After error
}

const (
	attempts = 10   // how often a change is run before its conflict is reported
	rebases  = 1000 // how often one is moved on past commits that do not contradict it
	puts     = 4    // how often a put is sent while its outcome stays unknown
)

// Version is the release of petalake that this is, or the one it is on the way to.
const Version = "0.1.0"

// engineName is how commits say who wrote them.
const engineName = "petalake/" + Version

// Update commits what change makes of the latest snapshot, as one new version. A change that does
// nothing commits nothing.
//
// Where another writer commits first, the change is moved on past that commit if the two do not
// contradict each other (PROTOCOL.md leaves the rules to writers; these are those of the reference
// implementation at its default isolation level, or at Serializable if delta.isolationLevel says
// so). If they do, change runs again on the newer snapshot: it may run several times, and must not
// keep anything from one run to the next. After some attempts Update gives up with a *ConflictError.
//
// A nil error means the commit is in the log. An *UnknownOutcomeError means it may be. Any other
// error means it is not.
func (t *Table) Update(ctx context.Context, change func(*Txn) error) (Commit, error) {
	s, err := t.newest(ctx)
	for attempt := 1; ; attempt++ {
		if err != nil {
			return Commit{Version: -1}, err
		}
		x := &Txn{snapshot: s, now: t.now().UnixMilli()}
		if err := change(x); err != nil {
			return Commit{Version: -1}, err
		}
		if x.err == nil && x.empty() {
			return Commit{Version: s.version}, nil
		}
		if err := x.validate(); err != nil {
			return Commit{Version: -1}, err
		}
		c, err := t.commit(ctx, x)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return c, err
		}
		if conflict.Attempts = attempt; attempt == attempts {
			return Commit{Version: -1}, conflict
		}
		if s, err = t.newest(ctx); err != nil {
			return Commit{Version: -1}, err
		}
	}
}

// newest is the snapshot an update builds on; one of version -1 where there is no table.
func (t *Table) newest(ctx context.Context) (*Snapshot, error) {
	if s := t.cached(); s != nil {
		if current, err := t.stillNewest(ctx, s); err != nil || current {
			return s, err
		}
	}
	s, err := t.Snapshot(ctx, When{})
	if errors.Is(err, fs.ErrNotExist) {
		return &Snapshot{table: t, version: -1, totals: &totals{}, segment: &segment{version: -1}}, nil
	}
	return s, err
}

// stillNewest checks a remembered snapshot with two small reads, which cost less than a listing:
// its commit must be the one that was seen, or the table was deleted and made again, and the next
// must not exist. A put that follows finds out about any that comes in between.
func (t *Table) stillNewest(ctx context.Context, s *Snapshot) (bool, error) {
	var seen []byte
	if o := s.currentSegment().object; o != nil {
		seen = o.begins()
	}
	if len(seen) == 0 {
		return false, nil
	}
	var same, next bool
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		head, err := readHead(gctx, t.store, t.commitKey(s.version), int64(len(seen)))
		same = bytes.Equal(head, seen)
		return absent(err)
	})
	group.Go(func() error {
		_, err := readHead(gctx, t.store, t.commitKey(s.version+1), 1)
		next = err == nil
		return absent(err)
	})
	err := group.Wait()
	return err == nil && same && !next, err
}

// absent takes fs.ErrNotExist for an answer, not an error.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// commit puts a validated transaction into the log, behind whatever was committed meanwhile.
func (t *Table) commit(ctx context.Context, x *Txn) (Commit, error) {
	base, id := x.snapshot, t.id()
	for range rebases {
		a, body := x.encode(base, id)
		version := base.version + 1
		won, err := t.put(ctx, version, id, body)
		if err != nil {
			return Commit{Version: -1}, err
		}
		if won {
			e := &entry{version: version, key: t.commitKey(version), size: int64(len(body)), parsed: a, head: headOf(body)}
			return t.committed(ctx, base, e, id), nil
		}
		if base.version < 0 {
			return Commit{Version: -1}, &ConflictError{Table: t.root, Kind: AlreadyExists}
		}
		if base, err = t.overtake(ctx, x, base); err != nil {
			return Commit{Version: -1}, err
		}
	}
	return Commit{Version: -1}, fmt.Errorf("%s: %d commits of others in a row came first", t.root, rebases)
}

// overtake moves past the commits that came first, as long as none contradicts the transaction.
func (t *Table) overtake(ctx context.Context, x *Txn, base *Snapshot) (*Snapshot, error) {
	for first := true; ; first = false {
		v := base.version + 1
		e := &entry{version: v, key: t.commitKey(v)}
		a, err := e.load(ctx, t.store)
		if errors.Is(err, fs.ErrNotExist) && !first {
			t.remember(base)
			return base, nil
		}
		if err != nil {
			return nil, err
		}
		if c := x.conflict(base, a); c != nil {
			c.Table, c.Version = t.root, v
			return nil, c
		}
		if base, err = base.advance(ctx, e); err != nil {
			return nil, err
		}
	}
}

// put writes a commit. The three outcomes: true (it is in the log), false (another has the
// version), and an error, which is an *UnknownOutcomeError unless it is certain that nothing was
// written.
func (l tableLog) put(ctx context.Context, version int64, id string, body []byte) (bool, error) {
	key := l.commitKey(version)
	var err error
	for range puts {
		if err = ctx.Err(); err != nil {
			break
		}
		if err = store.PutBytes(ctx, l.store, key, body, store.IfAbsent); err == nil {
			return true, nil
		}
		ours, found, failed := l.winner(ctx, version, id)
		switch {
		case failed != nil:
			return false, &UnknownOutcomeError{Table: l.root, Version: version, ID: id, Err: errors.Join(err, failed)}
		case found:
			return ours, nil
		case !errors.Is(err, store.ErrUnknown) && !errors.Is(err, fs.ErrExist):
			return false, fmt.Errorf("%s: commit version %d: %w", l.root, version, err)
		}
		// Not there, but it may still come: the same bytes again settle it.
	}
	if !errors.Is(err, store.ErrUnknown) && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("%s: commit version %d: %w", l.root, version, err)
	}
	return false, &UnknownOutcomeError{Table: l.root, Version: version, ID: id, Err: err}
}

// winner reads who has a version. It looks even where the caller has given up: the question is
// whether his commit happened.
func (l tableLog) winner(ctx context.Context, version int64, id string) (ours, found bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	e := &entry{version: version, key: l.commitKey(version)}
	info, err := e.info(ctx, l.store)
	var damaged *CorruptError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case errors.As(err, &damaged):
		return false, true, nil
	case err != nil:
		return false, false, err
	}
	return info.ID == id, true, nil
}

// encode makes the commit that puts the transaction behind base: its actions and its bytes.
func (x *Txn) encode(base *Snapshot, id string) (*log.Actions, []byte) {
	info := x.info
	info.Timestamp, info.Engine, info.ID, info.BlindAppend = x.now, engineName, id, x.blind()
	if info.Operation == "" {
		info.Operation = x.operation()
	}
	a := &log.Actions{Info: &info, Protocol: x.protocol, Metadata: x.metadata, Adds: x.adds, Removes: x.removes, Txns: x.txns}
	x.stamp(base, a)
	b := log.AppendInfo(make([]byte, 0, 1024+512*len(x.adds)+256*len(x.removes)), a.Info)
	if a.Protocol != nil {
		b = log.AppendProtocol(b, a.Protocol)
	}
	if a.Metadata != nil {
		b = log.AppendMetadata(b, a.Metadata)
	}
	for _, t := range a.Txns {
		b = log.AppendTransaction(b, t)
	}
	for i := range a.Removes {
		b = log.AppendRemove(b, &a.Removes[i])
	}
	for i := range a.Adds {
		b = log.AppendAdd(b, &a.Adds[i])
	}
	return a, b
}

func (x *Txn) operation() string {
	switch {
	case x.snapshot.version < 0 && len(x.adds) == 0:
		return "CREATE TABLE"
	case len(x.adds)+len(x.removes) > 0:
		return "WRITE"
	case x.metadata != nil:
		return "SET TBLPROPERTIES"
	}
	return "STREAMING UPDATE"
}

// stamp gives the commit its in-commit timestamp, where the table keeps them: later than the one
// before, and where this commit begins the practice, noted in the properties.
func (x *Txn) stamp(base *Snapshot, a *log.Actions) {
	m := x.current()
	if !enabled("delta.enableInCommitTimestamps")(&m.Metadata) {
		return
	}
	at := max(x.now, base.modified+1)
	a.Info.InCommit = &at
	was := base.state.metadata
	if a.Metadata == nil || was == nil || enabled("delta.enableInCommitTimestamps")(&was.Metadata) {
		return
	}
	begun := *a.Metadata
	begun.Configuration = maps.Clone(begun.Configuration)
	begun.Configuration["delta.inCommitTimestampEnablementVersion"] = itoa(base.version + 1)
	begun.Configuration["delta.inCommitTimestampEnablementTimestamp"] = itoa(at)
	a.Metadata = &begun
}
