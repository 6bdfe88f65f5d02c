package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/petalake/petalake/store"
)

// Journal is where the runs of a lake are kept. It holds nothing itself.
type Journal struct{ Store store.Store }

const (
	folder = "_petalake/jobs/"
	puts   = 4 // how often an event is sent while its outcome stays unknown
)

// Folder is the key of what is kept of a job, without a trailing slash.
func Folder(job string) string { return folder + job }

func runFolder(job string, number int64) string {
	return fmt.Sprintf("%s%s/runs/%010d/", folder, job, number)
}

func eventKey(job string, number int64, n int) string {
	return fmt.Sprintf("%s%06d.json", runFolder(job, number), n)
}

// ActiveError says that a run of the job has not ended yet.
type ActiveError struct{ Run Run }

func (e *ActiveError) Error() string {
	return fmt.Sprintf("job %s: run %s is %s", e.Run.Job, e.Run.ID(), e.Run.State)
}

// Hint says what to do.
func (e *ActiveError) Hint() string {
	return fmt.Sprintf("wait for it, or end it with `petalake job cancel %s`", e.Run.ID())
}

// Create makes the next run of a job. Where the last has not ended it is an *ActiveError.
func (j *Journal) Create(ctx context.Context, e Event) (Run, error) {
	last, err := j.Last(ctx, e.Order.Job)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Run{}, err
	}
	if err == nil && !last.State.Ended() {
		return Run{}, &ActiveError{last}
	}
	e.What, e.ID = Created, uuid.NewString()
	run, err := Run{Number: last.Number + 1}.Next(e)
	if err != nil {
		return Run{}, err
	}
	won, err := j.put(ctx, eventKey(e.Order.Job, run.Number, 0), e)
	if err != nil {
		return Run{}, err
	}
	if !won {
		if run, err = j.Load(ctx, e.Order.Job, run.Number); err != nil {
			return Run{}, err
		}
		return Run{}, &ActiveError{run}
	}
	return run, nil
}

// Append adds an event to a run, and returns the run with it, and with what others added before. An
// error that wraps ErrOver or ErrNotOwner comes with the run as it is.
func (j *Journal) Append(ctx context.Context, run Run, e Event) (Run, error) {
	e.ID = uuid.NewString()
	for {
		next, err := run.Next(e)
		if err != nil {
			return run, fmt.Errorf("run %s: %w", run.ID(), err)
		}
		won, err := j.put(ctx, eventKey(run.Job, run.Number, run.events), e)
		if err != nil {
			return run, err
		}
		if won {
			return next, nil
		}
		if run, err = j.Refresh(ctx, run); err != nil {
			return run, err
		}
	}
}

// put writes an event: true if it is there, false if another is, and an error where neither is known.
func (j *Journal) put(ctx context.Context, key string, e Event) (bool, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	for range puts {
		if err = store.PutBytes(ctx, j.Store, key, body, store.IfAbsent); err == nil {
			return true, nil
		}
		if !errors.Is(err, store.ErrUnknown) && !errors.Is(err, fs.ErrExist) {
			return false, err
		}
		there, look := j.event(ctx, key)
		switch {
		case look == nil:
			return there.ID == e.ID, nil
		case !errors.Is(look, fs.ErrNotExist):
			return false, errors.Join(err, look)
		}
	}
	return false, err
}

func (j *Journal) event(ctx context.Context, key string) (e Event, err error) {
	body, err := store.ReadAll(ctx, j.Store, key)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("%s: %w", key, err)
	}
	return e, nil
}

// Refresh brings a run up to date.
func (j *Journal) Refresh(ctx context.Context, run Run) (Run, error) {
	for {
		e, err := j.event(ctx, eventKey(run.Job, run.Number, run.events))
		if errors.Is(err, fs.ErrNotExist) {
			return run, nil
		}
		if err != nil {
			return run, err
		}
		next, err := run.Next(e)
		if err != nil {
			return run, fmt.Errorf("%s: %w", eventKey(run.Job, run.Number, run.events), err)
		}
		run = next
	}
}

// Load reads a run; one that is not there is fs.ErrNotExist.
func (j *Journal) Load(ctx context.Context, job string, number int64) (Run, error) {
	run := Run{Number: number}
	run.Job = job
	run, err := j.Refresh(ctx, run)
	if err == nil && run.events == 0 {
		err = fmt.Errorf("run %s/%d: %w", job, number, fs.ErrNotExist)
	}
	return run, err
}

