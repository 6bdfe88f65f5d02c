package store

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mem keeps objects in memory, for tests and for small throw-away lakes.
type Mem struct {
	mu      sync.RWMutex
	objects map[string]memObject
	keys    []string // of objects, in byte order
}

type memObject struct {
	body     []byte // never changed once it is here
	modified time.Time
}

var _ Store = (*Mem)(nil)

// NewMem returns an empty store.
func NewMem() *Mem { return &Mem{objects: map[string]memObject{}} }

// Get implements Store.
func (m *Mem) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	o, ok := m.objects[key]
	m.mu.RUnlock()
	if !ok {
		return nil, failed("get", key, fs.ErrNotExist)
	}
	first, last := span(int64(len(o.body)), off, n)
	return readCloser(ctx, bytes.NewReader(o.body[first:last]), nil), nil
}

// Put implements Store.
func (m *Mem) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return failed("put", key, err)
	}
	b, err := io.ReadAll(readCloser(ctx, body, nil))
	if err != nil {
		return failed("put", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, taken := m.objects[key]
	if taken && cond == IfAbsent {
		return failed("put", key, fs.ErrExist)
	}
	if !taken {
		i, _ := slices.BinarySearch(m.keys, key)
		m.keys = slices.Insert(m.keys, i, key)
	}
	m.objects[key] = memObject{body: b, modified: time.Now().UTC()}
	return nil
}

// List implements Store. It sees every change made before it reaches the key.
func (m *Mem) List(ctx context.Context, prefix, start string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		at := max(prefix, start)
		inclusive := at != start || start == ""
		for {
			if err := ctx.Err(); err != nil {
				yield(Object{}, failed("list", prefix, err))
				return
			}
			o, ok := m.next(at, inclusive)
			if !ok || !strings.HasPrefix(o.Key, prefix) || !yield(o, nil) {
				return
			}
			at, inclusive = o.Key, false
		}
	}
}

// next is the first object from key on, key itself included or not.
func (m *Mem) next(key string, inclusive bool) (Object, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, found := slices.BinarySearch(m.keys, key)
	if found && !inclusive {
		i++
	}
	if i == len(m.keys) {
		return Object{}, false
	}
	o := m.objects[m.keys[i]]
	return Object{Key: m.keys[i], Size: int64(len(o.body)), Modified: o.modified}, true
}

// Delete implements Store.
func (m *Mem) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := begin(ctx, key); err != nil {
			return err
		}
		m.remove(key)
	}
	return nil
}

func (m *Mem) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := slices.BinarySearch(m.keys, key); ok {
		m.keys = slices.Delete(m.keys, i, i+1)
		delete(m.objects, key)
	}
}
