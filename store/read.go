package store

import (
	"context"
	"io"
)

// begin is what every operation on a key checks first.
func begin(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return ctx.Err()
}

// span turns a range as Get takes it into the bytes [first, last) of an object of that size.
func span(size, off, n int64) (first, last int64) {
	if off < 0 {
		if off < -size { // also where -off would overflow
			return 0, size
		}
		return size + off, size
	}
	first = min(off, size)
	if n < 0 || n > size-first {
		return first, size
	}
	return first, first + n
}

// readCloser reads from r until ctx ends. Closer may be nil.
func readCloser(ctx context.Context, r io.Reader, closer io.Closer) io.ReadCloser {
	return &reader{ctx: ctx, r: r, closer: closer}
}

// reader holds the ctx of the Get that made it: the stream is the rest of that call.
type reader struct {
	ctx    context.Context
	r      io.Reader
	closer io.Closer
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (r *reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}
