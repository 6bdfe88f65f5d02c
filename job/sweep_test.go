package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

// world is what outlives every process of petalake: the lake, the time, and a cluster that runs attempts.
type world struct {
	mu       sync.Mutex
	lake     store.Store
	now      time.Time
	attempts map[string]*attempt
	effects  []string // what the steps of programs did, each committed once
	script   []string // how the attempts end, in order: ok, fail, gone, hang
}

type attempt struct {
	end       string
	polls     int
	steps     []job.Step
	cancelled bool
}

func newWorld(script ...string) *world {
	return &world{lake: store.NewMem(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), attempts: map[string]*attempt{}, script: script}
}

// Submit implements job.Runner: the attempts of a world do two steps, each committed by its number as
// Delta's txn does it.
func (w *world) Submit(_ context.Context, a job.Attempt) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attempts[a.ID] != nil {
		return a.ID, nil
	}
	end := "ok"
	if n := len(w.attempts); n < len(w.script) {
		end = w.script[n]
	}
	if end == "refuse" {
		return "", job.Refused(errors.New("no such program"), "write it")
	}
	t := &attempt{end: end}
	w.attempts[a.ID] = t
	for i := a.Done; i < 2; i++ {
		if end == "gone" && i == 1 {
			break
		}
		effect := fmt.Sprintf("%d/%d", a.Number, i)
		before := strings.Contains(strings.Join(w.effects, " "), effect)
		if !before {
			w.effects = append(w.effects, effect)
		}
		t.steps = append(t.steps, job.Step{Index: i, Before: before})
	}
	return a.ID, nil
}

// Poll implements job.Runner.
func (w *world) Poll(_ context.Context, handle string) (job.Status, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.attempts[handle]
	if t == nil {
		return job.Status{Phase: job.Gone}, nil
	}
	t.polls++
	s := job.Status{Phase: job.Active, Steps: t.steps}
	switch {
	case t.cancelled:
		s.Phase, s.Exit = job.Over, 143
	case t.end == "hang" || t.polls < 3:
	case t.end == "gone":
		s.Phase = job.Gone
	case t.end == "fail":
		s.Phase, s.Exit = job.Over, 1
	default:
		s.Phase = job.Over
	}
	return s, nil
}

// Cancel implements job.Runner.
func (w *world) Cancel(_ context.Context, handle string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts[handle].cancelled = true
	return nil
}

const said = "one\ntwo\nthree\n"

// Logs implements job.Runner: two bytes at a time.
func (w *world) Logs(_ context.Context, _ string, from int64) ([]byte, error) {
	if from >= int64(len(said)) {
		return nil, nil
	}
	return []byte(said[from:min(int(from)+2, len(said))]), nil
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// sleep lets the time pass at once.
func (w *world) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	return ctx.Err()
}

// process is petalake, on a lake that may fail.
func (w *world) process(name string, lake store.Store) *job.Keeper {
	return &job.Keeper{
		Journal: &job.Journal{Store: lake}, Owner: name,
		Runner: func(context.Context, job.Program) (job.Runner, error) { return w, nil },
		Now:    w.clock, Chance: func() float64 { return 0.5 },
		Sleep: func(ctx context.Context, d time.Duration) error {
			if d == time.Hour { // of the beat
				<-ctx.Done()
				return ctx.Err()
			}
			return w.sleep(ctx, d)
		},
		Beat: time.Hour, Lease: time.Minute, Poll: time.Minute,
		Dead: func(owner string) bool { return owner != name },
	}
}

func order() job.Order {
	return job.Order{Job: "daily", Program: job.Program{Kind: "sql", Resumes: true}, Policy: job.Policy{Retries: 1, Backoff: time.Minute, Timeout: 10 * time.Minute}}
}

