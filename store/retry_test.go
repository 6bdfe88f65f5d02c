package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

var errBusy = errors.New("busy")

// script gives its errors one after the other, then nil.
func script(errs ...error) (op func(context.Context) error, calls *int) {
	calls = new(int)
	return func(context.Context) error {
		*calls++
		if *calls > len(errs) {
			return nil
		}
		return errs[*calls-1]
	}, calls
}

func TestPolicyPut(t *testing.T) {
	busy := store.Temporary(errBusy)
	lost := store.Temporary(&store.UnknownError{Key: "k", Cause: errBusy})
	taken := &fs.PathError{Op: "put", Path: "k", Err: fs.ErrExist}
	denied := &fs.PathError{Op: "put", Path: "k", Err: fs.ErrPermission}
	for name, c := range map[string]struct {
		errs      []error
		calls     int
		want, not error
		taken     bool
	}{
		"at once":                 {nil, 1, nil, nil, false},
		"busy once":               {[]error{busy}, 2, nil, nil, false},
		"taken":                   {[]error{taken}, 1, fs.ErrExist, store.ErrUnknown, false},
		"busy, then taken":        {[]error{busy, taken}, 2, fs.ErrExist, store.ErrUnknown, false},
		"lost, then taken":        {[]error{lost, taken}, 2, store.ErrUnknown, fs.ErrExist, true},
		"lost, busy, then taken":  {[]error{lost, busy, taken}, 3, store.ErrUnknown, fs.ErrExist, true},
		"lost, then refused":      {[]error{lost, denied}, 2, store.ErrUnknown, fs.ErrExist, false},
		"lost, then written":      {[]error{lost}, 2, nil, nil, false},
		"lost for ever":           {[]error{lost, lost, lost}, 3, store.ErrUnknown, fs.ErrExist, false},
		"lost, then busy to end":  {[]error{lost, busy, busy}, 3, store.ErrUnknown, fs.ErrExist, false},
		"busy for ever":           {[]error{busy, busy, busy}, 3, errBusy, store.ErrUnknown, false},
		"refused is not repeated": {[]error{denied}, 1, fs.ErrPermission, store.ErrUnknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op, calls := script(c.errs...)
				err := store.Policy{Attempts: 3}.Put(t.Context(), "k", store.IfAbsent, op)
				if !errors.Is(err, c.want) || c.not != nil && errors.Is(err, c.not) {
					t.Errorf("got %v, want %v and not %v", err, c.want, c.not)
				}
				if *calls != c.calls {
					t.Errorf("got %d attempts, want %d", *calls, c.calls)
				}
				var u *store.UnknownError
				if errors.As(err, &u) && u.Taken != c.taken {
					t.Errorf("got taken %v, want %v", u.Taken, c.taken)
				}
			})
		})
	}
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		p := store.Policy{Attempts: 6, Base: time.Second, Max: 5 * time.Second, Jitter: func(longest time.Duration) time.Duration {
			asked = append(asked, longest)
			return longest / 2
		}}
		start := time.Now()
		err := p.Do(t.Context(), func(context.Context) error { return store.Temporary(errBusy) })
		if !errors.Is(err, errBusy) {
			t.Errorf("got %v, want the last error", err)
		}
		if got, want := fmt.Sprint(asked), "[1s 2s 4s 5s 5s]"; got != want {
			t.Errorf("longest pauses: got %s, want %s", got, want)
		}
		if got, want := time.Since(start), 8500*time.Millisecond; got != want {
			t.Errorf("waited %v, want %v", got, want)
		}
	})
}

func TestPauseEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		long := store.Policy{Base: time.Hour, Max: time.Hour, Jitter: func(d time.Duration) time.Duration { return d }}
		calls := 0
		err := long.Do(ctx, func(context.Context) error { calls++; return store.Temporary(errBusy) })
		if calls != 1 || !errors.Is(err, errBusy) {
			t.Errorf("got %d calls and %v, want one and the error of the operation", calls, err)
		}
	})
}

// TestRetrySweep: whatever goes wrong with a put, what Retry says about it is true.
func TestRetrySweep(t *testing.T) {
	storetest.Sweep(t, storetest.Writes, func(t *testing.T, p *storetest.Plan) {
		mem := store.NewMem()
		s := store.Retry(storetest.Faulty(mem, p), store.Policy{Jitter: func(time.Duration) time.Duration { return 0 }})
		for i := range 3 {
			key := fmt.Sprintf("log/%d", i)
			err := store.PutBytes(t.Context(), s, key, []byte("mine"), store.IfAbsent)
			_, missing := store.Stat(t.Context(), mem, key)
			switch {
			case err == nil && missing != nil:
				t.Errorf("put %s: got success, and then %v", key, missing)
			case errors.Is(err, storetest.ErrInjected) && !errors.Is(err, store.ErrUnknown) && missing == nil:
				t.Errorf("put %s: got the failure %v, and then the object is there", key, err)
			case p.Fault == storetest.Lose && err != nil && !errors.Is(err, store.ErrUnknown):
				t.Errorf("put %s after a lost answer: got %v, want store.ErrUnknown", key, err)
			}
		}
	})
}

// brokenLists fails each listing after two objects, as a temporary error.
type brokenLists struct{ store.Store }

func (b brokenLists) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		n := 0
		for o, err := range b.Store.List(ctx, prefix, start) {
			if n++; n > 2 {
				yield(store.Object{}, store.Temporary(errBusy))
				return
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func TestRetryListGoesOn(t *testing.T) {
	mem := store.NewMem()
	for i := range 7 {
		if err := store.PutBytes(t.Context(), mem, fmt.Sprintf("k%d", i), nil, store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	s := store.Retry(brokenLists{mem}, store.Policy{Attempts: 2, Jitter: func(time.Duration) time.Duration { return 0 }})
	var got string
	for o, err := range s.List(t.Context(), "k", "k0") {
		if err != nil {
			t.Fatalf("got %v, want the listing to go on", err)
		}
		got += o.Key + " "
	}
	if want := "k1 k2 k3 k4 k5 k6 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
