package job

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Keeper looks after runs: it drives each from one event to the next. Of several processes with
// keepers of one lake, each run has one. It is safe for concurrent use.
type Keeper struct {
	Journal *Journal
	Owner   string // of this process, unlike any other
	// Runner finds what runs a program.
	Runner func(ctx context.Context, p Program) (Runner, error)
	// Versions are the versions of the tables that an order reads or, when it has ended, writes. It
	// may be nil.
	Versions func(ctx context.Context, o Order, steps []Step) (reads, writes map[string]int64, err error)
	// Dead says whether the process of another owner is known to be gone; nil: never known.
	Dead func(owner string) bool
	// Elsewhere says whether only another machine can find the attempt of a handle; nil: none.
	Elsewhere func(handle string) bool

	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error
	Chance func() float64 // from 0 to 1

	Beat  time.Duration // how often it says that it lives; 0: 5 s
	Lease time.Duration // how long another's silence means its death; 0: 30 s
	Poll  time.Duration // how often it asks a runner at least; 0: 1 s

	mu      sync.Mutex
	driven  map[string]bool    // runs that this process drives, by ID
	owned   map[string]bool    // runs that are this process's, and have not ended as far as it knows
	silence map[string]silence // of other keepers, by run
}

// silence is what another keeper said last, and since when.
type silence struct {
	beat  string
	since time.Time
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Create makes the next run of a job, for this keeper to drive.
func (k *Keeper) Create(ctx context.Context, o Order) (Run, error) {
	e := Event{At: k.Now(), By: k.Owner, Owner: k.Owner, Order: &o}
	if k.Versions != nil {
		var err error
		if e.Reads, _, err = k.Versions(ctx, o, nil); err != nil {
			return Run{}, err
		}
	}
	run, err := k.Journal.Create(ctx, e)
	if err == nil || !errors.As(err, new(*ActiveError)) {
		k.owns(run, true) // or may: nobody knows
	}
	return run, err
}

// owns notes whether a run that has not ended is this process's.
func (k *Keeper) owns(run Run, is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.owned == nil {
		k.owned = map[string]bool{}
	}
	if k.owned[run.ID()] = true; !is {
		delete(k.owned, run.ID())
	}
}

// Idle says that no run waits for this process.
func (k *Keeper) Idle() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.owned) == 0
}

// Orphan says whether a run that has not ended has no living keeper. Whether another machine's
// keeper is alive takes Lease to find out: until then it is false.
func (k *Keeper) Orphan(ctx context.Context, run Run) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case run.State.Ended() || k.driven[run.ID()]:
		return false, nil
	case run.Owner == k.Owner || k.Dead != nil && k.Dead(run.Owner):
		return true, nil
	}
	beat, err := k.Journal.lastBeat(ctx, run)
	if err != nil {
		return false, err
	}
	beat += run.Owner
	now := k.Now()
	before, known := k.silence[run.ID()]
	if !known || before.beat != beat {
		if k.silence == nil {
			k.silence = map[string]silence{}
		}
		k.silence[run.ID()] = silence{beat, now}
		return false, nil
	}
	lease := or(k.Lease, 30*time.Second)
	if k.Elsewhere != nil && k.Elsewhere(run.Handle) {
		lease = max(lease, elsewhereLease)
	}
	return now.Sub(before.since) >= lease, nil
}

// elsewhereLease is the least Lease of an attempt that is a process of another machine: it may go on
// while its petalake is down.
const elsewhereLease = time.Hour

// Adopt makes this keeper the one that looks after a run.
func (k *Keeper) Adopt(ctx context.Context, run Run) (Run, error) {
	if run.Owner == k.Owner {
		return run, nil
	}
	k.owns(run, true)
	return k.Journal.Append(ctx, run, Event{At: k.Now(), By: k.Owner, What: Adopted, Owner: k.Owner})
}

// Drive brings a run of this keeper to its end, and tells of its events; tell may be nil. It returns early, with the run as it is, when ctx
// ends, when another process has taken the run over (ErrNotOwner), and when the lake cannot be reached for long.
func (k *Keeper) Drive(ctx context.Context, run Run, tell func(Run)) (Run, error) {
	if !k.begin(run) {
		return run, fmt.Errorf("run %s: it is driven already", run.ID())
	}
	defer k.done(run)
	ctx, stop := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() { k.beatUntil(ctx, run) })
	defer beating.Wait()
	defer stop()
	d := &drive{Keeper: k, run: run, tell: tell}
	err := d.drive(ctx)
	if err == nil || errors.Is(err, ErrNotOwner) {
		k.owns(run, false)
	}
	if err == nil {
		_ = k.Journal.prune(ctx, run.Job) // the next run does it too
	}
	return d.run, err
}

