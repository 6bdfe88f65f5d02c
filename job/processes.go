package job

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Processes runs attempts as processes of this machine, which go on when petalake ends.
type Processes struct {
	// Host names this machine, unlike others.
	Host string
	// Folder is where the attempts of the lake are looked after, each in a folder of its own.
	Folder string
	// Workdir is where programs start.
	Workdir string
	// Command is the program of an attempt, its arguments and its environment. It may leave files
	// in the attempt's folder.
	Command func(ctx context.Context, a Attempt, folder string) (command, env []string, err error)
}

var _ Runner = (*Processes)(nil)

// scheme begins the handles of processes.
const scheme = "process:"

// Submit implements Runner.
func (p *Processes) Submit(ctx context.Context, a Attempt) (string, error) {
	folder := filepath.Join(p.Folder, a.ID)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	command, env, err := p.Command(ctx, a, folder)
	if err != nil {
		return "", err
	}
	return scheme + p.Host + "/" + a.ID, startProcess(folder, p.Workdir, command, env)
}

// Elsewhere says whether a handle is that of a process of another machine.
func (p *Processes) Elsewhere(handle string) bool {
	rest, ok := strings.CutPrefix(handle, scheme)
	return ok && !strings.HasPrefix(rest, p.Host+"/")
}

// folder is where the attempt of a handle is looked after.
func (p *Processes) folder(handle string) (string, error) {
	rest, ok := strings.CutPrefix(handle, scheme)
	host, id, named := strings.Cut(rest, "/")
	if !ok || !named || id == "" || filepath.Base(id) != id {
		return "", fmt.Errorf("handle %q: not a process: %w", handle, fs.ErrInvalid)
	}
	if host != p.Host {
		return filepath.Join(p.Folder, "of other machines", host, id), nil // is not there: the attempt is gone
	}
	return filepath.Join(p.Folder, id), nil
}

// Poll implements Runner.
func (p *Processes) Poll(_ context.Context, handle string) (Status, error) {
	folder, err := p.folder(handle)
	if err != nil {
		return Status{}, err
	}
	return pollProcess(folder)
}

// Cancel implements Runner.
func (p *Processes) Cancel(ctx context.Context, handle string) error {
	folder, err := p.folder(handle)
	if err != nil {
		return err
	}
	return endProcess(ctx, folder)
}

// Logs implements Runner.
func (p *Processes) Logs(_ context.Context, handle string, from int64) ([]byte, error) {
	folder, err := p.folder(handle)
	if err != nil {
		return nil, err
	}
	b, err := readLog(folder, from, chunkSize)
	if from>>20 != (from+int64(len(b)))>>20 { // what is before has been read, and is in the lake
		release(filepath.Join(folder, "log"), from-1<<20)
	}
	return b, err
}

// Sweep takes away what is left of attempts that ended a week ago, and that nobody came to look after.
func (p *Processes) Sweep() {
	entries, _ := os.ReadDir(p.Folder)
	for _, e := range entries {
		folder := filepath.Join(p.Folder, e.Name())
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < 7*24*time.Hour {
			continue
		}
		if s, err := pollProcess(folder); err == nil && s.Phase != Active {
			os.RemoveAll(folder)
		}
	}
}

// Forget takes away what is kept of a run's attempts. They must have ended.
func (p *Processes) Forget(run Run) error {
	for n := range run.Attempt {
		run.Attempt = n + 1
		if err := os.RemoveAll(filepath.Join(p.Folder, run.AttemptID())); err != nil {
			return err
		}
	}
	return nil
}
