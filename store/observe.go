package store

import (
	"context"
	"io"
	"iter"
	"sync"
	"time"
)

// Op is one finished operation on a store.
type Op struct {
	Method  string // "get", "put", "list" or "delete"
	Key     string // the prefix of a list, the first key of a delete
	Cond    Cond   // of a put
	Bytes   int64  // read from a get's body, or in the body of a put
	Objects int    // listed or deleted
	Elapsed time.Duration
	Err     error
}

// Observe calls f after each operation of s: of a Get once its body is closed, of a List once the
// sequence ends. F is called from the goroutine of the operation, so it may be called at once
// from several.
func Observe(s Store, f func(Op)) Store { return &observed{s, f} }

type observed struct {
	store Store
	f     func(Op)
}

// done reports op, begun at start.
func (o *observed) done(op Op, start time.Time, err error) {
	op.Elapsed, op.Err = time.Since(start), err
	o.f(op)
}

func (o *observed) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	start := time.Now()
	op := Op{Method: "get", Key: key}
	body, err := o.store.Get(ctx, key, off, n)
	if err != nil {
		o.done(op, start, err)
		return nil, err
	}
	return &observedBody{ReadCloser: body, store: o, op: op, start: start}, nil
}

func (o *observed) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	start := time.Now()
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return failed("put", key, err)
	}
	err = o.store.Put(ctx, key, body, cond)
	o.done(Op{Method: "put", Key: key, Cond: cond, Bytes: size}, start, err)
	return err
}

func (o *observed) List(ctx context.Context, prefix, start string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		begun := time.Now()
		op := Op{Method: "list", Key: prefix}
		var last error
		defer func() { o.done(op, begun, last) }()
		for obj, err := range o.store.List(ctx, prefix, start) {
			if last = err; err == nil {
				op.Objects++
			}
			if !yield(obj, err) {
				return
			}
		}
	}
}

func (o *observed) Delete(ctx context.Context, keys ...string) error {
	start := time.Now()
	err := o.store.Delete(ctx, keys...)
	op := Op{Method: "delete", Objects: len(keys)}
	if len(keys) > 0 {
		op.Key = keys[0]
	}
	o.done(op, start, err)
	return err
}

type observedBody struct {
	io.ReadCloser
	store *observed
	op    Op
	start time.Time
	err   error
	once  sync.Once
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.op.Bytes += int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (b *observedBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() { b.store.done(b.op, b.start, b.err) })
	return err
}

// Counts adds up operations; its Add method is made for Observe. The zero value is ready.
type Counts struct {
	mu  sync.Mutex
	ops []Op
}

// Add counts one operation.
func (c *Counts) Add(op Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, op)
}

// Of gives how many operations of a method there were, and their bytes.
func (c *Counts) Of(method string) (ops int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range c.ops {
		if op.Method == method {
			ops++
			bytes += op.Bytes
		}
	}
	return ops, bytes
}

// Ops returns the operations so far, in the order they ended.
func (c *Counts) Ops() []Op {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Op(nil), c.ops...)
}

// Reset forgets all operations.
func (c *Counts) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = nil
}
