package spark

import (
	"io"
	"net"
	"sync"
	"testing"
)

// cut promises that every row comes, and comes once, though the network breaks again and again.
func cut(t *testing.T, address string) {
	proxy := newProxy(t, address)
	s, err := Open(t.Context(), Options{Address: proxy.listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
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

// proxy passes connections on, until it cuts them.
type proxy struct {
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
	cuts     int
}

func newProxy(t *testing.T, address string) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
			pumps.Go(func() { io.Copy(near, far); near.Close() })
			pumps.Go(func() { io.Copy(far, near); far.Close() })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.cut()
		pumps.Wait()
	})
	return p
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
