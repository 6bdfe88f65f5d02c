package write

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Pull loads what is new in one source, batch by batch, and tells of each. Seen are the raw files that changed after they
// were loaded and were told of already: a file is loaded once.
func (w *Writer) Pull(ctx context.Context, source *spec.Source, seen *Seen, tell func(lake.Event)) error {
	resolved, err := source.Resolve(w.Env.Lookup)
	if err != nil {
		return err
	}
	table, err := w.Env.Table(ctx, resolved.Table)
	if err != nil {
		return err
	}
	p := &pulling{writer: w, source: resolved, table: table, seen: seen, tell: tell, event: lake.Event{Kind: lake.SourceEvent, Name: resolved.Name, Table: resolved.Table}}
	p.files = p.watched()
	pipeline := ingest.Pipeline{Name: resolved.Name, Lake: w.Env.Storage.Store, Table: table, Source: p.files, Load: p.load}
	for loaded := false; ; loaded = true {
		began := time.Now()
		version, more, err := pipeline.Step(ctx)
		if err != nil {
			return failure(resolved.Name, resolved.Table.String(), err)
		}
		if !more {
			if !loaded {
				err = p.current(ctx)
			}
			return err
		}
		done := p.done
		done.State, done.Version, done.Took = lake.Built, version, time.Since(began)
		done.Note = remarks(append(p.notes, done.Note))
		p.notes = nil
		tell(done)
	}
}

// Seen are changed raw files that were told of, for the life of a process.
type Seen struct {
	mu   sync.Mutex
	told map[files.File]bool
}

// NewSeen has told of nothing yet.
func NewSeen() *Seen { return &Seen{told: map[files.File]bool{}} }

// first says whether a file was not told of before; from now on it was.
func (s *Seen) first(f files.File) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.told[f]
	s.told[f] = true
	return !before
}

// pulling is a source whose new files are loaded.
type pulling struct {
	writer *Writer
	source *spec.Source // with its variables resolved
	table  *delta.Table
	files  *files.Source
	seen   *Seen
	event  lake.Event
	tell   func(lake.Event)

	notes []string   // for the next event
	done  lake.Event // of the batch that is being committed
}

// current tells that there is nothing new, and why where there is no file at all.
func (p *pulling) current(ctx context.Context) error {
	event := p.event
	event.State = lake.Current
	note, err := p.nothingThere(ctx)
	event.Note = remarks(append(p.notes, note))
	p.tell(event)
	return err
}

// nothingThere says so where a source has no file at all.
func (p *pulling) nothingThere(ctx context.Context) (string, error) {
	found, err := p.files.Place.List(ctx, p.files.Patterns)
	if err != nil || slices.ContainsFunc(found, func(f files.File) bool { return f.Size > 0 }) {
		return "", err
	}
	what := "no file matches "
	if len(found) > 0 {
		what = "only empty files match "
	}
	return what + strings.Join(p.files.Patterns, ", "), nil
}

// remarks puts notes together, without those that say nothing.
func remarks(notes []string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}

