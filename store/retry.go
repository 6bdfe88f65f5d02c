package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"time"
)

// Policy says how often, and after what pause, a temporary failure is tried again. The zero
// value makes 6 attempts within some seconds.
type Policy struct {
	Attempts int           // in all, the first included; 0 means 6
	Base     time.Duration // the longest first pause, doubled for each further one; 0 means 100 ms
	Max      time.Duration // the longest pause of all; 0 means 10 s

	// Jitter picks the pause from [0, longest]; nil means uniformly at random ("full jitter"), which
	// spreads the writers that a busy server turned away together.
	Jitter func(longest time.Duration) time.Duration
}

// Do calls op until it succeeds, fails with an error that is not marked Temporary, or the policy
// or ctx ends. It returns the last error of op.
func (p Policy) Do(ctx context.Context, op func(context.Context) error) error {
	for n := 1; ; n++ {
		err := op(ctx)
		if !IsTemporary(err) || n >= p.attempts() || !p.pause(ctx, n) {
			return err
		}
	}
}

// Put is Do for a Put. Once an attempt may have happened, no later answer can show that it did
// not: a key found taken may be its work, and a refusal says nothing about it. Both then become
// an UnknownError. Without a condition a later success settles everything.
func (p Policy) Put(ctx context.Context, key string, cond Cond, attempt func(context.Context) error) error {
	var doubt error // of the first attempt that may have happened
	err := p.Do(ctx, func(ctx context.Context) error {
		err := attempt(ctx)
		if doubt == nil && errors.Is(err, ErrUnknown) {
			doubt = err
		}
		return err
	})
	switch {
	case err == nil || doubt == nil || errors.Is(err, ErrUnknown):
		return err
	case errors.Is(err, fs.ErrExist):
		return &UnknownError{Key: key, Taken: true, Cause: causeOf(doubt)}
	default:
		return &UnknownError{Key: key, Cause: errors.Join(causeOf(doubt), err)}
	}
}

func causeOf(err error) error {
	if u, ok := errors.AsType[*UnknownError](err); ok {
		return u.Cause
	}
	return err
}

func (p Policy) attempts() int {
	if p.Attempts <= 0 {
		return 6
	}
	return p.Attempts
}

// pause waits after attempt n and reports whether ctx lets another one start.
func (p Policy) pause(ctx context.Context, n int) bool {
	timer := time.NewTimer(p.delay(n))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

func (p Policy) delay(n int) time.Duration {
	longest, limit := p.Base, p.Max
	if longest <= 0 {
		longest = 100 * time.Millisecond
	}
	if limit <= 0 {
		limit = 10 * time.Second
	}
	for ; n > 1 && longest < limit; n-- {
		longest *= 2
	}
	longest = min(longest, limit)
	if p.Jitter != nil {
		return p.Jitter(longest)
	}
	return rand.N(longest + 1)
}

// Retry repeats what fails with an error marked Temporary. A listing goes on after the last key
// it yielded. The bytes of a Get that has begun are the driver's business: only it can tell that
// the object is still the same.
//
// A conditional Put that is repeated may find its own first attempt. Retry then returns an
// UnknownError with Taken set, never fs.ErrExist: see Policy.Put.
func Retry(s Store, p Policy) Store { return &retrying{s, p} }

type retrying struct {
	Store
	policy Policy
}

func (r *retrying) Get(ctx context.Context, key string, off, n int64) (body io.ReadCloser, err error) {
	err = r.policy.Do(ctx, func(ctx context.Context) error {
		body, err = r.Store.Get(ctx, key, off, n)
		return err
	})
	return body, err
}

func (r *retrying) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	return r.policy.Put(ctx, key, cond, func(ctx context.Context) error {
		return r.Store.Put(ctx, key, body, cond)
	})
}

func (r *retrying) Delete(ctx context.Context, keys ...string) error {
	return r.policy.Do(ctx, func(ctx context.Context) error { return r.Store.Delete(ctx, keys...) })
}

func (r *retrying) List(ctx context.Context, prefix, start string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for n := 1; ; n++ {
			var broke error
			for o, err := range r.Store.List(ctx, prefix, start) {
				if err != nil {
					broke = err
					break
				}
				if !yield(o, nil) {
					return
				}
				start, n = o.Key, 1 // progress: the attempts begin anew
			}
			if broke == nil {
				return
			}
			if !IsTemporary(broke) || n >= r.policy.attempts() || !r.policy.pause(ctx, n) {
				yield(Object{}, broke)
				return
			}
		}
	}
}
