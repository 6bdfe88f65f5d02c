package write

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// Held is a raw file that cannot be loaded as it is. The files beside it are loaded; it is tried again when it has changed,
// and, since the table may have changed instead, now and then.
type Held struct {
	File files.File
	Err  error

	failures int       // in a row
	again    time.Time // when it is tried again though it did not change
}

// The time between two tries of a file that does not change.
const (
	firstPause   = 10 * time.Second
	longestPause = 10 * time.Minute
)

// Backlog is what a process remembers of raw files from one pull to the next: those that it holds back, and those of which it
// told that they changed after they were loaded. It is lost with the process, which costs a try and a note.
type Backlog struct {
	mu   sync.Mutex
	told map[files.File]bool
	held map[string]map[string]Held // by source and path

	passed map[string]*ingest.Passed // by source

	digests *files.Digests
}

// NewBacklog remembers nothing yet.
func NewBacklog() *Backlog {
	return &Backlog{told: map[files.File]bool{}, held: map[string]map[string]Held{}, passed: map[string]*ingest.Passed{}, digests: files.NewDigests()}
}

// first says whether a file was not told of before; from now on it was.
func (b *Backlog) first(f files.File) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.told[f]
	b.told[f] = true
	return !before
}

// hold keeps a file of a source back.
func (b *Backlog) hold(source string, f files.File, err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[source] == nil {
		b.held[source] = map[string]Held{}
	}
	h := Held{File: f, Err: err}
	if before := b.held[source][f.Path]; before.File == f {
		h.failures = before.failures
	}
	pause := min(firstPause<<min(h.failures, 10), longestPause)
	h.failures++
	h.again = now.Add(pause)
	b.held[source][f.Path] = h
}

// holds says whether a file is not to be tried now.
func (b *Backlog) holds(source string, f files.File, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.held[source][f.Path]
	return ok && h.File == f && now.Before(h.again)
}

// holdsAny says whether any file of a source is held back.
func (b *Backlog) holdsAny(source string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.held[source]) > 0
}

// passedOver are the batches of a source that were passed over, to be kept for the next pull; they are tried again when a file that is
// held back is.
func (b *Backlog) passedOver(source string, now time.Time) *ingest.Passed {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := false
	for _, h := range b.held[source] {
		due = due || !now.Before(h.again)
	}
	if due || len(b.held[source]) == 0 || b.passed[source] == nil {
		b.passed[source] = &ingest.Passed{}
	}
	return b.passed[source]
}

// release forgets a file that was loaded.
func (b *Backlog) release(source string, loaded []files.File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range loaded {
		delete(b.held[source], f.Path)
	}
}

// keep forgets files that are not there any more, and returns the others, ordered by path, and whether it forgot some.
func (b *Backlog) keep(source string, found []files.File) (held []Held, forgot bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for path, h := range b.held[source] {
		if !slices.ContainsFunc(found, func(f files.File) bool { return f.Path == path }) {
			delete(b.held[source], path)
			forgot = true
			continue
		}
		held = append(held, h)
	}
	slices.SortFunc(held, func(x, y Held) int { return strings.Compare(x.File.Path, y.File.Path) })
	return held, forgot
}

// HeldError says which raw files of a source are not loaded, since they cannot be as they are. All others are.
type HeldError struct {
	Source string
	Table  spec.TableName
	Held   []Held // ordered by path

	errs []error // one for each file, or for the first ones and the rest of them
}

func newHeldError(source *spec.Source, held []Held) *HeldError {
	e := &HeldError{Source: source.Name, Table: source.Table, Held: held}
	for i, h := range held {
		if i == shownHeld && len(held) > shownHeld+1 {
			rest := fmt.Errorf("source %s: %d more files are not loaded: petalake sources %s lists them", e.Source, len(held)-i, e.Source)
			e.errs = append(e.errs, rest)
			break
		}
		e.errs = append(e.errs, e.Named(h))
	}
	return e
}

// Named is the error of one of the files.
func (e *HeldError) Named(h Held) error { return failure(e.Source, e.Table.String(), h.Err) }

// shownHeld is how many files are in the text of a HeldError.
const shownHeld = 5

// Unwrap gives an error for each file, or for the first ones and the rest of them.
func (e *HeldError) Unwrap() []error { return e.errs }

// Error implements error.
func (e *HeldError) Error() string { return errors.Join(e.errs...).Error() }

// TooManyBadError says that more rows are bad than a load may put aside.
type TooManyBadError struct {
	Bad, Rows int64  // the bad ones, and all there are
	Most      string // as it was written down: 1%, or 100
}

// Error implements error.
func (e *TooManyBadError) Error() string {
	return fmt.Sprintf("%d of %d rows are bad, and max_bad is %s", e.Bad, e.Rows, e.Most)
}

// Hint says what to do.
func (*TooManyBadError) Hint() string {
	return "see whether the files are what they should be; petalake load --dry-run shows how they are read"
}

// fault says whether an error is one of the raw files or their rows, and not of the lake or the machine; and which of the files
// it is about, -1 where it does not say. Paths are those under which the files were read.
func fault(err error, found []files.File, paths []string) (at int, of bool) {
	var changed *files.ChangedError
	var format *FormatError
	var misfit *schema.MismatchError
	var name *NameError
	var many *TooManyBadError
	path, of := raw.Fault(err)
	switch {
	case errors.As(err, &changed):
		path = changed.Path
	case errors.As(err, &format):
		path = format.Path
	case of, errors.As(err, &misfit), errors.As(err, &name), errors.As(err, &many), errors.Is(err, errNames):
	default:
		return -1, false
	}
	at = slices.Index(paths, path)
	if at < 0 {
		at = slices.IndexFunc(found, func(f files.File) bool { return f.Path == path })
	}
	if at < 0 && len(found) == 1 {
		at = 0
	}
	return at, true
}