func (p *pulling) note(text string) {
	if text != "" && !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

// watched are the paths of the source.
func (p *pulling) watched() *files.Source {
	watched := &files.Source{Place: p.writer.Env.RawFiles(), Replace: p.source.Files.Mode == spec.Replace, AllowEmpty: p.source.Files.AllowEmpty}
	if p.source.Files.Format == "" {
		watched.Kind = func(path string) string {
			format, tabs := spec.FormatOf(path)
			return fmt.Sprint(format, tabs)
		}
	}
	for _, path := range p.source.Files.Paths {
		watched.Patterns = append(watched.Patterns, string(path))
	}
	watched.Changed = func(f files.File) {
		if p.seen.first(f) {
			p.note(f.Path + " is not what it was when it was first seen; a file is loaded once")
		}
	}
	return watched
}

// load prepares the commit of a batch. It implements ingest.Pipeline's Load.
func (p *pulling) load(ctx context.Context, b ingest.Batch) (func(*delta.Txn) error, error) {
	present, replace, err := p.present(ctx, b)
	if err != nil {
		return nil, err
	}
	format, err := formatOf(p.source.Files.Format, present)
	if err != nil {
		return nil, err
	}
	paths, done, err := p.files.Place.Here(ctx, present)
	if err != nil {
		return nil, err
	}
	defer done()
	original := p.writer.Env.OriginalNames(present, paths)
	l := &load{
		writer: p.writer, decl: p.writer.Env.Spec.Table(p.source.Table), table: p.table,
		Table: p.source.Table, From: p.source.Name, Place: p.files.Place, Files: present, Replace: replace, OnError: p.source.OnError,
		Raw:   raw.Files{Format: raw.Format(format), Paths: paths, CSV: tabs(format, present, csvOptions(p.source.Files.Options)), OriginalNames: original},
		event: p.event, tell: p.tell,
	}
	l.event.Files = len(present)
	l.Raw.Declared = declared(l.decl)
	if l.decl != nil {
		l.Evolve = l.decl.Evolve
	}
	change, err := l.prepare(ctx)
	if err != nil {
		return nil, original.In(err)
	}
	written := change.Rows
	if l.Raw.Format == raw.FormatCSV && written.Rows+written.BadRows == 0 && (l.decl == nil || len(l.decl.Columns) == 0) && len(present) > 0 && isMissing(ctx, p.table) {
		p.note(present[0].Path + " has no rows yet that tell the types of its columns")
		return nil, ingest.ErrNotYet
	}
	if err := p.writer.quarantine(ctx, written.Bad, &b); err != nil {
		return nil, err
	}
	p.done = l.built(written)
	return func(x *delta.Txn) error { return change.Apply(ctx, x) }, nil
}

// present are the files of a batch, as they are now. Where one is gone the batch is ErrNotYet.
func (p *pulling) present(ctx context.Context, b ingest.Batch) (present []files.File, replace bool, err error) {
	var work files.Work
	if err := json.Unmarshal(b.Work, &work); err != nil {
		return nil, false, fmt.Errorf("batch %d of source %s: %w", b.N, p.source.Name, err)
	}
	present, gone, err := files.Present(ctx, p.files.Place, work)
	if err != nil {
		return nil, false, err
	}
	if present, gone = wanted(p.files, present, gone); len(gone) > 0 {
		p.note(vanished(gone))
		return nil, false, ingest.ErrNotYet
	}
	for _, f := range present {
		p.seen.first(f) // it is loaded as it is now, corrected perhaps since it was first seen
	}
	return present, work.Replace, nil
}

// wanted moves files to those that are gone that the source's paths no longer match, or that are empty
// now: nobody has written them yet.
func wanted(watched *files.Source, present, gone []files.File) ([]files.File, []files.File) {
	unwanted := func(f files.File) bool { return f.Size == 0 || !watched.Wants(f.Path) }
	for _, f := range present {
		if unwanted(f) {
			gone = append(gone, f)
		}
	}
	return slices.DeleteFunc(present, unwanted), gone
}

// isMissing says whether a table is still to be made.
func isMissing(ctx context.Context, table *delta.Table) bool {
	_, err := table.Snapshot(ctx, delta.When{})
	return errors.Is(err, fs.ErrNotExist)
}

func vanished(gone []files.File) string {
	if len(gone) == 1 {
		return gone[0].Path + " was taken away before it was loaded; it is loaded when it is back"
	}
	return fmt.Sprintf("%d files were taken away before they were loaded, such as %s; they are loaded when they are back", len(gone), gone[0].Path)
}

func csvOptions(o spec.Options) raw.CSV {
	csv := raw.CSV{
		Delimiter: o.Delimiter, Header: o.Header, Quote: o.Quote, Escape: o.Escape, Null: o.Null,
		DateFormat: o.DateFormat, TimestampFormat: o.TimestampFormat, Zone: string(o.TimeZone), Encoding: o.Encoding,
		Comment: o.Comment, Decimal: o.Decimal, Thousands: o.Thousands,
	}
	if o.Has("skip") {
		csv.Skip = &o.Skip
	}
	return csv
}
