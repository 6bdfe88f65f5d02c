package local_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// smallHeap is that of a server which is filled up.
const smallHeap = 640 << 20

// TestFullHeap promises that a server whose heap is full is followed by another, but not while somebody
// uses it, in a process that holds it or over a connection of his own, and not for mere garbage.
func TestFullHeap(t *testing.T) {
	home, err := servers.SparkHome()
	if _, no := exec.LookPath("jcmd"); err == nil {
		err = no
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	options, _ := servers.SparkOptions()
	t.Setenv(options, "") // the collector that users have
	o := local.Options{Search: home, State: t.TempDir(), Lake: local.Lake{
		Root: t.TempDir(), Memory: "640m", Cores: 2, Conf: map[string]string{"spark.memory.fraction": "0.9"},
	}}
	t.Cleanup(func() { _ = local.Stop(context.Background(), o.State) })
	first, done := ensure(t, o)
	stays := func(why string) {
		t.Helper()
		now, done := ensure(t, o)
		done()
		if now.Process != first.Process {
			t.Fatalf("%s: got another server, want the one that runs", why)
		}
	}
	stays("a new server")
	waste(t, first)
	done()
	stays("a heap of garbage")

	_, done = ensure(t, o)
	session := connect(t, first)
	fill(t, session)
	stays("a full heap in use")
	ended := make(chan error, 1)
	go func() {
		ended <- run(t.Context(), session, "SELECT count(*) FROM ballast WHERE hash(t, reverse(t), rand()) > 0")
	}()
	done()
	for running := true; running; {
		stays("a full heap with a connection")
		select {
		case err := <-ended:
			if running = false; err != nil {
				t.Errorf("a statement that ran meanwhile: %v", err)
			}
		case <-time.After(100 * time.Millisecond):
		}
	}
	session.Close()

	second, done := ensure(t, o)
	defer done()
	if second.Process == first.Process || first.Alive() {
		t.Fatalf("a full heap that nobody uses: got the same server with %d bytes, want another", first.Resident())
	}
	if err := second.Answers(t.Context()); err != nil {
		t.Error(err)
	}
}

func ensure(t *testing.T, o local.Options) (local.Server, func()) {
	t.Helper()
	s, done, err := local.Ensure(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, done
}

func connect(t *testing.T, s local.Server) *spark.Session {
	t.Helper()
	session, err := spark.Open(t.Context(), spark.Options{Address: s.Address, Token: s.Token})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func run(ctx context.Context, s *spark.Session, sql string) error {
	r, err := s.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}

func mustRun(t *testing.T, s *spark.Session, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := run(t.Context(), s, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// fill has a server hold rows that fill most of its heap.
func fill(t *testing.T, s *spark.Session) {
	t.Helper()
	mustRun(t, s, "CACHE TABLE ballast OPTIONS ('storageLevel' 'MEMORY_ONLY') AS SELECT concat(uuid(), uuid(), uuid(), uuid()) AS t FROM range(2000000)",
		"SELECT count(*) FROM ballast")
}

// waste fills the heap and lets go of it again, until the process holds as much memory as its heap may.
func waste(t *testing.T, s local.Server) {
	t.Helper()
	session := connect(t, s)
	defer session.Close()
	for tries := 0; s.Resident() < smallHeap; tries++ {
		if tries == 20 {
			t.Fatalf("the server holds %d bytes, want %d to look at its heap at all", s.Resident(), smallHeap)
		}
		fill(t, session)
		mustRun(t, session, "UNCACHE TABLE ballast", "DROP VIEW ballast")
	}
}
