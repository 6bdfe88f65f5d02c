package petalake_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/job"
)

// wire passes connections on to an address, and cuts all of them now and then.
type wire struct {
	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
	cuts     int
}

func newWire(t *testing.T, address string, every time.Duration) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, near, far)
			w.mu.Unlock()
			pumps.Go(func() { io.Copy(far, near); far.Close() })
			pumps.Go(func() { io.Copy(near, far); near.Close() })
		}
	})
	over := make(chan struct{})
	pumps.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.cut()
			case <-over:
				return
			}
		}
	})
	t.Cleanup(func() {
		close(over)
		l.Close()
		w.cut()
		pumps.Wait()
	})
	return w
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		c.Close()
	}
	if len(w.open) > 0 {
		w.cuts++
	}
	w.open = nil
}

// jobOverABadNetwork runs a job on a Spark whose connection is cut again and again: it ends right, and
// each of its steps happened once.
func jobOverABadNetwork(t *testing.T, h *house, lake *petalake.Lake) {
	if _, err := lake.Rooms().Links.Whole(t.Context()); err != nil { // it runs
		t.Fatal(err)
	}
	server, err := local.Running(lake.Rooms().Links.Server().State)
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, server.Address, 700*time.Millisecond)
	h.write("far.yaml", fmt.Sprintf(`lakehouse: shop
jobs:
  far:
    engine: spark
    retries: 5
    backoff: 1ms
    query: |
      CREATE TABLE silver.far USING delta AS SELECT id AS a FROM range(1000);
      INSERT INTO silver.far SELECT a + 1000 FROM silver.far;
      INSERT INTO silver.far SELECT a + 2000 FROM silver.far;
      UPDATE silver.far SET a = a + 1;
      SELECT count(*) FROM range(3000000) r LEFT JOIN silver.far f ON f.a = r.id
environments:
  local:
    engine: spark
    spark: {address: "sc://%s", token: "${env:FAR_TOKEN}"}
`, w.listener.Addr()))
	t.Setenv("FAR_TOKEN", server.Token)
	far, err := petalake.Open(t.Context(), petalake.Options{File: filepath.Join(h.dir, "far.yaml"), Memory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	run, log := runProgram(t, far, "far", job.Succeeded)
	if len(run.Steps) != 5 || w.cuts < 3 {
		t.Errorf("got %d steps, and the network was cut %d times, want 5 and more than 2\n%s", len(run.Steps), w.cuts, log)
	}
	if got := sparkRows(t, mustOn(t, lake, "duckdb"), "select count(*), min(a), max(a), count(distinct a) from silver.far"); got != "4000|1|4000|4000\n" {
		t.Errorf("got %s, want each step once", got)
	}
	checkAll(t, lake, "silver.far")
	t.Logf("%d cuts, %d attempts", w.cuts, run.Attempt)
}
