package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
)

const (
	// wholeBytes is the size up to which a file is fetched whole, with one request.
	wholeBytes = 256 << 10
	// tailGuess is how much of a file's end is read in the hope that the footer is in it.
	tailGuess = 64 << 10
	// filesAtOnce and readsAtOnce bound the requests of one statement.
	filesAtOnce = 16
	readsAtOnce = 4
)

// hydrate brings what the statement needs of each input's files into the cache, and keeps it there
// until release is called, which must be done whatever the error.
func (e *Engine) hydrate(ctx context.Context, plan *Plan, inputs []*input, footersOnly bool) (release func(), err error) {
	var pinned []*sparse
	release = func() {
		for _, s := range pinned {
			e.cache.unpin(s)
		}
	}
	e.cache.filling.RLock()
	defer e.cache.filling.RUnlock()
	if err := ctx.Err(); err != nil {
		return release, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	fetched := make([]fetchCount, len(plan.Tables))
	for i, in := range inputs {
		for _, f := range in.files {
			key, err := in.key(f)
			if err != nil {
				return release, errors.Join(fmt.Errorf("table %s: %w", in.name, err), g.Wait())
			}
			s := e.cache.pin(key, f.Size, f.ModTime)
			pinned = append(pinned, s)
			in.paths = append(in.paths, s.path)
			want := wanted{key: key, size: f.Size, columns: in.columns, all: in.all && !footersOnly}
			if footersOnly {
				want.columns = nil
			}
			g.Go(func() error {
				if err := e.fill(gctx, s, want, &fetched[i]); err != nil {
					return fmt.Errorf("table %s: reading %s: %w", in.name, key, err)
				}
				return nil
			})
		}
	}
	err = g.Wait()
	for i := range fetched {
		plan.Tables[i].Fetched, plan.Tables[i].Requests = fetched[i].bytes.Load(), int(fetched[i].requests.Load())
	}
	return release, err
}

// fetchCount counts what a statement fetches for one table.
type fetchCount struct{ bytes, requests atomic.Int64 }

// wanted is what is needed of an object.
type wanted struct {
	key     string
	size    int64
	columns []string
	all     bool
}

// fill fetches what a sparse file lacks. When it returns nil every wanted byte is in its place.
func (e *Engine) fill(ctx context.Context, s *sparse, w wanted, n *fetchCount) error {
	s.fill.Lock()
	defer s.fill.Unlock()
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(w.size); err != nil {
		return err
	}
	h := hydration{store: e.options.Lake, cache: e.cache, sparse: s, file: file, wanted: w, count: n}
	before := s.have.bytes()
	err = h.run(ctx)
	if s.have.bytes() != before {
		err = errors.Join(err, s.save())
	}
	return err
}

// hydration fills one file.
type hydration struct {
	store  store.Store
	cache  *cache
	sparse *sparse
	file   *os.File
	wanted wanted
	count  *fetchCount
}

func (h *hydration) run(ctx context.Context) error {
	size := h.wanted.size
	if size <= wholeBytes {
		return h.fetch(ctx, spans{{0, size}})
	}
	if h.sparse.footer == nil {
		if err := h.readFooter(ctx); err != nil {
			return err
		}
	}
	need := h.sparse.footer.need(h.wanted.columns, h.wanted.all)
	head := span{0, 4} // the magic number
	return h.fetch(ctx, union(append(need, head), 0))
}

// readFooter brings the footer to its place and parses it.
func (h *hydration) readFooter(ctx context.Context) error {
	size := h.wanted.size
	tail := span{max(0, size-tailGuess), size}
	if err := h.fetch(ctx, spans{tail}); err != nil {
		return err
	}
	end := make([]byte, tailBytes)
	if _, err := h.file.ReadAt(end, size-tailBytes); err != nil {
		return err
	}
	start, err := footerStart(end, size)
	if err != nil {
		return err
	}
	if err := h.fetch(ctx, spans{{start, size}}); err != nil {
		return err
	}
	raw := make([]byte, size-tailBytes-start)
	if _, err := h.file.ReadAt(raw, start); err != nil {
		return err
	}
	h.sparse.footer, err = parseFooter(raw, start)
	return err
}

// fetch brings spans to their places, but for the parts that are there.
func (h *hydration) fetch(ctx context.Context, want spans) error {
	missing := want.minus(h.sparse.have)
	if len(missing) == 0 {
		return nil
	}
	if err := h.cache.reserve(h.sparse, missing.bytes()); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readsAtOnce)
	for _, s := range missing {
		g.Go(func() error { return h.read(gctx, s) })
	}
	if err := g.Wait(); err != nil {
		h.cache.giveBack(h.sparse, missing.bytes())
		return err
	}
	h.sparse.have = union(append(h.sparse.have, missing...), 0)
	return nil
}

// read copies one span.
func (h *hydration) read(ctx context.Context, s span) error {
	body, err := h.store.Get(ctx, h.wanted.key, s.From, s.To-s.From)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the table's log names a file that is not there: %w", err)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	n, err := io.Copy(io.NewOffsetWriter(h.file, s.From), io.LimitReader(body, s.To-s.From))
	h.count.bytes.Add(n)
	h.count.requests.Add(1)
	if err == nil && n != s.To-s.From {
		err = fmt.Errorf("%w: bytes %d to %d: %d came", io.ErrUnexpectedEOF, s.From, s.To, n)
	}
	return err
}