// finish has one process after the other look for the run of the job, make it where there is none,
// and drive it, the first on a lake that may fail, until it has ended.
func (w *world) finish(t *testing.T, lake store.Store) job.Run {
	t.Helper()
	ctx := t.Context()
	for i := range 12 {
		k := w.process(fmt.Sprintf("p%d", i), lake)
		lake = w.lake
		if last, err := k.Journal.Last(ctx, "daily"); err == nil && last.State.Ended() {
			return last
		}
		run, err := k.Create(ctx, order())
		if active := (*job.ActiveError)(nil); errors.As(err, &active) {
			if run, err = k.Adopt(ctx, active.Run); err != nil {
				continue
			}
		}
		if err == nil {
			run, err = k.Drive(ctx, run, nil)
		}
		if err == nil {
			return run
		}
	}
	t.Fatal("the run does not end")
	return job.Run{}
}

// TestSweep has the store fail at every operation in turn, while attempts fail, vanish and hang. The
// run ends in the one state that follows, every step is done once, and the record has it all.
func TestSweep(t *testing.T) {
	for _, c := range []struct {
		script string
		state  job.State
	}{
		{"ok", job.Succeeded}, {"fail ok", job.Succeeded}, {"fail fail", job.Failed},
		{"gone ok", job.Succeeded}, {"gone gone fail gone ok", job.Succeeded}, {"refuse", job.Failed},
		{"hang hang", job.TimedOut}, {"hang ok", job.Succeeded}, {"gone gone gone gone", job.Lost},
	} {
		t.Run(c.script, func(t *testing.T) {
			storetest.Sweep(t, nil, func(t *testing.T, p *storetest.Plan) {
				w := newWorld(strings.Fields(c.script)...)
				run := w.finish(t, storetest.Faulty(w.lake, p))
				if run.State != c.state || run.Number != 1 {
					t.Errorf("got run %d %s, want run 1 %s", run.Number, run.State, c.state)
				}
				kept, err := (&job.Journal{Store: w.lake}).Load(t.Context(), "daily", 1)
				if err != nil || kept.State != run.State || kept.Attempt != run.Attempt || len(kept.Steps) != len(run.Steps) {
					t.Errorf("the lake has %+v, %v, want %+v", kept, err, run)
				}
				want := "1/0 1/1"
				if strings.HasPrefix(c.script, "gone gone gone") {
					want = "1/0"
				} else if c.script == "refuse" {
					want = ""
				}
				if got := strings.Join(w.effects, " "); got != want {
					t.Errorf("got the steps %q, want %q", got, want)
				}
				w.checkLog(t, run)
			})
		})
	}
}

func (w *world) checkLog(t *testing.T, run job.Run) {
	t.Helper()
	if run.Outcome.State == job.Failed && len(w.attempts) == 0 {
		return
	}
	var text strings.Builder
	if _, err := (&job.Journal{Store: w.lake}).CopyLog(t.Context(), &text, run, run.Attempt, 0); err != nil || text.String() != said {
		t.Errorf("log: got %q, %v, want %q", text.String(), err, said)
	}
}

// TestTwoKeepers has two processes drive the run at the same time: one looks after it, and the other
// says so.
func TestTwoKeepers(t *testing.T) {
	// A seed is a pair of pauses of up to 300 µs: 200 are spread over all of them.
	for seed := range uint64(sweep.Of(50, 200, 20_000)) {
		w := newWorld("fail", "ok")
		random := rand.New(rand.NewPCG(seed, 0))
		first := w.process("a", w.lake)
		run, err := first.Create(t.Context(), order())
		if err != nil {
			t.Fatal(err)
		}
		second := w.process("b", w.lake)
		var group sync.WaitGroup
		ends := make(chan job.State, 2)
		for _, k := range []*job.Keeper{first, second} {
			pause := random.IntN(300)
			group.Go(func() {
				time.Sleep(time.Duration(pause) * time.Microsecond)
				mine, err := k.Adopt(t.Context(), run)
				if err == nil {
					mine, err = k.Drive(t.Context(), mine, nil)
				}
				if err == nil {
					ends <- mine.State
				} else if !errors.Is(err, job.ErrNotOwner) && !errors.Is(err, job.ErrOver) {
					t.Errorf("seed %d: %v", seed, err)
				}
			})
		}
		group.Wait()
		close(ends)
		last, err := first.Journal.Last(t.Context(), "daily")
		if err != nil || last.State != job.Succeeded || last.Number != 1 || strings.Join(w.effects, " ") != "1/0 1/1" {
			t.Fatalf("seed %d: got %s %v, steps %q", seed, last.State, err, w.effects)
		}
		for s := range ends {
			if s != job.Succeeded {
				t.Errorf("seed %d: a keeper says %s", seed, s)
			}
		}
	}
}

