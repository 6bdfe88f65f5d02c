//go:build unix

package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/petalake/petalake/job"
)

// processes runs shell scripts as attempts.
func processes(t *testing.T, script string) *job.Processes {
	return &job.Processes{Host: "here", Folder: filepath.Join(t.TempDir(), "attempts"), Workdir: t.TempDir(), Command: func(context.Context, job.Attempt, string) ([]string, []string, error) {
		return []string{"/bin/sh", "-c", script, "sh", "an argument"}, append(os.Environ(), "SAID=x"), nil
	}}
}

func submit(t *testing.T, p *job.Processes) string {
	t.Helper()
	handle, err := p.Submit(t.Context(), job.Attempt{ID: "a-1-1"})
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

func await(t *testing.T, p *job.Processes, handle string, want job.Phase) job.Status {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		s, err := p.Poll(t.Context(), handle)
		if err != nil {
			t.Fatal(err)
		}
		if s.Phase == want {
			return s
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("got %v, want %s", s, want)
		}
	}
}

func TestProcess(t *testing.T) {
	p := processes(t, `echo "$1 $SAID"; echo once >> count; exit 3`)
	handle := submit(t, p)
	if again := submit(t, p); again != handle {
		t.Errorf("got %s, want %s again", again, handle)
	}
	if s := await(t, p, handle, job.Over); s.Exit != 3 {
		t.Errorf("got exit code %d, want 3", s.Exit)
	}
	submit(t, p) // it ran
	await(t, p, handle, job.Over)
	if count, _ := os.ReadFile(filepath.Join(p.Workdir, "count")); string(count) != "once\n" {
		t.Errorf("got %q, want one start", count)
	}
	if log, err := p.Logs(t.Context(), handle, 3); string(log) != "argument x\n" || err != nil {
		t.Errorf("log from byte 3: got %q, %v", log, err)
	}
	run := job.Run{Number: 1, Attempt: 1}
	run.Job = "a"
	if err := p.Forget(run); err != nil {
		t.Fatal(err)
	}
	await(t, p, handle, job.Gone)
}

// TestProcessEnds: asked once a process may tidy up, asked twice it is killed.
func TestProcessEnds(t *testing.T) {
	for script, exit := range map[string]int{
		"trap 'echo bye; exit 9' TERM; echo up; while :; do sleep 0.01; done": 9,
		"trap : TERM; echo up; while :; do sleep 0.01; done":                  -1,
	} {
		p := processes(t, script)
		handle := submit(t, p)
		for text := ""; !strings.HasPrefix(text, "up"); time.Sleep(time.Millisecond) {
			b, err := p.Logs(t.Context(), handle, 0)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if err := p.Cancel(t.Context(), handle); err != nil {
			t.Fatal(err)
		}
		if exit >= 0 {
			if s := await(t, p, handle, job.Over); s.Exit != exit {
				t.Errorf("got exit code %d, want %d", s.Exit, exit)
			}
			continue
		}
		if s, err := p.Poll(t.Context(), handle); err != nil || s.Phase != job.Active {
			t.Errorf("asked once: got %v, %v", s, err)
		}
		if err := p.Cancel(t.Context(), handle); err != nil {
			t.Fatal(err)
		}
		await(t, p, handle, job.Gone)
	}
}

// TestProcessDies: whoever watches over it is killed too, as by a machine that is stopped.
func TestProcessDies(t *testing.T) {
	p := processes(t, "echo up; exec sleep 60")
	handle := submit(t, p)
	await(t, p, handle, job.Active)
	var pid int
	for pid == 0 {
		text, _ := os.ReadFile(filepath.Join(p.Folder, "a-1-1", "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, p, handle, job.Gone)
	if !p.Elsewhere("process:there/a-1-1") || p.Elsewhere(handle) || p.Elsewhere("sql:x") {
		t.Error("got the wrong machine of a handle")
	}
	if _, err := p.Poll(t.Context(), "process:here/../x"); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("a handle that leads out of the folder: got %v", err)
	}
}

func TestLive(t *testing.T) {
	folder := t.TempDir()
	a, err := job.Live(folder, "a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := job.Live(folder, "b")
	if err != nil {
		t.Fatal(err)
	}
	if b.Dead("a") || b.Dead("unknown") {
		t.Error("got a living process, or one of another machine, for dead")
	}
	a.Close(false)
	if !b.Dead("a") {
		t.Error("got a process that is gone for a living one")
	}
	b.Close(true)
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 {
		t.Errorf("left: %q, want the one that was not to be forgotten", left)
	}
}
