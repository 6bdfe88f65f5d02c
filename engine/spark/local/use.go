package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/petalake/petalake/engine/spark"
)

// Ensure returns a server that is fit for work: the one that runs, or one that it starts. A server
// keeps some memory of what it did for as long as it lives: one whose heap is full, and which
// nobody uses, is ended first, and another one starts.
//
// The caller uses the server until it calls done, and then another process may end it. A program that was
// given the address by hand uses it for as long as it is connected.
func Ensure(ctx context.Context, o Options, tell func(Step)) (s Server, done func(), err error) {
	if s, err = Running(o.State); err == nil && s.Ready && s.bloated() {
		if err := o.recycle(ctx, s); err != nil {
			return Server{}, nil, err
		}
	}
	for {
		if s, _, err = Start(ctx, o, tell); err != nil {
			return Server{}, nil, err
		}
		free, err := share(filepath.Join(o.State, useLock))
		if err != nil {
			return Server{}, nil, err
		}
		if free == nil { // it is being recycled just now
			select {
			case <-ctx.Done():
				return Server{}, nil, context.Cause(ctx)
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		if now, err := Running(o.State); err != nil || now.Process != s.Process {
			free()
			continue
		}
		return s, free, nil
	}
}

// recycle ends a server whose heap is full, unless somebody uses it.
func (o Options) recycle(ctx context.Context, s Server) error {
	unlock, err := lock(ctx, filepath.Join(o.State, startLock))
	if err != nil {
		return err
	}
	defer unlock()
	free, err := alone(filepath.Join(o.State, useLock))
	if err != nil || free == nil {
		return err
	}
	defer free()
	if used, known := s.heap(ctx); !known || used < fullHeap*s.limit()/100 || connected(s.Address) {
		return nil
	}
	if err := stop(ctx, o.State); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// fullHeap is from what part of its limit on, in percent, what a collection leaves is too much.
const fullHeap = 60

// limit is the most bytes that the heap may have.
func (s Server) limit() int64 {
	if s.Memory == "" {
		return 0
	}
	n, err := strconv.ParseInt(s.Memory[:len(s.Memory)-1], 10, 64)
	shift := map[byte]int{'k': 10, 'm': 20, 'g': 30, 't': 40}[s.Memory[len(s.Memory)-1]|0x20]
	if err != nil || shift == 0 {
		return 0
	}
	return n << shift
}

// bloated says whether it is worth a look at what the heap holds: the process has as much memory
// as its whole heap may have.
func (s Server) bloated() bool {
	limit := s.limit()
	return limit > 0 && resident(s.PID) > limit
}

// heapInfo is what a JVM says of its heap, in one line or in one for each generation.
var heapInfo = regexp.MustCompile(`total \d+K, used (\d+)K`)

// heap is how many bytes of the heap are in use after a collection; known is false where there is no jcmd, which
// a JDK has, to ask with.
func (s Server) heap(ctx context.Context) (used int64, known bool) {
	jcmd, pid := "jcmd", strconv.Itoa(s.PID)
	if home := os.Getenv("JAVA_HOME"); home != "" {
		jcmd = filepath.Join(home, "bin", jcmd)
	}
	if exec.CommandContext(ctx, jcmd, pid, "GC.run").Run() != nil {
		return 0, false
	}
	out, err := exec.CommandContext(ctx, jcmd, pid, "GC.heap_info").Output()
	if err != nil {
		return 0, false
	}
	for _, m := range heapInfo.FindAllSubmatch(out, -1) {
		kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
		used, known = used+kib<<10, true
	}
	return used, known
}

// Resident is how many bytes of memory the server holds; 0 where the system does not tell.
func (s Server) Resident() int64 { return resident(s.PID) }

// Answers asks the server for its version, to know that it is well.
func (s Server) Answers(ctx context.Context) error {
	session, err := spark.Open(ctx, spark.Options{Address: s.Address, Token: s.Token})
	if err != nil {
		return err
	}
	return session.Close()
}
