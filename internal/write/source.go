package write

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
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Pull loads what is new in one source, batch by batch, and tells of each. Files that cannot be loaded are held back, and the
// others loaded: the error is then a *HeldError.
func (w *Writer) Pull(ctx context.Context, source *spec.Source, backlog *Backlog, tell func(lake.Event)) error {
	p, err := w.pullingOf(ctx, source, backlog, tell)
	if err != nil {
		return err
	}
	pipeline := ingest.Pipeline{Name: p.source.Name, Lake: w.Env.Storage.Store, Table: p.table, Source: p.files, Load: p.load, Passed: backlog.passedOver(p.source.Name, time.Now())}
	for loaded := false; ; {
		began := time.Now()
		version, more, err := pipeline.Step(ctx)
		if err != nil {
			return failure(p.source.Name, p.source.Table.String(), err)
		}
		if !more {
			again, err := p.end(ctx, loaded)
			if !again {
				return err
			}
			*pipeline.Passed = ingest.Passed{}
			continue
		}
		loaded = true
		p.backlog.release(p.source.Name, p.loaded)
		p.files.MaxFiles *= 2
		done := p.done
		done.State, done.Version, done.Took = lake.Built, version, time.Since(began)
		done.Note = remarks(append(p.taken(), done.Note))
		tell(done)
	}
}

// pulling is a source whose new files are loaded.
type pulling struct {
	writer  *Writer
	source  *spec.Source // with its variables resolved
	table   *delta.Table
	files   *files.Source
	backlog *Backlog
	event   lake.Event
	tell    func(lake.Event)

	notes   []string     // for the next event
	changed []files.File // for the next event: not what they were when they were loaded
	done    lake.Event   // of the batch that is being committed
	loaded  []files.File // in it

	replaced bool // it takes the place of all rows
}

// pullingOf prepares to load a source.
func (w *Writer) pullingOf(ctx context.Context, source *spec.Source, backlog *Backlog, tell func(lake.Event)) (*pulling, error) {
	resolved, err := source.Resolve(w.Env.Lookup)
	if err != nil {
		return nil, err
	}
	table, err := w.Env.Table(ctx, resolved.Table)
	if err != nil {
		return nil, err
	}
	p := &pulling{
		writer: w, source: resolved, table: table, backlog: backlog, tell: tell,
		event: lake.Event{Kind: lake.SourceEvent, Name: resolved.Name, Table: resolved.Table},
	}
	p.files, err = p.watched(ctx)
	return p, err
}

// end tells of what is left when there is nothing more to load.
//
// Again says that files are gone that were held back: their batches are to be looked at once more.
func (p *pulling) end(ctx context.Context, loaded bool) (again bool, err error) {
	if loaded && !p.backlog.holdsAny(p.source.Name) {
		return false, nil
	}
	found, err := p.files.Place.List(ctx, p.files.Patterns)
	if err != nil {
		return false, err
	}
	held, forgot := p.backlog.keep(p.source.Name, found)
	if forgot {
		return true, nil
	}
	if len(held) > 0 {
		return false, newHeldError(p.source, held)
	}
	if !loaded {
		event := p.event
		event.State, event.Note = lake.Current, remarks(append(p.taken(), p.nothingThere(found)))
		p.tell(event)
	}
	return false, nil
}

