package runs

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// tablesRead are the tables that a statement reads, as far as DuckDB finds them.
func (rs *Runs) tablesRead(ctx context.Context, sql string) (names []string) {
	if change, err := duck.ParseChange(sql); err == nil && change != nil {
		if sql = change.Query; sql == "" {
			return nil
		}
	}
	references, err := rs.Engines.Duck.References(ctx, sql)
	if err != nil {
		return nil // Spark may take it
	}
	for _, r := range references {
		names = append(names, r.String())
	}
	return names
}

// due says why a job is due now, "" where it is not. Last is its last run, nil for none.
func (rs *Runs) due(ctx context.Context, d *spec.Job, last *job.Run, now time.Time) (why string, err error) {
	if d.Streaming {
		return dueStream(d, last, now), nil
	}
	if d.Schedule != "" || d.Every > 0 {
		var since time.Time
		switch {
		case last != nil:
			since = last.Created
		case d.Every > 0:
			return "it never ran", nil
		default:
			e, err := (&job.Journal{Store: rs.Env.Storage.Store}).Since(ctx, d.Name, job.Event{At: now, What: job.Created})
			if err != nil {
				return "", err
			}
			since = e.At
		}
		if at := d.Due(since); !at.IsZero() && !at.After(now) { // however often it was missed, it runs once
			return "due since " + at.UTC().Format("2006-01-02 15:04 MST"), nil
		}
	}
	if len(d.DependsOn) == 0 {
		return "", nil
	}
	var names []string
	for _, n := range d.DependsOn {
		names = append(names, n.String())
	}
	have, err := rs.Env.Versions(ctx, names)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		version, there := have[name]
		if !there {
			continue
		}
		if last == nil {
			return name + " is there", nil
		}
		if seen, ok := last.Reads[name]; ok && seen == version {
			continue
		}
		return name + " changed", nil
	}
	return "", nil
}

// dueStream: a stream that ended is begun again after a while, which grows as it fails. One that was
// cancelled waits for a person.
func dueStream(d *spec.Job, last *job.Run, now time.Time) string {
	switch {
	case last == nil:
		return "it never ran"
	case last.State == job.Cancelled:
		return ""
	case now.Sub(last.Ended) < time.Duration(d.Backoff):
		return ""
	case last.State == job.Succeeded:
		return "its stream ended"
	}
	return "its stream failed"
}

// RunDue runs the jobs that are due, one after the other, and those that were left behind. It
// says whether there were any.
func (rs *Runs) RunDue(ctx context.Context, tell func(lake.Event)) (ran bool, failures []error) {
	for _, d := range rs.Env.Spec.Jobs {
		if d.Streaming {
			continue
		}
		run, why, err := rs.next(ctx, d)
		if err == nil && why != "" {
			ran = true
			err = rs.attendJob(ctx, d, run, why, tell)
		}
		if ctx.Err() != nil {
			return ran, failures
		}
		if err != nil {
			tell(lake.Event{Kind: lake.JobEvent, Name: d.Name, State: lake.Failed, Err: err})
			failures = append(failures, err)
		}
	}
	return ran, failures
}

// next finds what is to be done about a job: a run that nobody looks after, or a new one that is
// due. Why is "" where there is nothing.
func (rs *Runs) next(ctx context.Context, d *spec.Job) (run job.Run, why string, err error) {
	j, err := rs.openJobs()
	if err != nil {
		return run, "", err
	}
	var last *job.Run
	found, err := j.newest(ctx, d.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return run, "", err
	case !found.State.Ended():
		orphan, err := j.keeper.Orphan(ctx, found)
		if err != nil || !orphan {
			return run, "", err
		}
		return found, "left behind by a process that is gone", nil
	default:
		last = &found
	}
	why, err = rs.due(ctx, d, last, time.Now())
	return run, why, err
}

// attendJob drives a run that was left behind, or a new one, and tells of it.
func (rs *Runs) attendJob(ctx context.Context, d *spec.Job, run job.Run, why string, tell func(lake.Event)) (err error) {
	if run.Number == 0 {
		run, err = rs.CreateJob(ctx, d.Name, nil, why)
		if active := (*job.ActiveError)(nil); errors.As(err, &active) {
			return nil // somebody else was first
		}
		if err != nil {
			return err
		}
	}
	event := lake.Event{Kind: lake.JobEvent, Name: d.Name, Note: why}
	run, err = rs.DriveJob(ctx, run, func(r job.Run) {
		running := event
		running.State, running.Note = lake.Running, r.ID()
		tell(running)
	})
	if errors.Is(err, job.ErrNotOwner) {
		return nil
	}
	if err != nil {
		return err
	}
	event.State, event.Version, event.Took = lake.Built, run.Number, run.Ended.Sub(run.Begun)
	for _, s := range run.Steps {
		event.Rows += s.Rows
	}
	tell(event)
	return nil
}

// Attend runs a job if it is due, or a run of it that was left behind, to its end; it does nothing where it is not.
// A program that was begun goes on where ctx ends before it; the next petalake takes it up. Slots are the
// places of jobs that run beside each other, one of which is waited for; a stream takes none.
func (rs *Runs) Attend(ctx context.Context, d *spec.Job, slots chan struct{}, tell func(lake.Event)) error {
	if !d.Streaming {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	run, why, err := rs.next(ctx, d)
	if err != nil || why == "" {
		return err
	}
	return rs.attendJob(ctx, d, run, why, tell)
}