// TestCancel ends a run in each of its states.
func TestCancel(t *testing.T) {
	w := newWorld("hang")
	k := w.process("a", w.lake)
	run, err := k.Create(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	other := w.process("b", w.lake)
	tell := func(r job.Run) {
		if r.State == job.Running && r.Handle != "" && !r.Asked {
			if _, err := other.Cancel(t.Context(), r); err != nil {
				t.Error(err)
			}
		}
	}
	if run, err = k.Drive(t.Context(), run, tell); err != nil || run.State != job.Cancelled {
		t.Errorf("while it runs: got %s, %v, want cancelled", run.State, err)
	}
	if _, err := other.Cancel(t.Context(), run); !errors.Is(err, job.ErrOver) {
		t.Errorf("once it ended: got %v, want ErrOver", err)
	}
	if run, err = k.Create(t.Context(), order()); err != nil || run.Number != 2 {
		t.Fatalf("got run %d, %v, want the next", run.Number, err)
	}
	if run, err = other.Cancel(t.Context(), run); err != nil || run.State != job.Cancelled {
		t.Errorf("before it began: got %s, %v, want cancelled", run.State, err)
	}
}

// TestSilence: another keeper is given up only after it said nothing for the whole lease.
func TestSilence(t *testing.T) {
	w := newWorld()
	run, err := w.process("a", w.lake).Create(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	k := w.process("b", w.lake)
	k.Dead = nil
	for _, want := range []bool{false, false, true} {
		if got, err := k.Orphan(t.Context(), run); got != want || err != nil {
			t.Errorf("at %s: got %v, %v, want %v", w.now, got, err, want)
		}
		w.sleep(t.Context(), 31*time.Second)
	}
}

// TestNext: whatever events come, a run stays in one piece, and what has ended stays as it is.
func TestNext(t *testing.T) {
	whats := []job.What{job.Created, job.Adopted, job.Started, job.Submitted, job.Stepped, job.Ended, job.Asked}
	states := []job.State{job.Succeeded, job.Failed, job.TimedOut, job.Lost}
	for seed := range uint64(sweep.Of(500, 2000, 100_000)) {
		random := rand.New(rand.NewPCG(seed, 7))
		o := order()
		o.Policy.Retries = random.IntN(3)
		run := job.Run{Number: 1}
		now, history := time.Unix(0, 0), ""
		for range 60 {
			now = now.Add(time.Second)
			e := job.Event{At: now, By: []string{"a", "b"}[random.IntN(2)], What: whats[random.IntN(len(whats))], Order: &o, Owner: "a", Handle: "h", Chance: random.Float64()}
			if e.What == job.Adopted {
				e.Owner = e.By
			}
			e.Step, e.Outcome = &job.Step{Index: len(run.Steps)}, &job.Outcome{State: states[random.IntN(4)]}
			next, err := run.Next(e)
			history += fmt.Sprintf(" %s:%s", e.By, e.What)
			switch {
			case err != nil:
				if fmt.Sprint(next) != fmt.Sprint(run) {
					t.Fatalf("seed %d:%s: a refused event changed the run", seed, history)
				}
				continue
			case run.State != "" && run.State.Ended():
				t.Fatalf("seed %d:%s: an event after the end", seed, history)
			case next.State == "" || next.Owner == "" || next.Attempt < run.Attempt || len(next.Steps) < len(run.Steps):
				t.Fatalf("seed %d:%s: got %+v", seed, history, next)
			case e.What == job.Ended && next.State == job.Waiting && next.Again.Before(now):
				t.Fatalf("seed %d:%s: the next attempt is due in the past", seed, history)
			}
			run = next
		}
		if run.Attempt > o.Policy.Retries+1+4*(len(run.Steps)+1) {
			t.Errorf("seed %d:%s: %d attempts with %d retries", seed, history, run.Attempt, o.Policy.Retries)
		}
	}
}
