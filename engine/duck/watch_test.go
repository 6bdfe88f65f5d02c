package duck

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/petalake/petalake/engine/duck/tablefile"
)

// A long statement tells its progress, which never falls.
func TestWatch(t *testing.T) {
	l := newLake(t)
	l.add("t", "id bigint, s string", rows("SELECT i AS id, md5(i::VARCHAR) AS s FROM range(1000000) t(i)"))
	e := l.open()
	for times := 1; times <= 256; times *= 2 { // however fast the machine is
		told := watched(t, e, fmt.Sprintf("SELECT max(sha256(repeat(s, %d))) FROM t", times))
		for i := 1; i < len(told); i++ {
			if told[i].Done < told[i-1].Done {
				t.Fatalf("progress fell from %v to %v", told[i-1], told[i])
			}
		}
		if len(told) > 2 {
			return
		}
	}
	t.Error("a long statement told nothing of its progress")
}

// watched runs a statement and returns what was told.
func watched(t *testing.T, e *Engine, sql string) []tablefile.Progress {
	t.Helper()
	var mu sync.Mutex
	var told []tablefile.Progress
	r, err := e.Watch(context.Background(), func(p tablefile.Progress) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, p)
	}, sql)
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	r.Release() // after this nothing is told
	return told
}
