package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/petalake/petalake/internal/lake"
)

// Task is something that is done again and again.
type Task struct {
	Kind lake.Kind // of the event that tells of a failure
	Name string    // in that event
	// Every is the time between two goes. After a failure it is longer, up to longestPause.
	Every time.Duration
	// Do does it once, and tells of what it did. What it returns is told as a failure.
	Do func(ctx context.Context, tell func(lake.Event)) error
	// Wait takes the place of the time between two goes: it returns when there may be something to do. Err
	// is what the last go returned. Nil: Every.
	Wait func(ctx context.Context, err error)
}

// longestPause is the most that failures make of the time between two goes.
const longestPause = 5 * time.Minute

// Keep runs tasks, each by itself, until ctx ends. Tell is called by one goroutine at a time.
func Keep(ctx context.Context, tasks []Task, tell func(lake.Event)) {
	var group sync.WaitGroup
	for _, t := range tasks {
		group.Go(func() { t.keep(ctx, tell) })
	}
	group.Wait()
}

func (t Task) keep(ctx context.Context, tell func(lake.Event)) {
	failures := 0
	for {
		err := t.Do(ctx, tell)
		if ctx.Err() != nil {
			return
		}
		if failures++; err == nil {
			failures = 0
		} else if t.Kind != "" {
			tell(lake.Event{Kind: t.Kind, Name: t.Name, State: lake.Failed, Err: err})
		}
		if t.Wait != nil {
			t.Wait(ctx, err)
		} else {
			sleep(ctx, pause(t.Every, failures))
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// pause is the time between two goes after so many failures in a row.
func pause(every time.Duration, failures int) time.Duration {
	p := every
	for range failures - 1 {
		if p >= longestPause/2 {
			return max(every, longestPause)
		}
		p *= 2
	}
	return p
}

// sleep waits for a while, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// news passes events on, one at a time, without those that say again what was said before: a failure, or a note
// on there being nothing new. What went well in between makes them news.
type news struct {
	tell func(lake.Event)
	once bool // everything is done once: a note on nothing new is news

	mu   sync.Mutex
	said map[string]string // by kind and name
}

func (n *news) event(e lake.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.State == lake.Running || !n.repeats(e) {
		n.tell(e)
	}
}

func (n *news) repeats(e lake.Event) bool {
	key := string(e.Kind) + " " + e.Name
	text := ""
	switch {
	case e.Err != nil:
		text = e.Err.Error()
	case e.State == lake.Current && e.Note != "" && !n.once:
		text = e.Note
	default:
		delete(n.said, key)
		return false
	}
	before, ok := n.said[key]
	n.said[key] = text
	return ok && before == text
}