func (k *Keeper) begin(run Run) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.driven == nil {
		k.driven = map[string]bool{}
	}
	was := k.driven[run.ID()]
	k.driven[run.ID()] = true
	return !was
}

func (k *Keeper) done(run Run) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.driven, run.ID())
}

func (k *Keeper) beatUntil(ctx context.Context, run Run) {
	for ctx.Err() == nil {
		_ = k.Journal.beat(ctx, run) // a beat that is missing is made up for by the next
		if k.Sleep(ctx, or(k.Beat, 5*time.Second)) != nil {
			return
		}
	}
}

// Cancel asks for the end of a run. One that nobody looks after is ended by the next keeper that
// finds it.
func (k *Keeper) Cancel(ctx context.Context, run Run) (Run, error) {
	return k.Journal.Append(ctx, run, Event{At: k.Now(), By: k.Owner, What: Asked})
}

// drive is one run under way.
type drive struct {
	*Keeper
	run    Run
	tell   func(Run)
	runner Runner
	logged int64 // bytes of the attempt's log that are in the lake
	chunks int   // of it that this drive wrote
	wrote  time.Time
	tail   []byte
	asked  time.Time // when the runner was asked last to end the attempt
	late   bool      // because it took too long
}

// patience is how often in a row the lake or the runner may fail before the drive gives up.
const patience = 8

func (d *drive) drive(ctx context.Context) error {
	failures := 0
	for !d.run.State.Ended() {
		err := d.step(ctx)
		switch {
		case err == nil:
			failures = 0
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrOver):
			continue
		case errors.Is(err, ErrNotOwner):
			return err
		}
		if failures++; failures > patience {
			return err
		}
		if err := d.Sleep(ctx, time.Second<<min(failures, 5)/2); err != nil {
			return err
		}
	}
	return nil
}

// step does what the run's state asks for.
func (d *drive) step(ctx context.Context) error {
	switch {
	case d.run.State == Running && d.run.Handle == "":
		return d.submit(ctx)
	case d.run.State == Running:
		return d.attend(ctx)
	}
	if wait := d.run.Again.Sub(d.Now()); d.run.State == Waiting && wait > 0 {
		if err := d.Sleep(ctx, min(wait, or(d.Poll, time.Second))); err != nil {
			return err
		}
		run, err := d.Journal.Refresh(ctx, d.run)
		d.run = run
		return err
	}
	e := Event{What: Started}
	if d.Versions != nil && d.run.Attempt == 0 {
		var err error
		if e.Reads, _, err = d.Versions(ctx, d.run.Order, nil); err != nil {
			return err
		}
	}
	d.logged, d.wrote, d.tail, d.late, d.asked = 0, time.Time{}, nil, false, time.Time{}
	return d.append(ctx, e)
}

func (d *drive) append(ctx context.Context, e Event) error {
	e.At, e.By, e.Chance = d.Now(), d.Owner, d.Chance()
	run, err := d.Journal.Append(ctx, d.run, e)
	d.run = run
	if err == nil && d.tell != nil {
		d.tell(run)
	}
	return err
}

// submit hands the attempt to its runner.
func (d *drive) submit(ctx context.Context) error {
	if err := d.find(ctx); err != nil {
		return d.refused(ctx, err)
	}
	handle, err := d.runner.Submit(ctx, Attempt{
		ID: d.run.AttemptID(), Run: d.run.ID(), Job: d.run.Job, Number: d.run.Number, Program: d.run.Program, Done: len(d.run.Steps),
	})
	if err != nil {
		return d.refused(ctx, err)
	}
	return d.append(ctx, Event{What: Submitted, Handle: handle})
}

// refused ends a run that can never start; other errors pass.
func (d *drive) refused(ctx context.Context, err error) error {
	refused := (*RefusedError)(nil)
	if !errors.As(err, &refused) {
		return err
	}
	text := refused.Error()
	if hint := refused.Hint(); hint != "" {
		text += ": " + hint
	}
	return d.append(ctx, Event{What: Ended, Outcome: &Outcome{State: Failed, Error: text, Final: true}})
}

func (d *drive) find(ctx context.Context) (err error) {
	if d.runner == nil {
		d.runner, err = d.Runner(ctx, d.run.Program)
	}
	return err
}

