package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sync"
	"testing"

	"github.com/petalake/petalake/store"
)

// Fault is a way in which an operation goes wrong.
type Fault int

const (
	// Fail: the operation did not happen, and says so with ErrInjected.
	Fail Fault = iota
	// Lose: a write happened, and its answer was lost: a *store.UnknownError, marked temporary. A
	// read or a listing breaks off half way with ErrInjected.
	Lose
	// Echo: a conditional put happened, and something below that repeated it passes on the second
	// answer, fs.ErrExist. Other operations are not counted.
	Echo
	// Crash: neither this operation nor any later one happens; all give ErrCrashed.
	Crash
	// CrashAfter: this operation happens, then everything is as after a Crash.
	CrashAfter
)

var faultNames = [...]string{"fail", "lose", "echo", "crash", "crash-after"}

func (f Fault) String() string { return faultNames[f] }

// Faults returns all faults.
func Faults() []Fault { return []Fault{Fail, Lose, Echo, Crash, CrashAfter} }

var (
	// ErrInjected is the reason of a fault that a caller may live through.
	ErrInjected = errors.New("injected fault")
	// ErrCrashed is what a store says after Crash: to the code under test the process is dead.
	ErrCrashed = errors.New("crashed")
)

// Call is an operation about to begin.
type Call struct {
	Method string // "get", "put", "list" or "delete"
	Key    string // the prefix of a list, the first key of a delete
	Cond   store.Cond
}

// Writes matches puts and deletes.
func Writes(c Call) bool { return c.Method == "put" || c.Method == "delete" }

// Plan says what goes wrong, once, and when. One plan serves one Faulty store.
type Plan struct {
	Fault Fault
	At    int             // which matching operation, from 0
	Match func(Call) bool // which operations count; nil means all

	mu      sync.Mutex
	seen    int
	hit     bool
	crashed bool
}

// Hit says whether the fault has happened.
func (p *Plan) Hit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hit
}

func (p *Plan) String() string { return fmt.Sprintf("%v@%d", p.Fault, p.At) }

// next says whether the fault happens to this call; err where nothing happens any more.
func (p *Plan) next(c Call) (now bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.crashed {
		return false, ErrCrashed
	}
	if p.Match != nil && !p.Match(c) {
		return false, nil
	}
	if p.Fault == Echo && (c.Method != "put" || c.Cond != store.IfAbsent) {
		return false, nil
	}
	now = p.seen == p.At
	p.seen++
	if now {
		p.hit = true
		p.crashed = p.Fault == Crash || p.Fault == CrashAfter
	}
	return now, nil
}

// Faulty returns s with the fault of the plan in it. To look at what a crash left behind, use s.
func Faulty(s store.Store, p *Plan) store.Store { return &faulty{s, p} }

type faulty struct {
	store store.Store
	plan  *Plan
}

func (f *faulty) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	now, err := f.plan.next(Call{Method: "get", Key: key})
	if err != nil || now && f.plan.Fault != Lose {
		return nil, f.broken("get", key, err)
	}
	body, err := f.store.Get(ctx, key, off, n)
	if err != nil || !now {
		return body, err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	half := io.MultiReader(bytes.NewReader(b[:len(b)/2]), brokenReader{f.broken("get", key, nil)})
	return io.NopCloser(half), nil
}

func (f *faulty) Put(ctx context.Context, key string, body io.ReadSeeker, cond store.Cond) error {
	return f.write(Call{Method: "put", Key: key, Cond: cond}, func() error {
		return f.store.Put(ctx, key, body, cond)
	})
}

func (f *faulty) Delete(ctx context.Context, keys ...string) error {
	c := Call{Method: "delete"}
	if len(keys) > 0 {
		c.Key = keys[0]
	}
	return f.write(c, func() error { return f.store.Delete(ctx, keys...) })
}

func (f *faulty) write(c Call, do func() error) error {
	now, err := f.plan.next(c)
	if err != nil {
		return f.broken(c.Method, c.Key, err)
	}
	if now && (f.plan.Fault == Fail || f.plan.Fault == Crash) {
		return f.broken(c.Method, c.Key, nil)
	}
	if err := do(); err != nil || !now {
		return err
	}
	switch f.plan.Fault {
	case Lose:
		return store.Temporary(&store.UnknownError{Key: c.Key, Cause: ErrInjected})
	case Echo:
		return &fs.PathError{Op: c.Method, Path: c.Key, Err: fs.ErrExist}
	}
	return f.broken(c.Method, c.Key, nil)
}

func (f *faulty) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		now, err := f.plan.next(Call{Method: "list", Key: prefix})
		if err != nil || now && f.plan.Fault != Lose {
			yield(store.Object{}, f.broken("list", prefix, err))
			return
		}
		var all []store.Object
		for o, err := range f.store.List(ctx, prefix, start) {
			switch {
			case now && err == nil:
				all = append(all, o)
			case !yield(o, err):
				return
			}
		}
		if !now {
			return
		}
		for _, o := range all[:len(all)/2] {
			if !yield(o, nil) {
				return
			}
		}
		yield(store.Object{}, f.broken("list", prefix, nil))
	}
}

// broken is the error of a call that meets the fault; err is given where it came after the crash.
func (f *faulty) broken(method, key string, err error) error {
	if err == nil {
		err = ErrInjected
		if f.plan.Fault == Crash || f.plan.Fault == CrashAfter {
			err = ErrCrashed
		}
	}
	return &fs.PathError{Op: method, Path: key, Err: err}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// Sweep runs a test once for each fault at each operation that match lets count (nil: all), until
// the test ends without meeting the fault. Each run makes a fresh store and wraps it by Faulty
// with the plan it is given.
func Sweep(t *testing.T, match func(Call) bool, run func(t *testing.T, p *Plan)) {
	t.Helper()
	const limit = 10_000 // operations; a test that needs more is not a sweep
	for _, fault := range Faults() {
		for at := range limit {
			p := &Plan{Fault: fault, At: at, Match: match}
			ok := t.Run(p.String(), func(t *testing.T) { run(t, p) })
			if !ok || !p.Hit() {
				break
			}
			if at == limit-1 {
				t.Errorf("%v: got a hit at operation %d, want the sweep to end before", fault, at)
			}
		}
	}
}
