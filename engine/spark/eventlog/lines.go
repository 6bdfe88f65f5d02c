package eventlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

const (
	blockSize = 256 << 10 // bytes of whole lines that are parsed at a time
	mostLine  = 16 << 20  // bytes of a line that are kept; what follows in a longer one is passed over
)

// block is some whole lines of a log, and then what they say.
type block struct {
	file   string
	first  int64 // number of the first line
	text   []byte
	cut    bool // the only line of it was too long
	last   bool // ends in the middle of a line, as nothing follows
	parsed chan struct{}

	events []any
	lines  int64
	bad    []badLine
	more   int64 // bad lines beyond those in bad
}

type badLine struct {
	line int64
	err  error
}

// mostBad is how many lines that cannot be read are named.
const mostBad = 3

// parse reads the lines of a block.
func (b *block) parse(d *decoder) {
	defer close(b.parsed)
	for text := b.text; len(text) > 0; {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		at := b.first + b.lines
		b.lines++
		line = bytes.TrimRight(line, "\r \t")
		if len(line) == 0 {
			continue
		}
		event, err := d.decode(line, b.cut)
		switch {
		case err == nil:
			if event != nil {
				b.events = append(b.events, event)
			}
		case b.last && !ended && len(text) == 0:
			b.bad = append(b.bad, badLine{at, errTruncated})
		case len(b.bad) < mostBad:
			b.bad = append(b.bad, badLine{at, err})
		default:
			b.more++
		}
	}
	b.text = nil
}

// errTruncated marks the last line of a log that ends in the middle of it.
var errTruncated = errors.New("the log ends in the middle of a line")

// splitter cuts a stream into blocks of whole lines.
type splitter struct {
	r    io.Reader
	file string
	line int64  // number of the next line
	rest []byte // the beginning of a line
	err  error  // why r gives no more
}

// next gives the next block; nil at the end.
func (s *splitter) next() *block {
	buf := make([]byte, len(s.rest), len(s.rest)+blockSize)
	copy(buf, s.rest)
	s.rest = nil
	for s.err == nil {
		if cap(buf)-len(buf) < blockSize/2 {
			buf = append(make([]byte, 0, min(2*cap(buf), mostLine+blockSize)), buf...)
		}
		n, err := s.r.Read(buf[len(buf):cap(buf)])
		fresh := buf[len(buf) : len(buf)+n]
		buf, s.err = buf[:len(buf)+n], err
		if at := bytes.LastIndexByte(fresh, '\n'); at >= 0 && len(buf) >= blockSize/2 {
			end := len(buf) - n + at + 1
			s.rest = buf[end:]
			return s.block(buf[:end], false)
		}
		if len(buf) > mostLine && bytes.IndexByte(buf, '\n') < 0 {
			s.passLine()
			return s.block(buf, true)
		}
	}
	if len(buf) == 0 {
		return nil
	}
	b := s.block(buf, false)
	b.last = true
	return b
}

func (s *splitter) block(text []byte, cut bool) *block {
	b := &block{file: s.file, first: s.line, text: text, cut: cut, parsed: make(chan struct{})}
	s.line += int64(bytes.Count(text, []byte("\n")))
	if cut {
		s.line++
	}
	return b
}

// passLine reads to the end of the line.
func (s *splitter) passLine() {
	buf := make([]byte, 64<<10)
	for s.err == nil {
		n, err := s.r.Read(buf)
		s.err = err
		if at := bytes.IndexByte(buf[:n], '\n'); at >= 0 {
			s.rest = buf[at+1 : n]
			return
		}
	}
}

// stream reads lines in parallel, and hands their events to f in the order they have in the log. Of
// reading, Bytes and Cut belong to the goroutine that splits, the rest to the one that folds.
type stream struct {
	f       *folder
	reading *Reading
	tell    func(done int64) // how many bytes of the file were read
	good    int64            // lines that are events of Spark
	cutOff  bool             // the last file ended too early; of the goroutine that splits
}

// file is one file of a log, open.
type file struct {
	name   string
	r      io.Reader // decompressed
	packed *counter
	final  bool // nothing follows it
	close  func()
}

// run reads the files that next gives, until it gives none.
func (s *stream) run(ctx context.Context, next func(context.Context) (*file, error)) error {
	workers := max(1, runtime.GOMAXPROCS(0))
	work, order := make(chan *block, workers), make(chan *block, 2*workers)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(work)
		defer close(order)
		return s.split(ctx, next, work, order)
	})
	for range workers {
		g.Go(func() error {
			d := &decoder{}
			for b := range work {
				b.parse(d)
			}
			return nil
		})
	}
	g.Go(func() error {
		for b := range order {
			<-b.parsed
			if err := s.fold(b); err != nil {
				return err
			}
		}
		return nil
	})
	err := g.Wait()
	s.reading.Truncated = s.reading.Truncated || s.cutOff
	return err
}

func (s *stream) split(ctx context.Context, next func(context.Context) (*file, error), work, order chan<- *block) error {
	for {
		f, err := next(ctx)
		if f == nil || err != nil {
			return err
		}
		lines := &splitter{r: f.r, file: f.name, line: 1}
		for b := lines.next(); b != nil; b = lines.next() {
			s.reading.Bytes += int64(len(b.text))
			if b.cut {
				s.reading.Cut++
			}
			for _, to := range []chan<- *block{order, work} {
				select {
				case to <- b:
				case <-ctx.Done():
					close(b.parsed) // nobody will
					return context.Cause(ctx)
				}
			}
			if s.tell != nil {
				s.tell(f.packed.n.Load())
			}
		}
		if err := s.ended(f, lines.err); err != nil {
			return err
		}
	}
}

// ended judges why a file gave no more. The end of a log that is being written, or was left behind by
// a driver that died, is in the middle of something.
func (s *stream) ended(f *file, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF) && f.final:
		s.cutOff = true
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &DamagedError{File: f.name, Err: err}
}

// fold takes in what a block says. A file that begins with nothing of Spark is not read to its end.
func (s *stream) fold(b *block) error {
	for _, e := range b.events {
		s.f.add(e)
	}
	b.events = nil
	s.reading.Lines += b.lines
	s.reading.Skipped += b.more
	s.good += b.lines - b.more - int64(len(b.bad))
	if s.good == 0 && len(b.bad) > 0 && b.bad[0].err != errTruncated {
		return &NotLogError{b.file, fmt.Errorf("line %d: %w", b.bad[0].line, b.bad[0].err)}
	}
	for _, bad := range b.bad {
		if errors.Is(bad.err, errTruncated) {
			s.reading.Truncated = true
			continue
		}
		s.reading.Skipped++
		if len(s.reading.Examples) < mostBad {
			s.reading.Examples = append(s.reading.Examples, fmt.Sprintf("%s:%d: %v", b.file, bad.line, bad.err))
		}
	}
	return nil
}
