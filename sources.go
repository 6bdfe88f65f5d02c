package petalake

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// pull loads what is new in one source, batch by batch.
func (l *Lake) pull(ctx context.Context, source *spec.Source, tell func(Event)) error {
	resolved, err := source.Resolve(l.lookup)
	if err != nil {
		return err
	}
	name := specName(resolved.Table)
	table, err := l.table(ctx, name)
	if err != nil {
		return err
	}
	event := Event{Kind: "source", Name: resolved.Name, Table: name}
	pipeline := ingest.Pipeline{
		Name: resolved.Name, Lake: l.place.store, Table: table, Source: l.filesOf(resolved, event, tell),
	}
	for loaded := false; ; loaded = true {
		var done Event
		began := time.Now()
		pipeline.Load = func(ctx context.Context, b ingest.Batch) (func(*delta.Txn) error, error) {
			change, e, err := l.loadBatch(ctx, resolved, table, b, event, tell)
			done = e
			return change, err
		}
		version, more, err := pipeline.Step(ctx)
		if err != nil {
			return err
		}
		if !more {
			if !loaded {
				event.State = Current
				tell(event)
			}
			return nil
		}
		done.State, done.Version, done.Took = Built, version, time.Since(began)
		tell(done)
	}
}

// filesOf watches the paths of a source.
func (l *Lake) filesOf(s *spec.Source, event Event, tell func(Event)) *files.Source {
	watched := &files.Source{Replace: s.Files.Mode == spec.Replace}
	for _, p := range s.Files.Paths {
		watched.Patterns = append(watched.Patterns, absolute(l.dir, string(p)))
	}
	watched.Changed = func(f files.File) {
		l.mu.Lock()
		told := l.told[f]
		l.told[f] = true
		l.mu.Unlock()
		if !told {
			event.State = Current
			event.Note = fmt.Sprintf("%s is not what it was when it was first seen; it is not loaded again", filepath.Base(f.Path))
			tell(event)
		}
	}
	return watched
}

// loadBatch writes the rows of a batch of files.
func (l *Lake) loadBatch(ctx context.Context, s *spec.Source, table *delta.Table, b ingest.Batch, event Event, tell func(Event)) (func(*delta.Txn) error, Event, error) {
	var work files.Work
	if err := json.Unmarshal(b.Work, &work); err != nil {
		return nil, event, fmt.Errorf("batch %d of source %s: %w", b.N, s.Name, err)
	}
	present, gone, err := files.Present(work)
	if err != nil {
		return nil, event, err
	}
	event.Files = len(present)
	if len(gone) > 0 {
		event.Note = fmt.Sprintf("%d files vanished before they were loaded, %s first", len(gone), gone[0].Path)
	}
	format, err := formatOf(s.Files.Format, present)
	if err != nil {
		return nil, event, err
	}
	w := &loading{
		lake: l, table: table, name: event.Table, source: s.Name, decl: l.spec.Table(s.Table), files: present,
		raw:     duck.Raw{Format: duck.Format(format), Paths: paths(present), CSV: tabs(format, present, csvOptions(s.Files.Options))},
		replace: work.Replace, onError: s.OnError, event: event, tell: tell,
	}
	if w.decl != nil {
		w.evolve = w.decl.Evolve
	}
	written, change, err := w.write(ctx)
	if err != nil {
		return nil, event, err
	}
	if err := l.isolate(ctx, written.Bad, &b); err != nil {
		return nil, event, err
	}
	done := w.built(delta.Commit{}, written, time.Now())
	done.Note = event.Note
	return change, done, nil
}

func csvOptions(o spec.Options) duck.CSV {
	return duck.CSV{
		Delimiter: o.Delimiter, Header: o.Header, Quote: o.Quote, Escape: o.Escape, Null: o.Null,
		DateFormat: o.DateFormat, TimestampFormat: o.TimestampFormat, Encoding: o.Encoding,
	}
}
