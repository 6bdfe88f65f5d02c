package duck

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/petalake/petalake/store"
)

// TestCloseEndsStatements closes an engine while one statement computes, one has rows that nobody
// takes and one was never begun.
func TestCloseEndsStatements(t *testing.T) {
	l := newLake(t)
	l.add("n", "i bigint", rows("SELECT i FROM range(200000) r(i)"))
	e := l.open()
	open, err := e.Query(t.Context(), "SELECT a.i FROM n a, n b")
	if err != nil {
		t.Fatal(err)
	}
	if !open.Next() {
		t.Fatal(open.Err())
	}
	running := make(chan error, 2)
	for _, sql := range []string{"SELECT count(*) FROM n a, n b WHERE hash(a.i) = hash(b.i + 1) + 1 OR a.i % 7 = b.i", "SELECT a.i FROM n a, n b"} {
		go func() {
			r, err := e.Query(t.Context(), sql)
			if err != nil {
				running <- err
				return
			}
			defer r.Release()
			for r.Next() {
			}
			running <- r.Err()
		}()
	}
	time.Sleep(50 * time.Millisecond) // so that they run; the test holds either way
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for range 2 {
		if err := <-running; !errors.Is(err, errClosed) {
			t.Errorf("the running statement: got %v, want %v", err, errClosed)
		}
	}
	if open.Next() || !errors.Is(open.Err(), errClosed) {
		t.Errorf("the open reader: got %v, want %v", open.Err(), errClosed)
	}
	open.Release()
	if _, err := e.Query(t.Context(), "SELECT 1"); !errors.Is(err, errClosed) {
		t.Errorf("a statement after it: got %v, want %v", err, errClosed)
	}
	if _, err := e.Describe(t.Context(), "SELECT 1"); !errors.Is(err, errClosed) {
		t.Errorf("a description after it: got %v, want %v", err, errClosed)
	}
}

// TestCloseWaitsForNoReader leaves a reader of a remote lake behind: the engine's folder goes anyway.
func TestCloseWaitsForNoReader(t *testing.T) {
	l := newLake(t)
	l.add("n", "i bigint", rows("SELECT i FROM range(200000) r(i)"))
	disk, err := store.OpenDisk(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Tables: l, Lake: disk})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Query(t.Context(), "SELECT i FROM n")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := os.Stat(e.cache.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cache's folder is still there: %v", err)
	}
	for r.Next() {
	}
	if !errors.Is(r.Err(), errClosed) {
		t.Errorf("the reader that was left: got %v, want %v", r.Err(), errClosed)
	}
	r.Release()
}
