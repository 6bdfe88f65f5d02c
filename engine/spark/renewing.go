package spark

import (
	"context"
	"sync"
	"time"
)

// early is how long before its end a token is fetched anew, or half its life where that is shorter.
const early = 5 * time.Minute

// Renewing makes Options.Metadata of a token that ends, such as EMR's x-aws-proxy-auth: fetch gets
// one, and the time at which it ends (zero: never). It is called again five minutes before that, by
// one caller at a time. While a token is good a fetch that fails is no error. Now is the clock, such
// as time.Now.
func Renewing(header string, now func() time.Time, fetch func(context.Context) (token string, ends time.Time, err error)) func(context.Context) (map[string]string, error) {
	r := &renewed{now: now, fetch: fetch, turn: make(chan struct{}, 1)}
	return func(ctx context.Context) (map[string]string, error) {
		token, err := r.token(ctx)
		if err != nil {
			return nil, err
		}
		return map[string]string{header: token}, nil
	}
}

// renewed is a token, and how to get the next.
type renewed struct {
	now   func() time.Time
	fetch func(context.Context) (string, time.Time, error)
	turn  chan struct{} // held by who fetches

	mu    sync.Mutex
	value string
	renew time.Time // when to fetch the next
	ends  time.Time
}

func (r *renewed) token(ctx context.Context) (string, error) {
	value, fresh, good := r.have()
	if fresh {
		return value, nil
	}
	if good {
		select {
		case r.turn <- struct{}{}:
		default:
			return value, nil // somebody fetches already
		}
	} else {
		select {
		case r.turn <- struct{}{}:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	defer func() { <-r.turn }()
	if value, fresh, good = r.have(); fresh { // somebody did
		return value, nil
	}
	next, ends, err := r.fetch(ctx)
	if err != nil && good {
		return value, nil
	}
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.value, r.ends = next, ends
	r.renew = ends.Add(-min(early, ends.Sub(now)/2))
	return next, nil
}

// have is the token there is, whether it need not be fetched yet, and whether it is good at all.
func (r *renewed) have() (value string, fresh, good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.value == "" {
		return "", false, false
	}
	forever, now := r.ends.IsZero(), r.now()
	return r.value, forever || now.Before(r.renew), forever || now.Before(r.ends)
}