// nothingThere says so where a source has no file at all.
func (p *pulling) nothingThere(found []files.File) string {
	if slices.ContainsFunc(found, func(f files.File) bool { return f.Size > 0 }) {
		return ""
	}
	what := "no file matches "
	if len(found) > 0 {
		what = "only empty files match "
	}
	return what + strings.Join(p.files.Patterns, ", ")
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

// taken are the notes for an event, which are then told.
func (p *pulling) taken() []string {
	const what = "not what it was when it was first seen; a file is loaded once"
	notes := p.notes
	switch n := len(p.changed); n {
	case 0:
	case 1:
		notes = append(notes, p.changed[0].Path+" is "+what)
	default:
		notes = append(notes, fmt.Sprintf("%d files, such as %s: each is %s", n, p.changed[0].Path, what))
	}
	p.notes, p.changed = nil, nil
	return notes
}

// watched are the paths of the source.
func (p *pulling) watched(ctx context.Context) (*files.Source, error) {
	var patterns []string
	for _, path := range p.source.Files.Paths {
		patterns = append(patterns, string(path))
	}
	place, patterns, err := p.writer.Env.RawFiles(ctx, p.writer.Env.Dir, patterns)
	if err != nil {
		return nil, failure(p.source.Name, p.source.Table.String(), err)
	}
	watched := &files.Source{Place: place, Patterns: patterns, Replace: p.source.Files.Mode == spec.Replace, AllowEmpty: p.source.Files.AllowEmpty}
	if p.source.Files.Format == "" {
		watched.Kind = func(path string) string {
			format, tabs := spec.FormatOf(path)
			return fmt.Sprint(format, tabs)
		}
	}
	watched.Changed = func(f files.File) {
		if p.backlog.first(f) {
			p.changed = append(p.changed, f)
		}
	}
	if p.source.Files.Identity == spec.ByContent {
		watched.Digests = p.backlog.digests
	}
	watched.Held = func(f files.File) bool { return p.backlog.holds(p.source.Name, f, time.Now()) }
	return watched, nil
}

// load prepares the commit of a batch. It implements ingest.Pipeline's Load.
func (p *pulling) load(ctx context.Context, b ingest.Batch) (func(*delta.Txn) error, error) {
	present, replace, err := p.present(ctx, b)
	if err != nil {
		return nil, err
	}
	paths, done, err := p.files.Place.Here(ctx, present)
	if err != nil {
		return nil, err
	}
	defer done()
	original := lake.NamesIn(p.files.Place, present, paths)
	l := &load{
		writer: p.writer, decl: p.writer.Env.Spec.Table(p.source.Table), table: p.table,
		Table: p.source.Table, From: p.source.Name, Place: p.files.Place, Files: present, Replace: replace, OnError: p.source.OnError, MaxBad: p.source.MaxBad,
		Raw:   raw.Files{Paths: paths, CSV: csvOptions(p.source.Files.Options), Pick: pickOf(p.source.Files.Columns), FileColumn: p.source.Files.FileColumn, TimeColumn: p.source.Files.TimeColumn, Shown: shownNames(present, paths), OriginalNames: original, Table: p.source.Table.String()},
		event: p.event, tell: p.tell,
	}
	l.event.Files = len(present)
	l.declared()
	change, err := l.prepareFiles(ctx, p.source.Files.Format)
	if err != nil {
		return nil, p.failed(l, original.In(err))
	}
	written := change.Rows
	if l.Raw.Format == raw.FormatCSV && written.Rows+written.BadRows == 0 && (l.decl == nil || len(l.decl.Columns) == 0) && len(present) > 0 && isMissing(ctx, p.table) {
		p.note(present[0].Path + " has no rows yet that tell the types of its columns")
		return nil, ingest.ErrNotYet
	}
	if err := p.writer.quarantine(ctx, written.Bad, &b); err != nil {
		return nil, err
	}
	p.done, p.loaded, p.replaced = l.built(written), present, replace
	return func(x *delta.Txn) error { return change.Apply(ctx, x) }, nil
}

// failed says what becomes of a batch that cannot be loaded. Where some file of it is to blame, that file is held back;
// where one of many is, but which one is not known, fewer are tried at once. Files that replace each other are loaded all or none.
func (p *pulling) failed(l *load, err error) error {
	at, of := fault(err, l.Files, l.Raw.Paths)
	switch {
	case !of || l.Replace:
		return err
	case at >= 0:
		p.backlog.hold(p.source.Name, l.Files[at], err, time.Now())
	default:
		p.files.MaxFiles = max(1, len(l.Files)/2)
	}
	return ingest.ErrNotYet
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
	if p.files.Digests != nil && !slices.Equal(present, work.Files) {
		return nil, false, ingest.ErrNotYet // what they hold now may have been loaded
	}
	if present, gone = wanted(p.files, present, gone); len(gone) > 0 {
		p.note(vanished(gone))
		return nil, false, ingest.ErrNotYet
	}
	for _, f := range present {
		if p.backlog.holds(p.source.Name, f, time.Now()) {
			return nil, false, ingest.ErrNotYet
		}
		p.backlog.first(f) // it is loaded as it is now, corrected perhaps since it was first seen
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

// Exists says whether there is a table of a name.
func (w *Writer) Exists(ctx context.Context, name spec.TableName) bool {
	table, err := w.Env.Table(ctx, name)
	return err == nil && !isMissing(ctx, table)
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
		Pad: o.Pad, MaxRow: int(o.MaxRow), Comment: o.Comment, Decimal: o.Decimal, Thousands: o.Thousands,
	}
	if o.Has("skip") {
		csv.Skip = &o.Skip
	}
	return csv
}
