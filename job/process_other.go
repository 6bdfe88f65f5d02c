//go:build !unix

package job

import (
	"context"
	"errors"
)

var errNoProcesses = errors.New("programs of jobs run on Linux and macOS only")

func startProcess(folder, workdir string, command, env []string) error {
	return Refused(errNoProcesses, "")
}
func pollProcess(folder string) (Status, error)                   { return Status{}, errNoProcesses }
func endProcess(ctx context.Context, folder string) error         { return errNoProcesses }
func readLog(folder string, from int64, most int) ([]byte, error) { return nil, errNoProcesses }

// Alive is a process that others of this machine can see living: none here.
type Alive struct{}

// Live makes this process visible to nobody.
func Live(folder, owner string) (*Alive, error) { return &Alive{}, nil }

// Dead is never known.
func (*Alive) Dead(owner string) bool { return false }

// Close does nothing.
func (*Alive) Close(forget bool) error { return nil }
