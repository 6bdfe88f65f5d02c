//go:build unix

package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process of an attempt lives in a session of its own, so that it goes on when petalake ends. A
// shell watches over it: it holds the lock of the attempt's folder as long as it lives, and leaves
// the exit code in a file. In the folder are
//
//	lock   locked from before the shell starts until it ends
//	begun  the shell has started: never start it again
//	pid    of the shell, which leads its group
//	log    what the process says
//	exit   its exit code, once it has ended
//
// So any process of this machine can find out whether the attempt was started, runs, ended, or died.
const supervisor = `cd "$1" || exit 1
trap : TERM INT HUP
: > begun
echo $$ > pid.new && mv pid.new pid
cd "$2" && shift 2
"$@" >"$PETALAKE_ATTEMPT/log" 2>&1 </dev/null 3>&-
code=$?
echo $code > "$PETALAKE_ATTEMPT/exit.new" && mv "$PETALAKE_ATTEMPT/exit.new" "$PETALAKE_ATTEMPT/exit"
`

// startProcess starts a command in a working folder, unless it was started before under the same
// attempt folder.
func startProcess(folder, workdir string, command, env []string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if taken, err := tryLock(lock); err != nil || !taken {
		return err // it runs
	}
	if _, err := os.Stat(filepath.Join(folder, "begun")); !errors.Is(err, fs.ErrNotExist) {
		return err // it ran
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervisor, "petalake-job", folder, workdir}, command...)...)
	cmd.Env = append(env, "PETALAKE_ATTEMPT="+folder)
	cmd.ExtraFiles = []*os.File{lock} // 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // so that no zombie stays; who waits for the attempt asks its folder
	return nil
}

// tryLock takes the lock of an open file, false if somebody has it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// locked says whether somebody holds the lock in a file.
func locked(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	free, err := tryLock(f)
	return !free, err
}

// pollProcess says how far the process of an attempt folder is.
func pollProcess(folder string) (Status, error) {
	runs, err := locked(filepath.Join(folder, "lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return Status{Phase: Gone}, nil
	}
	if err != nil {
		return Status{}, err
	}
	if runs { // looked at before the exit code: the shell writes that first
		return Status{Phase: Active}, nil
	}
	text, err := os.ReadFile(filepath.Join(folder, "exit"))
	if errors.Is(err, fs.ErrNotExist) {
		return Status{Phase: Gone}, nil
	}
	if err != nil {
		return Status{}, err
	}
	code, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return Status{Phase: Over, Exit: code}, err
}

// endProcess asks the group of an attempt to end, and kills it where it was asked before.
func endProcess(ctx context.Context, folder string) error {
	runs, err := locked(filepath.Join(folder, "lock"))
	if err != nil || !runs {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "pid"))
	for tries := 0; errors.Is(err, fs.ErrNotExist) && tries < 50; tries++ { // it is just starting
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		text, err = os.ReadFile(filepath.Join(folder, "pid"))
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 2 {
		return fmt.Errorf("%s: no process id: %w", filepath.Join(folder, "pid"), fs.ErrInvalid)
	}
	signal := syscall.SIGTERM
	mark, err := os.OpenFile(filepath.Join(folder, "asked"), os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		signal = syscall.SIGKILL
	} else if err != nil {
		return err
	} else {
		mark.Close()
	}
	if err := syscall.Kill(-pid, signal); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// readLog reads a part of what the process of an attempt folder said.
func readLog(folder string, from int64, most int) ([]byte, error) {
	f, err := os.Open(filepath.Join(folder, "log"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, most)
	n, err := f.ReadAt(b, from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// Alive is a process that others of this machine can see living.
type Alive struct {
	folder string
	file   *os.File
}

// Live makes this process visible in a folder, under the name of its keeper's owner, until it ends or Close is called.
func Live(folder, owner string) (*Alive, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	sweep(folder)
	f, err := os.OpenFile(filepath.Join(folder, owner), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := tryLock(f); err != nil {
		f.Close()
		return nil, err
	}
	return &Alive{folder, f}, nil
}

// sweep takes away what processes left that are gone for a week: by now others looked after their runs.
func sweep(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < 7*24*time.Hour {
			continue
		}
		if lives, err := locked(name); err == nil && !lives {
			os.Remove(name)
		}
	}
}

// Dead says whether another owner is known to be gone: it lived on this machine, and does not now.
func (a *Alive) Dead(owner string) bool {
	lives, err := locked(filepath.Join(a.folder, filepath.Base(owner)))
	return err == nil && !lives
}

// Close ends the visibility: from now on others find that the process is dead, and look after its
// runs. One that leaves none behind may be forgotten.
func (a *Alive) Close(forget bool) error {
	if forget {
		os.Remove(a.file.Name())
	}
	return a.file.Close()
}
