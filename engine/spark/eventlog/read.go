package eventlog

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Read folds a log into what it says of its application. Tell, which may be nil, hears how many of
// the stored bytes were read. A log that ends in the middle, lacks parts or has lines that cannot be
// read gives an Application whose Reading says so; one without any event of Spark is a *NotLogError.
func Read(ctx context.Context, l *Log, tell func(done, total int64)) (*Application, error) {
	f := newFolder()
	s := &stream{f: f, reading: &f.app.Reading}
	i, before := 0, int64(0)
	var close func()
	defer func() {
		if close != nil {
			close()
		}
	}()
	if tell != nil {
		s.tell = func(done int64) { tell(before+done, l.Size) }
	}
	var last *counter
	next := func(ctx context.Context) (*file, error) {
		if close != nil {
			close()
			close = nil
		}
		if last != nil {
			before += last.n.Load()
		}
		if i == len(l.parts) {
			return nil, nil
		}
		opened, err := openPart(ctx, l, l.parts[i])
		i++
		if errors.Is(err, errEmpty) && i == len(l.parts) && i > 1 {
			return nil, nil // the next part, of which nothing is written yet
		}
		if err != nil {
			return nil, err
		}
		opened.final = i == len(l.parts)
		close, last = opened.close, opened.packed
		return opened, nil
	}
	err := s.run(ctx, next)
	f.app.Reading.Missing = l.Missing
	switch {
	case err != nil:
		return nil, err
	case s.good == 0:
		why := errNoEvent
		if f.app.Reading.Truncated {
			why = errTruncated
		}
		return nil, &NotLogError{l.Name, why}
	}
	return f.finish(), nil
}

// headLines is how far into a log its application is looked for: it is among the first ten events.
const headLines = 200

// Head is the name of the application that wrote a log, and its id, from the first lines. It fails
// where they do not say.
func Head(ctx context.Context, l *Log) (name, id string, err error) {
	f, err := openPart(ctx, l, l.parts[0])
	if err != nil {
		return "", "", err
	}
	defer f.close()
	d, lines := &decoder{}, &splitter{r: f.r, file: f.name, line: 1}
	for n := 0; n < headLines; {
		b := lines.next()
		if b == nil {
			break
		}
		for line := range bytes.Lines(b.text) {
			event, err := d.decode(bytes.TrimRight(line, "\r\n"), b.cut)
			if start, ok := event.(*applicationStart); ok && err == nil {
				return start.Name, start.ID, nil
			}
			n++
		}
	}
	return "", "", &NotLogError{l.Name, errNoStart}
}

func openPart(ctx context.Context, l *Log, name string) (*file, error) {
	raw, err := l.open(ctx, name)
	if err != nil {
		return nil, &DamagedError{name, cause(err)}
	}
	packed := &counter{r: raw}
	r, done, err := decompress(packed)
	if err != nil {
		_ = raw.Close() // the error before it says more
		if errors.Is(err, errNotLog) || errors.Is(err, errEmpty) {
			return nil, &NotLogError{name, err}
		}
		return nil, &DamagedError{name, cause(err)}
	}
	return &file{name: name, r: r, packed: packed, close: func() { done(); closeAll(raw) }}, nil
}

// closeAll closes what was only read: nothing can be lost by it.
func closeAll(c io.Closer) { _ = c.Close() }
