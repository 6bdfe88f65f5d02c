package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/petalake/petalake/internal/lake"
)

// TestKeep promises that a task is done again and again, that one that fails backs off alone and is told of once for as
// long as it fails in one way, and that nothing runs when Keep returns.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		var failed []time.Duration
		steady, running := 0, 0
		var told []string
		tell := (&news{said: map[string]string{}, tell: func(e lake.Event) { told = append(told, fmt.Sprint(e.Name, " ", e.State, " ", e.Err)) }}).event
		Keep(ctx, []Task{
			{Kind: lake.JobEvent, Name: "good", Every: time.Second, Do: func(context.Context, func(lake.Event)) error { steady++; return nil }},
			{Kind: lake.FleetEvent, Name: "bad", Every: 30 * time.Second, Do: func(context.Context, func(lake.Event)) error {
				failed = append(failed, time.Since(began).Round(time.Second))
				switch n := len(failed); {
				case n == 8:
					return nil
				case n > 8:
					return errors.New("another")
				}
				return errors.New("no")
			}},
			{Kind: lake.CatalogEvent, Name: "long", Every: time.Second, Do: func(ctx context.Context, _ func(lake.Event)) error {
				running++
				<-ctx.Done()
				time.Sleep(time.Minute) // it takes a while to end
				running--
				return ctx.Err()
			}},
		}, tell)
		if running != 0 {
			t.Errorf("%d tasks run after Keep has returned", running)
		}
		if steady < 3590 {
			t.Errorf("the task beside was done %d times in an hour, want each second", steady)
		}
		var gaps []string
		for i := 1; i < len(failed); i++ {
			gaps = append(gaps, (failed[i] - failed[i-1]).String())
		}
		if want := []string{"30s", "1m0s", "2m0s", "4m0s", "5m0s", "5m0s", "5m0s", "30s", "30s", "1m0s"}; !slices.Equal(gaps[:len(want)], want) {
			t.Errorf("pauses: got %v, want %v", gaps, want)
		}
		if want := []string{"bad failed no", "bad failed another"}; !slices.Equal(told, want) {
			t.Errorf("told: got %q, want %q", told, want)
		}
	})
}

// TestNews promises that what was said is not said again until something else came between.
func TestNews(t *testing.T) {
	no := errors.New("no")
	for _, once := range []bool{false, true} {
		var told []string
		n := &news{once: once, said: map[string]string{}, tell: func(e lake.Event) { told = append(told, fmt.Sprint(e.Name, e.State, e.Note)) }}
		for _, e := range []lake.Event{
			{Kind: lake.SourceEvent, Name: "a", State: lake.Failed, Err: no},
			{Kind: lake.SourceEvent, Name: "a", State: lake.Running},
			{Kind: lake.SourceEvent, Name: "a", State: lake.Failed, Err: no},
			{Kind: lake.ModelEvent, Name: "a", State: lake.Failed, Err: no},
			{Kind: lake.SourceEvent, Name: "a", State: lake.Built},
			{Kind: lake.SourceEvent, Name: "a", State: lake.Failed, Err: no},
			{Kind: lake.SourceEvent, Name: "b", State: lake.Current, Note: "x"},
			{Kind: lake.SourceEvent, Name: "b", State: lake.Current, Note: "x"},
		} {
			n.event(e)
		}
		want := []string{"afailed", "arunning", "afailed", "abuilt", "afailed", "bcurrentx"}
		if once {
			want = append(want, "bcurrentx")
		}
		if !slices.Equal(told, want) {
			t.Errorf("once %v: got %q, want %q", once, told, want)
		}
	}
}
