package petalake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/job"
)

// jobFolder is set in the process that TestKillJob starts and kills.
const jobFolder = "PETALAKE_TEST_JOB"

// runJob runs the job steps of a lakehouse, or takes up the run that was left behind.
func runJob(dir string) error {
	ctx := context.Background()
	lake, err := petalake.Open(ctx, petalake.Options{File: filepath.Join(dir, "lakehouse.yaml"), Memory: 256 << 20})
	if err != nil {
		return err
	}
	run, err := lake.CreateJob(ctx, "steps", nil, "test")
	if active := (*job.ActiveError)(nil); errors.As(err, &active) {
		run, err = active.Run, nil
	}
	if err != nil {
		return err
	}
	_, err = lake.DriveJob(ctx, run, nil)
	return err
}

// stepsJob is a job of many steps, each of which would double rows if it ran twice.
func stepsJob(steps int) string {
	var b strings.Builder
	b.WriteString("lakehouse: x\njobs:\n  steps:\n    engine: duckdb\n    query: |\n      CREATE TABLE IF NOT EXISTS n (i bigint);\n")
	for range steps {
		b.WriteString("      INSERT INTO n SELECT count(*) FROM n;\n")
	}
	return b.String()
}

// TestKillJob kills a process in the middle of a SQL job, again and again. Each step is done once, and
// it is one run that ends well.
func TestKillJob(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	const steps = 60
	h := newHouse(t, map[string]string{"lakehouse.yaml": stepsJob(steps)})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(h.dir, "cache"))
	kills := 0
	for begun := true; begun; {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), jobFolder+"="+h.dir)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(150+random.IntN(250))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		killed := !timer.Stop()
		switch {
		case killed && kills < 4:
			kills++
		case err == nil:
			begun = false
		case !killed:
			t.Fatalf("seed %d: %v: %s", seed, err, said.String())
		}
		if kills >= 4 && begun {
			lake := h.open()
			run, err := lake.JobRun(t.Context(), "steps")
			if err != nil {
				t.Fatal(err)
			}
			if !run.State.Ended() {
				if run, err = lake.DriveJob(t.Context(), run, nil); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			begun = false
		}
	}
	lake := h.open()
	run, err := lake.JobRun(t.Context(), "steps")
	if err != nil || run.State != job.Succeeded || run.Number != 1 || len(run.Steps) != steps+1 {
		t.Fatalf("seed %d: after %d kills: run %d %s with %d steps, %v", seed, kills, run.Number, run.State, len(run.Steps), err)
	}
	expect(t, lake, "SELECT count(*), count(DISTINCT i), max(i) FROM n", fmt.Sprintf("%d|%d|%d", steps, steps, steps-1))
	checkAll(t, lake, "n")
}

const daily = `
lakehouse: x
sources:
  orders: {path: raw/*.csv}
jobs:
  daily:
    depends_on: orders
    writes: totals
    query: CREATE OR REPLACE TABLE totals AS SELECT count(*) AS n FROM orders
    engine: duckdb
  often: {query: "SELECT 1", every: 1h, engine: duckdb}
  bad: {query: "SELECT 1/0; SELECT nothing", depends_on: totals, engine: duckdb}
models:
  twice: {query: select 2 * n as n from totals}
`

// TestDueJobs: a round runs the jobs whose tables changed or whose time has come, once, and builds the
// models of what they wrote.
func TestDueJobs(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h := newHouse(t, map[string]string{"lakehouse.yaml": strings.Replace(daily, "; SELECT nothing", "", 1), "raw/a.csv": "id\n1\n2\n"})
	lake := h.open()
	expectJobs := func(want ...string) {
		t.Helper()
		events, err := h.up(lake)
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, e := range events {
			if e.Kind == "job" {
				got = append(got, fmt.Sprintf("%s %s %d %s", e.Name, e.State, e.Version, e.Note))
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	expectJobs("daily built 1 orders is there", "often built 1 it never ran", "bad built 1 totals is there")
	expect(t, lake, "FROM totals", "2")
	h.write("raw/b.csv", "id\n3\n")
	expectJobs("daily built 2 orders changed", "bad built 2 totals changed")
	expect(t, lake, "FROM twice", "6")
	expectJobs()
	run, err := lake.JobRun(t.Context(), "daily/2")
	if err != nil || run.Reads["orders"] != 1 || run.Writes["totals"] != 1 || run.State != job.Succeeded {
		t.Errorf("got %+v, %v, want the versions that it read and wrote", run, err)
	}
}

// TestFailedJob says what went wrong, and does not try again what cannot succeed.
func TestFailedJob(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h := newHouse(t, map[string]string{"lakehouse.yaml": strings.Replace(daily, "SELECT 1/0", "CREATE OR REPLACE TABLE kept AS SELECT 1 AS a", 1)})
	lake := h.open()
	run, err := lake.CreateJob(t.Context(), "bad", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lake.CreateJob(t.Context(), "bad", nil, "test"); !errors.As(err, new(*job.ActiveError)) {
		t.Errorf("a second run: got %v, want a *job.ActiveError", err)
	}
	run, err = lake.DriveJob(t.Context(), run, nil)
	var failed *petalake.JobError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "job bad: run bad/1 failed: ") || !strings.Contains(err.Error(), "lakehouse.yaml:12:") || run.Attempt != 1 {
		t.Errorf("got %v after %d attempts, want the place in lakehouse.yaml after one", err, run.Attempt)
	}
	expect(t, lake, "FROM kept", "1")
	if _, err := lake.JobRun(t.Context(), "gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// TestUpRunsJobs: petalake up takes up the run of a process that died, and runs jobs as they become due.
func TestUpRunsJobs(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h := newHouse(t, map[string]string{"lakehouse.yaml": daily, "raw/a.csv": "id\n1\n2\n"})
	dead := h.open()
	if _, err := dead.CreateJob(t.Context(), "often", nil, "test"); err != nil {
		t.Fatal(err)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	lake := h.open()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told := make(chan string, 100)
	ended := make(chan error)
	go func() {
		ended <- lake.Run(ctx, petalake.Up{Every: 10 * time.Millisecond}, func(e petalake.Event) {
			if e.Kind == "job" && e.State != petalake.Running {
				told <- fmt.Sprintf("%s %s %d", e.Name, e.State, e.Version)
			}
		})
	}()
	await := func(want ...string) {
		t.Helper()
		for len(want) > 0 {
			select {
			case got := <-told:
				at := slices.Index(want, got)
				if at < 0 {
					t.Fatalf("got %q, want one of %q", got, want)
				}
				want = slices.Delete(want, at, at+1)
			case <-time.After(time.Minute):
				t.Fatalf("nothing happens; want %q", want)
			}
		}
	}
	await("often built 1", "daily built 1", "bad failed 0")
	h.write("raw/b.csv", "id\n3\n")
	await("daily built 2", "bad failed 0")
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	expect(t, lake, "FROM totals", "3")
}
