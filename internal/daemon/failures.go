package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// Failure is something that fails: a source some of whose files are not loaded, a model that cannot be built, a job. It lasts
// until it goes well.
type Failure struct {
	Kind     lake.Kind `json:"kind"`
	Name     string    `json:"name"`
	Since    time.Time `json:"since"`
	Problems []Problem `json:"problems"`
	// Told says that on_failure was called.
	Told bool `json:"told,omitempty"`
	// Well says that it is over, of which on_failure is still to be called.
	Well bool `json:"well,omitempty"`
}

// Problem is one error of a Failure.
type Problem struct {
	File  string `json:"file,omitempty"` // the raw file that is not loaded
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
}

// failuresKey is where the failures of the last run are kept, for who asks, and for the next one.
const failuresKey = "_petalake/failures.json"

// mostProblems is how many problems of one failure are kept.
const mostProblems = 100

// Failures are what fails, as the last run left it, ordered by kind and name.
func Failures(ctx context.Context, env *lake.Env) ([]Failure, error) {
	all, err := keptFailures(ctx, env)
	return slices.DeleteFunc(all, func(f Failure) bool { return f.Well }), err
}

func keptFailures(ctx context.Context, env *lake.Env) ([]Failure, error) {
	text, err := store.ReadAll(ctx, env.Storage.Store, failuresKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var kept struct{ Failures []Failure }
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("%s: %w", failuresKey, err)
	}
	return kept.Failures, nil
}

// failures keeps what fails. It is written down where it changes.
type failures struct {
	env  *lake.Env
	hook func(ctx context.Context, f Failure, failing bool) error // may be nil

	mu     sync.Mutex
	opened bool
	now    []Failure
	dirty  bool
}

// note says of something whether it fails.
func (f *failures) note(kind lake.Kind, name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.now, func(x Failure) bool { return x.Kind == kind && x.Name == name })
	switch {
	case err == nil && at >= 0 && f.now[at].Told:
		f.dirty = f.dirty || !f.now[at].Well
		f.now[at].Well = true
	case err == nil && at >= 0:
		f.now, f.dirty = slices.Delete(f.now, at, at+1), true
	case err == nil:
	case at < 0:
		f.now = append(f.now, Failure{Kind: kind, Name: name, Since: time.Now().UTC().Truncate(time.Second), Problems: problems(err)})
		f.dirty = true
	default:
		if found := problems(err); f.now[at].Well || !slices.Equal(found, f.now[at].Problems) {
			f.now[at].Problems, f.now[at].Well, f.dirty = found, false, true
		}
	}
}

// problems takes an error apart.
func problems(err error) (all []Problem) {
	var held *write.HeldError
	if errors.As(err, &held) {
		for _, h := range held.Held {
			all = append(all, Problem{File: h.File.Path, Error: h.Err.Error(), Hint: hint(held.Named(h))})
		}
	} else {
		all = []Problem{{Error: err.Error(), Hint: hint(err)}}
	}
	return all[:min(len(all), mostProblems)]
}

func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// open reads what failed before.
func (f *failures) open(ctx context.Context) error {
	before, err := keptFailures(ctx, f.env)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !f.opened {
		f.now, f.opened = before, true
	}
	return err
}

// keepOnly forgets what lakehouse.yaml does not name any more.
func (f *failures) keepOnly(named func(lake.Kind, string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.now)
	f.now = slices.DeleteFunc(f.now, func(x Failure) bool { return !named(x.Kind, x.Name) })
	f.dirty = f.dirty || len(f.now) < n
}

// flush calls on_failure of what began or ended, each once, and writes down what fails. What cannot be told is told the next time.
func (f *failures) flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var failed error
	for i := 0; i < len(f.now) && failed == nil; i++ {
		if x := &f.now[i]; f.hook != nil && x.Told == x.Well {
			if failed = f.hook(ctx, *x, !x.Well); failed == nil {
				x.Told, f.dirty = !x.Well, true
			}
		}
	}
	f.now = slices.DeleteFunc(f.now, func(x Failure) bool { return x.Well && (!x.Told || f.hook == nil) })
	if !f.dirty {
		return failed
	}
	slices.SortFunc(f.now, func(a, b Failure) int { return strings.Compare(string(a.Kind)+" "+a.Name, string(b.Kind)+" "+b.Name) })
	text, err := json.MarshalIndent(struct {
		Failures []Failure `json:"failures"`
	}{f.now}, "", "  ")
	if err == nil {
		err = store.PutBytes(ctx, f.env.Storage.Store, failuresKey, append(text, '\n'), store.Always)
	}
	if err != nil {
		return errors.Join(failed, fmt.Errorf("write %s: %w", failuresKey, err))
	}
	f.dirty = false
	return failed
}

// noting tells, and notes of jobs whether they fail: sources, tables and models are noted by the round.
func (d *Daemon) noting(tell func(lake.Event)) func(lake.Event) {
	return func(e lake.Event) {
		if e.Kind == lake.JobEvent && (e.State == lake.Built || e.State == lake.Failed) {
			d.failures.note(e.Kind, e.Name, e.Err)
		}
		tell(e)
	}
}

// named says whether there is something of a name that may fail.
func (d *Daemon) named(kind lake.Kind, name string) bool {
	l := d.Env.Spec
	switch kind {
	case lake.SourceEvent:
		return l.Source(name) != nil
	case lake.TableEvent:
		return slices.ContainsFunc(l.Tables, func(t *spec.Table) bool { return t.Name.String() == name })
	case lake.ModelEvent:
		return slices.ContainsFunc(l.Models, func(m *spec.Model) bool { return m.Name.String() == name })
	case lake.JobEvent:
		return slices.ContainsFunc(l.Jobs, func(j *spec.Job) bool { return j.Name == name })
	}
	return false
}

// tellFailures calls on_failure, and writes down what fails.
func (d *Daemon) tellFailures(ctx context.Context, tell func(lake.Event)) error {
	err := d.failures.flush(ctx)
	if err != nil && ctx.Err() == nil {
		tell(lake.Event{Kind: lake.HookEvent, Name: "on_failure", State: lake.Failed, Err: err})
	}
	return err
}
