package delta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// entry is a commit file. Snapshots that share it read and parse it once.
type entry struct {
	version  int64
	key      string
	size     int64
	modified time.Time // zero for a commit of our own

	head []byte // the first bytes, by which the file is known again; nil where it was not read

	mu     sync.Mutex
	parsed *log.Actions // never changed once it is here
}

// load reads the commit's actions.
func (e *entry) load(ctx context.Context, s store.Store) (*log.Actions, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.parsed != nil {
		return e.parsed, nil
	}
	text, err := store.ReadAll(ctx, s, e.key)
	if err != nil {
		return nil, err
	}
	a, line, err := log.Parse(text)
	if err != nil {
		return nil, &CorruptError{Key: e.key, Version: e.version, Line: line, Err: err}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &CorruptError{Key: e.key, Version: e.version, Err: errors.New("empty commit")}
	}
	e.parsed, e.head = a, headOf(text)
	return a, nil
}

// info reads what the commit says about itself, which writers put first: a few KB of what may be
// hundreds of MB.
func (e *entry) info(ctx context.Context, s store.Store) (*CommitInfo, error) {
	e.mu.Lock()
	a := e.parsed
	e.mu.Unlock()
	if a == nil {
		if info := e.firstLine(ctx, s); info != nil {
			return info, nil
		}
		var err error
		if a, err = e.load(ctx, s); err != nil {
			return nil, err
		}
	}
	if a.Info == nil {
		return &CommitInfo{}, nil
	}
	return a.Info, nil
}

func (e *entry) firstLine(ctx context.Context, s store.Store) *CommitInfo {
	r, err := s.Get(ctx, e.key, 0, 16<<10)
	if err != nil {
		return nil
	}
	defer r.Close()
	head, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	row, _, whole := bytes.Cut(head, []byte{'\n'})
	if !whole {
		return nil
	}
	a := &log.Actions{}
	if a.Line(row) != nil {
		return nil
	}
	return a.Info
}

// begins is the first bytes of the file, if it was read.
func (e *entry) begins() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.head
}

const headSize = 512

func headOf(text []byte) []byte { return bytes.Clone(text[:min(len(text), headSize)]) }

func readHead(ctx context.Context, s store.Store, key string, n int64) ([]byte, error) {
	r, err := s.Get(ctx, key, 0, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// loadAll reads many commits, some at a time.
func loadAll(ctx context.Context, s store.Store, entries []*entry) ([]*log.Actions, error) {
	out := make([]*log.Actions, len(entries))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, e := range entries {
		group.Go(func() (err error) {
			out[i], err = e.load(ctx, s)
			return err
		})
	}
	return out, group.Wait()
}
