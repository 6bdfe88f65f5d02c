//go:build unix

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// detach lets a process live on when this one ends, out of reach of its terminal.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// terminate asks a detached process, with all it started, to end; kill does not ask.
func terminate(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }
func kill(pid int)      { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// identify finds a process by its number; one that ended and was not waited for is none.
func identify(pid int) (Process, error) {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		// The second field is a name in brackets that may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
			return Process{}, os.ErrProcessDone
		}
		boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
		return Process{PID: pid, Began: strings.TrimSpace(string(boot)) + "/" + fields[19]}, nil
	}
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, began, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return Process{}, os.ErrProcessDone
	}
	return Process{PID: pid, Began: strings.Join(strings.Fields(began), " ")}, nil
}

// resident is how many bytes of memory a process holds; 0 where the system does not tell.
func resident(pid int) int64 {
	if statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			return pages * int64(os.Getpagesize())
		}
	}
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	kib, _ := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kib << 10
}

// connected says whether somebody has a connection to an address of this machine; when in doubt, nobody has.
func connected(address string) bool {
	_, port, _ := strings.Cut(address, ":")
	number, _ := strconv.Atoi(port)
	const established = "01"
	end := fmt.Sprintf(":%04X", number)
	seen := false
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		seen = seen || err == nil
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 3 && f[3] == established && strings.HasSuffix(f[1], end) {
				return true
			}
		}
	}
	return !seen && exec.Command("lsof", "-nP", "-iTCP:"+port, "-sTCP:ESTABLISHED").Run() == nil
}

// lock waits until no other process has the lock of a file, and takes it until unlock is called.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		unlock, err = flock(path, syscall.LOCK_EX)
		if err != nil || unlock != nil {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// share takes a lock that others may share; alone takes it where nobody does. Both are nil at once
// where they cannot.
func share(path string) (unlock func(), err error) { return flock(path, syscall.LOCK_SH) }
func alone(path string) (unlock func(), err error) { return flock(path, syscall.LOCK_EX) }

func flock(path string, how int) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, nil
	case err != nil:
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
