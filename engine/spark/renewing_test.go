package spark

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRenewing promises one fetch for a token's life, the next five minutes before its end, and that a
// fetch which fails does no harm before that end.
func TestRenewing(t *testing.T) {
	var now atomic.Int64 // seconds
	fetches, down := 0, false
	metadata := Renewing("x-auth", func() time.Time { return time.Unix(now.Load(), 0) },
		func(context.Context) (string, time.Time, error) {
			fetches++
			if down {
				return "", time.Time{}, errors.New("down")
			}
			return fmt.Sprint("token", fetches), time.Unix(now.Load()+3600, 0), nil
		})
	for _, step := range []struct {
		at      int64
		down    bool
		token   string
		fetches int
	}{
		{0, false, "token1", 1},
		{3299, false, "token1", 1},
		{3300, true, "token1", 2},
		{3599, true, "token1", 3},
		{3600, true, "", 4},
		{3601, false, "token5", 5},
		{6900, false, "token5", 5},
		{6901, false, "token6", 6},
	} {
		now.Store(step.at)
		down = step.down
		headers, err := metadata(t.Context())
		if headers["x-auth"] != step.token || fetches != step.fetches || (err != nil) != (step.token == "") {
			t.Errorf("at %d s: got %v, %v after %d fetches, want %q after %d", step.at, headers, err, fetches, step.token, step.fetches)
		}
	}
}

// TestRenewingOnce promises that many callers cause one fetch, and that each may give up.
func TestRenewingOnce(t *testing.T) {
	var fetches atomic.Int64
	gate := make(chan struct{})
	metadata := Renewing("x-auth", time.Now, func(context.Context) (string, time.Time, error) {
		fetches.Add(1)
		<-gate
		return "secret", time.Time{}, nil
	})
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if headers, err := metadata(t.Context()); err != nil || headers["x-auth"] != "secret" {
				t.Errorf("got %v, %v", headers, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for fetches.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := metadata(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gave up: got %v", err)
	}
	close(gate)
	callers.Wait()
	if n := fetches.Load(); n != 1 {
		t.Errorf("20 callers caused %d fetches, want 1", n)
	}
}