// attend waits for the attempt, keeps its log, notes its steps and ends it where it must end.
func (d *drive) attend(ctx context.Context) error {
	if err := d.find(ctx); err != nil {
		return d.refused(ctx, err)
	}
	run, err := d.Journal.Refresh(ctx, d.run)
	if d.run = run; err != nil {
		return err
	}
	if run.Owner != d.Owner {
		return fmt.Errorf("run %s: %w", run.ID(), ErrNotOwner)
	}
	if run.State != Running {
		return nil // an event of ours is there after all
	}
	status, err := d.runner.Poll(ctx, run.Handle)
	if err != nil {
		return err
	}
	if err := d.log(ctx, status.Phase != Active); err != nil {
		return err
	}
	for i := range status.Steps {
		if s := status.Steps[i]; s.Index == len(d.run.Steps) {
			if err := d.append(ctx, Event{What: Stepped, Step: &s}); err != nil {
				return err
			}
		}
	}
	if status.Phase != Active {
		return d.end(ctx, status)
	}
	if err := d.hurry(ctx); err != nil {
		return err
	}
	return d.Sleep(ctx, d.pause())
}

// pause is how long to wait before asking again: a moment in the beginning.
func (d *drive) pause() time.Duration {
	most := or(d.Poll, time.Second)
	return min(most, max(d.Now().Sub(d.run.Started)/10, most/20))
}

// hurry has the runner end an attempt that somebody cancelled or that takes too long.
func (d *drive) hurry(ctx context.Context) error {
	now := d.Now()
	limit := d.run.Policy.Timeout
	late := limit > 0 && now.Sub(d.run.Started) >= limit
	if !late && !d.run.Asked || !d.asked.IsZero() && now.Sub(d.asked) < 10*time.Second {
		return nil
	}
	d.late = d.late || late && !d.run.Asked
	if err := d.runner.Cancel(ctx, d.run.Handle); err != nil {
		return err
	}
	d.asked = now
	return nil
}

// end notes how an attempt ended.
func (d *drive) end(ctx context.Context, s Status) error {
	o := Outcome{State: Failed, Exit: s.Exit, Error: s.Error, Final: s.Final}
	switch {
	case s.Phase == Over && s.Exit == 0 && s.Error == "":
		o.State = Succeeded
	case d.run.Asked:
		o = Outcome{State: Cancelled}
	case d.late || d.overdue(s):
		o.State, o.Error = TimedOut, fmt.Sprintf("it took longer than %s, its timeout", d.run.Policy.Timeout)
	case s.Phase == Gone:
		o.State, o.Error = Lost, "it vanished, and left no exit code: the machine or whatever ran it was stopped"
	case o.Error == "":
		o.Error = fmt.Sprintf("it ended with exit code %d", s.Exit)
	}
	if len(d.tail) == 0 && d.logged > 0 { // another keeper had it
		var err error
		if d.tail, err = d.runner.Logs(ctx, d.run.Handle, max(0, d.logged-lastWords)); err != nil {
			return err
		}
	}
	if tail := lastLines(d.tail, 5); tail != "" && o.State == Failed && d.run.Program.Kind != SQL {
		o.Error += "; its log ends with:\n" + tail
	}
	e := Event{What: Ended, Outcome: &o}
	if d.Versions != nil {
		var err error
		if _, e.Writes, err = d.Versions(ctx, d.run.Order, d.run.Steps); err != nil {
			return err
		}
	}
	return d.append(ctx, e)
}

// overdue: a keeper before this one may have ended the attempt for its time.
func (d *drive) overdue(s Status) bool {
	limit := d.run.Policy.Timeout
	return limit > 0 && s.Phase == Over && s.Exit > 128 && d.Now().Sub(d.run.Started) >= limit
}

// log moves what the attempt said since into the lake. The middle of a long log is deleted.
func (d *drive) log(ctx context.Context, all bool) error {
	if d.logged == 0 {
		end, err := d.Journal.logEnd(ctx, d.run)
		if err != nil {
			return err
		}
		d.logged = end
	}
	for {
		chunk, err := d.runner.Logs(ctx, d.run.Handle, d.logged)
		if err != nil || len(chunk) == 0 {
			return err
		}
		chunk = chunk[:min(len(chunk), chunkSize)]
		if !all && len(chunk) < chunkSize/4 && d.Now().Sub(d.wrote) < d.rest() {
			return nil // few chunks, and yet soon
		}
		d.wrote = d.Now()
		d.tail = append(d.tail, chunk...)
		d.tail = d.tail[max(0, len(d.tail)-lastWords):]
		if d.logged, err = d.Journal.writeLog(ctx, d.run, d.logged, chunk); err != nil {
			return err
		}
		if d.chunks++; d.chunks%trimEvery == 0 {
			_ = d.Journal.trimLog(ctx, d.run) // the next time does it too
		}
	}
}

// lastWords is how many bytes of a log are looked through for what it ended with.
const lastWords = 64 << 10

// rest is how long a little more of the log may wait for company.
func (d *drive) rest() time.Duration {
	return min(10*time.Second, d.Now().Sub(d.run.Started)/10)
}