// Last reads the last run of a job; fs.ErrNotExist where there is none.
func (j *Journal) Last(ctx context.Context, job string) (Run, error) { return j.Newer(ctx, job, Run{}) }

// Newer is Last for a caller who knows a run: where that is the last it is brought up to date, which
// takes no reading at all if it had ended.
func (j *Journal) Newer(ctx context.Context, job string, known Run) (Run, error) {
	numbers, err := j.numbers(ctx, job)
	if err != nil {
		return Run{}, err
	}
	if len(numbers) == 0 {
		return Run{}, fmt.Errorf("job %s has no runs: %w", job, fs.ErrNotExist)
	}
	last := numbers[len(numbers)-1]
	switch {
	case last != known.Number:
		return j.Load(ctx, job, last)
	case known.State.Ended():
		return known, nil
	}
	return j.Refresh(ctx, known)
}

// Runs reads the last runs of a job, at most as many as were asked for, the newest first.
func (j *Journal) Runs(ctx context.Context, job string, most int) ([]Run, error) {
	numbers, err := j.numbers(ctx, job)
	if err != nil {
		return nil, err
	}
	slices.Reverse(numbers)
	var runs []Run
	for _, n := range numbers[:min(most, len(numbers))] {
		run, err := j.Load(ctx, job, n)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// Jobs are the names of the jobs that were ever run.
func (j *Journal) Jobs(ctx context.Context) (names []string, err error) {
	for after := ""; ; {
		found := ""
		for o, err := range j.Store.List(ctx, folder, after) {
			if err != nil {
				return nil, err
			}
			found, _, _ = strings.Cut(strings.TrimPrefix(o.Key, folder), "/")
			break
		}
		if found == "" {
			return names, nil
		}
		names = append(names, found)
		after = folder + found + "0" // '0' follows '/'
	}
}

// numbers are those of a job's runs that have a first event, in order.
func (j *Journal) numbers(ctx context.Context, job string) (numbers []int64, err error) {
	prefix := folder + job + "/runs/"
	for o, err := range j.Store.List(ctx, prefix, "") {
		if err != nil {
			return nil, err
		}
		if dir, name := path.Split(strings.TrimPrefix(o.Key, prefix)); name == "000000.json" {
			if n, err := strconv.ParseInt(strings.TrimSuffix(dir, "/"), 10, 64); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	return numbers, nil
}

// kept is how many runs of a job stay when a new one ends.
const kept = 100

// prune takes away the records of old runs. What fails is tried again after the next run.
func (j *Journal) prune(ctx context.Context, job string) error {
	numbers, err := j.numbers(ctx, job)
	if err != nil || len(numbers) <= kept {
		return err
	}
	for _, n := range numbers[:len(numbers)-kept] {
		var keys []string
		for _, prefix := range []string{runFolder(job, n), logsFolder(job, n)} {
			for o, err := range j.Store.List(ctx, prefix, "") {
				if err != nil {
					return err
				}
				keys = append(keys, o.Key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		if err := j.Store.Delete(ctx, keys[1:]...); err != nil {
			return err
		}
		if err := j.Store.Delete(ctx, keys[0]); err != nil { // the first event last: without it there is no run
			return err
		}
	}
	return nil
}

// Since is when a job was seen first: the time that is given, where nobody did before.
func (j *Journal) Since(ctx context.Context, job string, e Event) (Event, error) {
	key := folder + job + "/since.json"
	there, err := j.event(ctx, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return there, err
	}
	e.ID = uuid.NewString()
	if won, err := j.put(ctx, key, e); err != nil || won {
		return e, err
	}
	return j.event(ctx, key)
}

// beat says that a run's keeper lives; beats differ from each other.
func (j *Journal) beat(ctx context.Context, run Run) error {
	body := fmt.Sprintf("%s %s\n", run.Owner, uuid.NewString())
	return j.Store.Put(ctx, runFolder(run.Job, run.Number)+"beat", bytes.NewReader([]byte(body)), store.Always)
}

// lastBeat is what the keeper of a run said last, "" for nothing.
func (j *Journal) lastBeat(ctx context.Context, run Run) (string, error) {
	body, err := store.ReadAll(ctx, j.Store, runFolder(run.Job, run.Number)+"beat")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(body), err
}
