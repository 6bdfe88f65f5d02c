package write

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// SourceState is how far a source was loaded.
type SourceState struct {
	Source  *spec.Source
	Loaded  int          // files
	Waiting []files.File // that are there and were not loaded, ordered by path
	Gone    []files.File // that were loaded and are not there any more, or as another file, ordered by path
	Batches int64        // that were committed, or passed over
	Last    time.Time    // when the table was changed last; zero where there is none
}

// SourceState looks at a source, and loads nothing.
func (w *Writer) SourceState(ctx context.Context, source *spec.Source) (SourceState, error) {
	p, err := w.pullingOf(ctx, source, NewBacklog(), func(lake.Event) {})
	if err != nil {
		return SourceState{}, err
	}
	return p.state(ctx)
}

func (p *pulling) state(ctx context.Context) (SourceState, error) {
	state := SourceState{Source: p.source}
	snapshot, err := p.table.Snapshot(ctx, delta.When{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state, err
	}
	var at ingest.Position
	if err == nil {
		state.Last, state.Batches = snapshot.Time(), snapshot.Transaction(p.source.Name)+1
		if at, err = ingest.NewOffsets(p.writer.Env.Storage.Store, p.source.Name).End(ctx, state.Batches-1); err != nil {
			return state, err
		}
	}
	state.Loaded, state.Waiting, state.Gone, err = p.files.Compare(ctx, at)
	return state, err
}

// Reload is what loading all files of a source again would do: their rows take the place of all rows of the table.
type Reload struct {
	SourceState
	Files  int   // that are there, and would be loaded
	Bytes  int64 // of them
	Rows   int64 // of the table now
	Others []string
}

// PlanReload says what a reload would do. Others are what else brought rows into the table: other sources, loads by hand, statements.
func (w *Writer) PlanReload(ctx context.Context, source *spec.Source) (Reload, error) {
	p, err := w.pullingOf(ctx, source, NewBacklog(), func(lake.Event) {})
	if err != nil {
		return Reload{}, err
	}
	plan := Reload{}
	if plan.SourceState, err = p.state(ctx); err != nil {
		return plan, err
	}
	found, err := p.files.Found(ctx)
	if err != nil {
		return plan, err
	}
	plan.Files = len(found)
	for _, f := range found {
		plan.Bytes += f.Size
	}
	snapshot, err := p.table.Snapshot(ctx, delta.When{})
	if errors.Is(err, fs.ErrNotExist) {
		return plan, nil
	}
	if err != nil {
		return plan, err
	}
	for f, err := range snapshot.Plan(ctx, nil) {
		if err != nil {
			return plan, err
		}
		plan.Rows += max(f.Stats.NumRecords, 0)
	}
	plan.Others, err = p.others(ctx)
	return plan, err
}

// others are what else than the source brought rows into its table since all of them were replaced last.
func (p *pulling) others(ctx context.Context) ([]string, error) {
	found := map[string]bool{}
	for c, err := range p.table.History(ctx) {
		if err != nil {
			return nil, err
		}
		from, rows := c.Parameters["source"], c.Metrics["numOutputRows"]
		switch {
		case rows == "" || rows == "0" || from == p.source.Name:
		case from != "":
			found[from] = true
		default:
			found[c.Operation] = true
		}
		if c.Parameters["mode"] == "Overwrite" {
			break
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// Reload loads all files of a source again, in one commit that takes the place of all rows of the table. Batches that were decided
// before and not loaded are loaded first.
func (w *Writer) Reload(ctx context.Context, source *spec.Source, tell func(lake.Event)) (lake.Event, error) {
	p, err := w.pullingOf(ctx, source, NewBacklog(), tell)
	if err != nil {
		return lake.Event{}, err
	}
	p.files.Replace, p.files.Again = true, true
	pipeline := ingest.Pipeline{Name: p.source.Name, Lake: w.Env.Storage.Store, Table: p.table, Source: p.files, Load: p.load}
	for {
		began := time.Now()
		version, more, err := pipeline.Step(ctx)
		if err != nil {
			return lake.Event{}, failure(p.source.Name, p.source.Table.String(), err)
		}
		if !more {
			return lake.Event{}, failure(p.source.Name, p.source.Table.String(), errors.New(p.nothingThere(nil)))
		}
		if p.replaced {
			done := p.done
			done.State, done.Version, done.Took = lake.Built, version, time.Since(began)
			return done, nil
		}
	}
}
