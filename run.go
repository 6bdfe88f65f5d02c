package petalake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Run loads what is new from all sources, builds the models that depend on it, in order, and runs the
// jobs that are due. With Up.Once it returns the joined errors of what failed; otherwise failures are told as events, and
// it goes on until ctx ends. What failed leaves its table as it was, and is tried again.
func (l *Lake) Run(ctx context.Context, up Up, tell func(Event)) error {
	if tell == nil {
		tell = func(Event) {}
	}
	models, err := l.models(ctx)
	if err != nil {
		return err
	}
	tell = lockedTell(tell)
	watching, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	if e := l.env.Environment; e.InAWS() && e.AWS.Catalog == spec.CatalogGlue && !up.Once {
		changed := make(chan spec.TableName, 1000)
		tell = naming(tell, changed)
		told := tell
		group.Go(func() { l.keepCatalog(watching, changed, told) })
	}
	if l.replicates() {
		told := tell
		group.Go(func() { l.keepReplications(watching, replicationsEvery, told) })
	}
	if place, _ := l.env.Lookup(spec.FleetPlace); place != "" && l.env.OnClusters() {
		group.Go(func() { l.keepFleet(watching, cmp.Or(up.Fleet, fleetEvery), tell) })
	}
	if up.Once {
		return l.once(ctx, models, tell)
	}
	if len(l.env.Spec.Jobs) > 0 {
		group.Go(func() { l.watchJobs(watching, cmp.Or(up.Every, 2*time.Second), tell) })
	}
	news := l.arrivals(ctx)
	for {
		err := l.round(ctx, models, tell) // told
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if news.wait(ctx, cmp.Or(up.Every, 2*time.Second), err == nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// naming tells, and names the tables that changed, as far as somebody listens; no name for any, where a job ran.
func naming(tell func(Event), changed chan<- spec.TableName) func(Event) {
	return func(e Event) {
		if e.State == Built && (e.Table.Table != "" || e.Kind == lake.JobEvent) {
			select {
			case changed <- e.Table:
			default: // all tables are looked at now and then
			}
		}
		tell(e)
	}
}

// once does everything once. What jobs wrote may make models stale, and what models became may make
// jobs due: then there is another round, until nothing is left to do.
func (l *Lake) once(ctx context.Context, models []model, tell func(Event)) error {
	for rounds := 1; ; rounds++ {
		err := l.round(ctx, models, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ran, failures := l.runDueJobs(ctx, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = errors.Join(append(failures, err)...); err != nil || !ran || rounds == mostRounds {
			return err
		}
	}
}

// mostRounds ends a circle of jobs and models that never settles.
const mostRounds = 5

// round does everything once but for jobs.
func (l *Lake) round(ctx context.Context, models []model, tell func(Event)) error {
	l.links.CleanEvents() // a stream writes them for as long as it runs
	var failures []error
	stale := map[string]bool{} // tables that are not what they should be, by lower-case name
	fail := func(event Event, err error) {
		if ctx.Err() != nil {
			return
		}
		event.State, event.Err = Failed, err
		tell(event)
		failures = append(failures, err)
		stale[strings.ToLower(event.Table.String())] = true
	}
	declare := func(decl *spec.Table) {
		event := Event{Kind: lake.TableEvent, Name: decl.Name.String(), Table: decl.Name}
		changed, err := l.writer.ApplyDeclaration(ctx, decl)
		if err != nil {
			fail(event, err)
		} else if changed != "" {
			event.State, event.Note = Built, changed
			tell(event)
		}
	}
	for _, decl := range l.env.Spec.Tables {
		if !l.replaced(decl) {
			declare(decl)
		}
	}
	for _, s := range l.env.Spec.Sources {
		event := Event{Kind: lake.SourceEvent, Name: s.Name, Table: s.Table}
		if stale[strings.ToLower(event.Table.String())] {
			continue // told with the table
		}
		if err := l.writer.Pull(ctx, s, l.seen, tell); err != nil {
			fail(event, err)
		}
	}
	for _, decl := range l.env.Spec.Tables {
		if l.replaced(decl) && !stale[strings.ToLower(decl.Name.String())] {
			declare(decl)
		}
	}
	for _, m := range models {
		event := Event{Kind: lake.ModelEvent, Name: m.name.String(), Table: m.name}
		if input, ok := staleInput(m, stale); ok && ctx.Err() == nil {
			fail(event, &SkippedError{Model: m.name, Input: input})
			continue
		}
		if err := l.build(ctx, m, tell); err != nil {
			fail(event, err)
		}
	}
	return errors.Join(failures...)
}

// replaced says whether a source replaces all rows of a table, and with them what they must obey.
func (l *Lake) replaced(decl *spec.Table) bool {
	return slices.ContainsFunc(l.env.Spec.Sources, func(s *spec.Source) bool {
		return s.Table.Same(decl.Name) && s.Files != nil && s.Files.Mode == spec.Replace
	})
}

func staleInput(m model, stale map[string]bool) (spec.TableName, bool) {
	for _, input := range m.inputs {
		if stale[strings.ToLower(input.String())] {
			return input, true
		}
	}
	return spec.TableName{}, false
}

// SkippedError says that a model was not built because something before it failed.
type SkippedError struct{ Model, Input spec.TableName }

// Error implements error.
func (e *SkippedError) Error() string {
	return fmt.Sprintf("model %s: not built, since %s failed", e.Model, e.Input)
}
