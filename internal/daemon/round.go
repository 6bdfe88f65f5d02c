package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/models"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// Up says how long to keep a lakehouse running.
type Up struct {
	Once  bool          // load and build what is new, then return
	Every time.Duration // otherwise look for news this often; 0 is two seconds
	Fleet time.Duration // and, where it is this process that does, at the machines of Spark in AWS; 0 is half a minute
}

// Run loads what is new from all sources, builds the models that depend on it, in order, and runs the
// jobs that are due. With Up.Once it returns the joined errors of what failed; otherwise failures are told as
// events, and it goes on until ctx ends. What failed leaves its table as it was, and is tried again. Tell hears of
// events, one at a time, and of a failure that goes on once; it may be nil.
func (d *Daemon) Run(ctx context.Context, up Up, tell func(lake.Event)) error {
	if tell == nil {
		tell = func(lake.Event) {}
	}
	ordered, err := d.Models.Ordered(ctx)
	if err != nil {
		return err
	}
	if err := d.failures.open(ctx); err != nil {
		return err
	}
	d.failures.keepOnly(d.named)
	tell = (&news{tell: d.noting(tell), once: up.Once, said: map[string]string{}}).event
	tasks, tell := d.tasks(up, tell)
	if !up.Once {
		tasks = append(tasks, d.roundTask(ctx, ordered, cmp.Or(up.Every, 2*time.Second)))
		tasks = append(tasks, d.jobTasks(cmp.Or(up.Every, 2*time.Second))...)
		Keep(ctx, tasks, tell)
		return ctx.Err()
	}
	beside, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { Keep(beside, tasks, tell) })
	defer group.Wait()
	defer stop()
	return d.once(ctx, ordered, tell)
}

// tasks are what is kept beside rounds and jobs, with a tell that they hear of changed tables by.
func (d *Daemon) tasks(up Up, tell func(lake.Event)) (tasks []Task, _ func(lake.Event)) {
	if e := d.Env.Environment; e.InAWS() && e.AWS.Catalog == spec.CatalogGlue && !up.Once {
		changed := make(chan spec.TableName, 1000)
		tell = naming(tell, changed)
		tasks = append(tasks, d.catalogTask(changed))
	}
	if d.replicates() {
		tasks = append(tasks, d.replicationsTask())
	}
	if t, ok := d.fleetTask(cmp.Or(up.Fleet, fleetEvery)); ok {
		tasks = append(tasks, t)
	}
	return tasks, tell
}

// roundTask does everything but jobs, whenever there may be news. It tells of what fails itself.
func (d *Daemon) roundTask(ctx context.Context, ordered []models.Model, every time.Duration) Task {
	queue := d.fileQueue(ctx)
	return Task{
		Do: func(ctx context.Context, tell func(lake.Event)) error {
			return errors.Join(d.round(ctx, ordered, tell), d.tellFailures(ctx, tell))
		},
		Wait: func(ctx context.Context, err error) { queue.wait(ctx, every, allSeen(err)) },
	}
}

// allSeen says whether a round loaded all files that there were, but for those that are held back, which a round tries again by itself.
func allSeen(err error) bool {
	switch e := err.(type) {
	case nil, *write.HeldError, *SkippedError:
		return true
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(one error) bool { return !allSeen(one) })
	}
	return false
}

// naming tells, and names the tables that changed, as far as somebody listens; no name for any, where a job ran.
func naming(tell func(lake.Event), changed chan<- spec.TableName) func(lake.Event) {
	return func(e lake.Event) {
		if e.State == lake.Built && (e.Table.Table != "" || e.Kind == lake.JobEvent) {
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
func (d *Daemon) once(ctx context.Context, ordered []models.Model, tell func(lake.Event)) error {
	for rounds := 1; ; rounds++ {
		err := d.round(ctx, ordered, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ran, failures := d.Runs.RunDue(ctx, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures = append(failures, d.tellFailures(ctx, tell))
		if err = errors.Join(append(failures, err)...); err != nil || !ran || rounds == mostRounds {
			return err
		}
	}
}

// mostRounds ends a circle of jobs and models that never settles.
const mostRounds = 5

// round does everything once but for jobs.
func (d *Daemon) round(ctx context.Context, ordered []models.Model, tell func(lake.Event)) error {
	d.Links.CleanEvents() // a stream writes them for as long as it runs
	var failures []error
	stale := map[spec.TableName]bool{} // tables that are not what they should be, by folded name
	done := func(event lake.Event, err error) {
		var skipped *SkippedError
		if ctx.Err() != nil {
			return
		}
		if !errors.As(err, &skipped) { // what it waits for fails, and is told of
			d.failures.note(event.Kind, event.Name, err)
		}
		if err == nil {
			return
		}
		event.State, event.Err = lake.Failed, err
		tell(event)
		failures = append(failures, err)
		stale[event.Table.Fold()] = true
	}
	declare := func(decl *spec.Table) {
		event := lake.Event{Kind: lake.TableEvent, Name: decl.Name.String(), Table: decl.Name}
		changed, err := d.Writer.ApplyDeclaration(ctx, decl)
		if err == nil && changed != "" {
			built := event
			built.State, built.Note = lake.Built, changed
			tell(built)
		}
		done(event, err)
	}
	for _, decl := range d.Env.Spec.Tables {
		if !d.replaced(decl) {
			declare(decl)
		}
	}
	for _, s := range d.Env.Spec.Sources {
		event := lake.Event{Kind: lake.SourceEvent, Name: s.Name, Table: s.Table}
		if stale[event.Table.Fold()] {
			continue // told with the table
		}
		err := d.Writer.Pull(ctx, s, d.backlog, tell)
		done(event, err)
		var held *write.HeldError
		if errors.As(err, &held) && d.Writer.Exists(ctx, s.Table) { // with the rows of the other files
			delete(stale, event.Table.Fold())
		}
	}
	for _, decl := range d.Env.Spec.Tables {
		if d.replaced(decl) && !stale[decl.Name.Fold()] {
			declare(decl)
		}
	}
	for _, m := range ordered {
		event := lake.Event{Kind: lake.ModelEvent, Name: m.Name.String(), Table: m.Name}
		if input, ok := staleInput(m, stale); ok && ctx.Err() == nil {
			done(event, &SkippedError{Model: m.Name, Input: input})
			continue
		}
		done(event, d.Models.Build(ctx, m, tell))
	}
	return errors.Join(failures...)
}

// replaced says whether a source replaces all rows of a table, and with them what they must obey.
func (d *Daemon) replaced(decl *spec.Table) bool {
	return slices.ContainsFunc(d.Env.Spec.Sources, func(s *spec.Source) bool {
		return s.Table.Same(decl.Name) && s.Files != nil && s.Files.Mode == spec.Replace
	})
}

func staleInput(m models.Model, stale map[spec.TableName]bool) (spec.TableName, bool) {
	for _, input := range m.Inputs {
		if stale[input.Fold()] {
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
