package job_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/store"
)

// talker is a world whose attempts say a lot, some bytes at a time.
type talker struct {
	*world
	text  []byte
	piece int
}

// Logs implements job.Runner.
func (t talker) Logs(_ context.Context, _ string, from int64) ([]byte, error) {
	rest := t.text[min(int(from), len(t.text)):]
	return rest[:min(len(rest), t.piece)], nil
}

// TestLongLog promises that of a long log the beginning and the end are kept, in a number of objects that
// is bounded, that what is missing is told, and that a short one is whole.
func TestLongLog(t *testing.T) {
	var text bytes.Buffer
	for i := 0; text.Len() < 40<<20; i++ {
		fmt.Fprintf(&text, "line %d of many\n", i)
	}
	for name, c := range map[string]struct {
		bytes, piece int
		whole        bool
		least, most  int64 // bytes that are kept
	}{
		"short":       {100_000, 1 << 20, true, 100_000, 100_000},
		"long":        {40 << 20, 1 << 20, false, 19 << 20, 29 << 20},
		"slowly":      {200_000, 100, false, 90_000, 110_000},
		"not so long": {16 << 20, 1 << 20, true, 16 << 20, 16 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld("ok")
			said := text.Bytes()[:c.bytes]
			k := w.process("a", w.lake)
			k.Runner = func(context.Context, job.Program) (job.Runner, error) { return talker{w, said, c.piece}, nil }
			run, err := k.Create(t.Context(), order())
			if err != nil {
				t.Fatal(err)
			}
			if run, err = k.Drive(t.Context(), run, nil); err != nil || run.State != job.Succeeded {
				t.Fatalf("got %s, %v", run.State, err)
			}
			size, objects := chunks(t, w.lake)
			if size < c.least || size > c.most || objects > 1100 {
				t.Errorf("kept: %d bytes in %d objects, want %d to %d bytes in 1100 at most", size, objects, c.least, c.most)
			}
			var got strings.Builder
			end, err := k.Journal.CopyLog(t.Context(), &got, run, 1, 0)
			if err != nil || end != int64(c.bytes) {
				t.Errorf("copied up to %d, %v, want %d", end, err, c.bytes)
			}
			if whole := got.String() == string(said); whole != c.whole {
				t.Errorf("the log is whole: %t, want %t", whole, c.whole)
			}
			n := int(c.least) / 4
			if !strings.HasPrefix(got.String(), string(said[:n])) || !strings.HasSuffix(got.String(), string(said[len(said)-n/2:])) {
				t.Errorf("the log does not begin and end as it was said")
			}
			if !c.whole && !strings.Contains(got.String(), " bytes left out ...\n") {
				t.Error("it is not told that something is missing")
			}
		})
	}
}

// chunks counts what is kept of logs.
func chunks(t *testing.T, lake store.Store) (size int64, objects int) {
	t.Helper()
	for o, err := range lake.List(t.Context(), "_petalake/jobs/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(o.Key, "/logs/") {
			size, objects = size+o.Size, objects+1
		}
	}
	return size, objects
}

// TestOldRuns promises that the last hundred runs of a job are kept, with their logs, and no others.
func TestOldRuns(t *testing.T) {
	w := newWorld()
	k := w.process("a", w.lake)
	for range 103 {
		run, err := k.Create(t.Context(), order())
		if err == nil {
			_, err = k.Drive(t.Context(), run, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	runs, err := k.Journal.Runs(t.Context(), "daily", 1000)
	if err != nil || len(runs) != 100 || runs[0].Number != 103 || runs[99].Number != 4 {
		t.Errorf("got %d runs, %v, want those from 4 to 103", len(runs), err)
	}
	for o, err := range w.lake.List(t.Context(), "_petalake/jobs/daily/", "") {
		if err != nil || strings.Contains(o.Key, "/0000000003/") {
			t.Errorf("left of an old run: %s, %v", o.Key, err)
		}
	}
}
