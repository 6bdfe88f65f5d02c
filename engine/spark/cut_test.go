package spark_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/spark"
)

// cut promises that every row comes, and comes once, though the network breaks again and again.
func cut(t *testing.T, _ *spark.Session, on server) {
	proxy := newProxy(t, on.address)
	s := on.open(t, proxy.address())
	r, err := s.Query(t.Context(), "SELECT id, CAST(id AS STRING) FROM range(1000000)")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	seen := make([]bool, 1_000_000)
	messages, count := 0, 0
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			id := b.Column(0).GetOneForMarshal(i).(int64)
			if seen[id] {
				t.Fatalf("row %d came twice", id)
			}
			seen[id] = true
			count++
		}
		if messages++; messages%5 == 1 && messages < 50 {
			proxy.cut()
		}
	}
	if r.Err() != nil || count != len(seen) {
		t.Errorf("over a network that was cut: got %d rows, %v, want %d", count, r.Err(), len(seen))
	}
	if proxy.cuts == 0 {
		t.Error("the network was never cut")
	}
}

// once promises that an INSERT happens once, whichever piece of what the server answers is lost. Sail
// forgets what ran when its connection goes, and Spark now and then calls it orphaned: that is told as an
// unknown outcome, and is not done twice.
func once(t *testing.T, _ *spark.Session, on server) {
	format := map[string]string{"spark": "delta", "sail": "parquet"}[on.name]
	proxy := newProxy(t, on.address)
	s := on.open(t, proxy.address())
	if _, _, err := all(t.Context(), s, "CREATE TABLE once (n INT) USING "+format+" LOCATION '"+t.TempDir()+"/once'"); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		proxy.lose.Store(int64(n) + 1)
		_, _, err := all(t.Context(), s, fmt.Sprintf("INSERT INTO once VALUES (%d)", n))
		forgotten := on.name == "sail" || err != nil && strings.Contains(err.Error(), "orphaned")
		if err != nil && !(forgotten && errors.Is(err, delta.ErrUnknownOutcome)) {
			t.Fatalf("piece %d of the answer was lost: %v", n, err)
		}
		rest := proxy.lose.Swap(0)
		count, _, bad := all(t.Context(), s, "SELECT count(*) FROM once WHERE n = ?", n)
		if bad != nil || count != "1|" && (count != "0|" || err == nil) {
			t.Errorf("piece %d of the answer was lost: %s rows of one, %v, and the INSERT said %v", n, count, bad, err)
		}
		if rest > 0 || n == 8 { // the answer has fewer pieces
			break
		}
	}
	if proxy.cuts < 2 {
		t.Errorf("the network was cut %d times, want 2 and more", proxy.cuts)
	}
}

// proxy passes connections on, until it cuts them.
type proxy struct {
	listener net.Listener
	lose     atomic.Int64 // pieces of answers until one is lost, and all is cut; 0: never
	mu       sync.Mutex
	conns    []net.Conn
	cuts     int
}

func newProxy(t *testing.T, address string) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return pass(t, listener, address)
}

// pass passes what comes to a listener on to an address.
func pass(t *testing.T, listener net.Listener, address string) *proxy {
	p := &proxy{listener: listener}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				near.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, near, far)
			p.mu.Unlock()
			pumps.Go(func() { io.Copy(far, near); far.Close() })
			pumps.Go(func() { p.answer(near, far); near.Close() })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.cut()
		pumps.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// answer copies what the server says, piece by piece, until one is to be lost.
func (p *proxy) answer(near, far net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := far.Read(buf)
		if p.lose.Load() > 0 && p.lose.Add(-1) == 0 {
			p.cut()
			return
		}
		if _, bad := near.Write(buf[:n]); err != nil || bad != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.cuts += len(p.conns) / 2
	p.conns = nil
}
