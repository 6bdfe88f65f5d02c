package datafile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/petalake/petalake/store"
)

const (
	wholeFile = 1 << 20   // files up to this size are fetched at once
	tailBytes = 64 << 10  // of a larger file, what is fetched first: the footer, as a rule
	gapBytes  = 512 << 10 // two wanted ranges closer than this are one request
	runBytes  = 32 << 20  // one request, unless a single range is larger
)

// ranges reads an object at offsets, with few requests: what will be read is announced with plan.
// It is for one goroutine.
type ranges struct {
	ctx  context.Context // of the one Read that it serves
	s    store.Store
	key  string
	size int64
	tail chunk
	runs []chunk // by offset; data is nil until it is read
	pos  int64
	err  error // of the store, which the Parquet library wraps beyond recognition
}

// chunk is the bytes [off, off+n) of the object.
type chunk struct {
	off, n int64
	group  int // the row group it belongs to
	data   []byte
}

func (c *chunk) holds(off, n int64) bool { return c.off <= off && off+n <= c.off+c.n }

func openRanges(ctx context.Context, s store.Store, key string, size int64) (*ranges, error) {
	r := &ranges{ctx: ctx, s: s, key: key, size: size}
	n := size
	if size > wholeFile {
		n = tailBytes
	}
	r.tail = chunk{off: size - n, n: n}
	return r, r.load(&r.tail)
}

func (r *ranges) load(c *chunk) error {
	err := r.fetch(c)
	if err != nil && !errors.As(err, new(*CorruptError)) {
		r.err = err
	}
	return err
}

func (r *ranges) fetch(c *chunk) error {
	body, err := r.s.Get(r.ctx, r.key, c.off, c.n)
	if err != nil {
		return err
	}
	data := make([]byte, c.n)
	_, err = io.ReadFull(body, data)
	if err = errors.Join(err, body.Close()); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return &CorruptError{fmt.Errorf("it ends before its size of %d bytes", r.size)}
		}
		return err
	}
	c.data = data
	return nil
}

// plan announces ranges, those of one row group after those of another.
func (r *ranges) plan(wanted []chunk) {
	slices.SortFunc(wanted, func(a, b chunk) int { return int(min(1, max(-1, a.off-b.off))) })
	for _, w := range wanted {
		if r.tail.holds(w.off, w.n) {
			continue
		}
		if len(r.runs) > 0 {
			last := &r.runs[len(r.runs)-1]
			end := max(last.off+last.n, w.off+w.n)
			if last.group == w.group && w.off-last.off-last.n < gapBytes && end-last.off <= runBytes {
				last.n = end - last.off
				continue
			}
		}
		r.runs = append(r.runs, w)
	}
}

// ReadAt fetches the planned run around the range, or just the range where none is planned.
func (r *ranges) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > r.size {
		return 0, fmt.Errorf("offset %d is outside the file", off)
	}
	n := min(int64(len(p)), r.size-off)
	short := error(nil)
	if n < int64(len(p)) {
		short = io.EOF
	}
	if r.tail.holds(off, n) {
		return copy(p, r.tail.data[off-r.tail.off:]), short
	}
	for i := range r.runs {
		c := &r.runs[i]
		if !c.holds(off, n) {
			continue
		}
		if c.data == nil {
			if err := r.load(c); err != nil {
				return 0, err
			}
			r.forget(c.group)
		}
		return copy(p[:n], c.data[off-c.off:]), short
	}
	one := chunk{off: off, n: n}
	if err := r.load(&one); err != nil {
		return 0, err
	}
	return copy(p, one.data), short
}

// forget drops what was read of earlier row groups.
func (r *ranges) forget(group int) {
	for i := range r.runs {
		if r.runs[i].group < group {
			r.runs[i].data = nil
		}
	}
}

// Seek is what the Parquet reader learns the size with.
func (r *ranges) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return r.pos, errors.New("seek before the start")
	}
	r.pos = offset
	return offset, nil
}
