package petalake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// pull loads what is new in one source, batch by batch.
func (l *Lake) pull(ctx context.Context, source *spec.Source, tell func(Event)) error {
	resolved, err := source.Resolve(l.env.Lookup)
	if err != nil {
		return err
	}
	name := resolved.Table
	table, err := l.env.Table(ctx, name)
	if err != nil {
		return err
	}
	event := Event{Kind: "source", Name: resolved.Name, Table: name}
	var notes []string
	watched := l.filesOf(resolved, func(note string) { notes = append(notes, note) })
	pipeline := ingest.Pipeline{Name: resolved.Name, Lake: l.env.Storage.Store, Table: table, Source: watched}
	for loaded := false; ; loaded = true {
		var done Event
		began := time.Now()
		pipeline.Load = func(ctx context.Context, b ingest.Batch) (func(*delta.Txn) error, error) {
			change, e, err := l.loadBatch(ctx, resolved, table, b, watched, event, tell)
			if done = e; errors.Is(err, ingest.ErrNotYet) && !slices.Contains(notes, e.Note) {
				notes = append(notes, e.Note)
			}
			return change, err
		}
		version, more, err := pipeline.Step(ctx)
		if err != nil {
			return failure(resolved.Name, name.String(), err)
		}
		if !more && !loaded {
			event.State = Current
			event.Note, err = nothingThere(ctx, watched, resolved)
			event.Note = remarks(append(notes, event.Note))
			tell(event)
		}
		if !more {
			return err
		}
		done.State, done.Version, done.Took = Built, version, time.Since(began)
		done.Note, notes = remarks(append(notes, done.Note)), nil
		tell(done)
	}
}

// nothingThere says so where a source has no file at all.
func nothingThere(ctx context.Context, watched *files.Source, s *spec.Source) (string, error) {
	found, err := watched.Place.List(ctx, watched.Patterns)
	if err != nil || slices.ContainsFunc(found, func(f files.File) bool { return f.Size > 0 }) {
		return "", err
	}
	patterns := make([]string, len(s.Files.Paths))
	for i, p := range s.Files.Paths {
		patterns[i] = string(p)
	}
	what := "no file matches " + strings.Join(patterns, ", ")
	if len(found) > 0 {
		what = "only empty files match " + strings.Join(patterns, ", ")
	}
	return what, nil
}

// remarks puts notes together, without those that say nothing.
func remarks(notes []string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}

// filesOf watches the paths of a source.
func (l *Lake) filesOf(s *spec.Source, note func(string)) *files.Source {
	watched := &files.Source{Place: l.env.RawFiles(), Replace: s.Files.Mode == spec.Replace}
	for _, p := range s.Files.Paths {
		watched.Patterns = append(watched.Patterns, string(p))
	}
	watched.Changed = func(f files.File) {
		l.mu.Lock()
		told := l.told[f]
		l.told[f] = true
		l.mu.Unlock()
		if !told {
			note(f.Path + " is not what it was when it was first seen; a file is loaded once")
		}
	}
	return watched
}

// loadBatch writes the rows of a batch of files.
func (l *Lake) loadBatch(ctx context.Context, s *spec.Source, table *delta.Table, b ingest.Batch, watched *files.Source, event Event, tell func(Event)) (func(*delta.Txn) error, Event, error) {
	var work files.Work
	if err := json.Unmarshal(b.Work, &work); err != nil {
		return nil, event, fmt.Errorf("batch %d of source %s: %w", b.N, s.Name, err)
	}
	present, gone, err := files.Present(ctx, watched.Place, work)
	if err != nil {
		return nil, event, err
	}
	present, gone = wanted(watched, present, gone)
	l.mu.Lock()
	for _, f := range present {
		l.told[f] = true // it is loaded as it is now, corrected perhaps since it was first seen
	}
	l.mu.Unlock()
	event.Files = len(present)
	if len(gone) > 0 {
		event.Note = vanished(gone)
		return nil, event, ingest.ErrNotYet
	}
	format, err := formatOf(s.Files.Format, present)
	if err != nil {
		return nil, event, err
	}
	paths, done, err := watched.Place.Here(ctx, present)
	if err != nil {
		return nil, event, err
	}
	defer done()
	original := l.env.OriginalNames(present, paths)
	w := &loading{
		lake: l, table: table, name: event.Table, source: s.Name, decl: l.env.Spec.Table(s.Table), place: watched.Place, files: present,
		raw:     duck.Raw{Format: duck.Format(format), Paths: paths, CSV: tabs(format, present, csvOptions(s.Files.Options)), OriginalNames: original},
		replace: work.Replace, onError: s.OnError, event: event, tell: tell,
	}
	if w.decl != nil {
		w.evolve = w.decl.Evolve
	}
	written, change, err := w.write(ctx)
	if err != nil {
		return nil, event, original.In(err)
	}
	if w.raw.Format == duck.FormatCSV && written.Rows+written.BadRows == 0 && (w.decl == nil || len(w.decl.Columns) == 0) && isMissing(ctx, table) {
		event.Note = present[0].Path + " has no rows yet that tell the types of its columns"
		return nil, event, ingest.ErrNotYet
	}
	if err := l.isolate(ctx, written.Bad, &b); err != nil {
		return nil, event, err
	}
	built := w.built(delta.Commit{}, written, time.Now())
	built.Note = event.Note
	return change, built, nil
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

func csvOptions(o spec.Options) duck.CSV {
	return duck.CSV{
		Delimiter: o.Delimiter, Header: o.Header, Quote: o.Quote, Escape: o.Escape, Null: o.Null,
		DateFormat: o.DateFormat, TimestampFormat: o.TimestampFormat, Encoding: o.Encoding,
	}
}
