package duck

import (
	"context"
	"fmt"
	"sync"

	"github.com/petalake/petalake/internal/duckdb"
)

// instance is a DuckDB that starts with its first session and keeps sessions for reuse.
type instance struct {
	options duckdb.Options

	mu     sync.Mutex
	db     *duckdb.DB
	idle   []*session
	busy   map[*session]bool
	made   int
	closed bool
}

// idleSessions is how many sessions an instance keeps when nobody uses them.
const idleSessions = 8

// session is a connection with a catalog of its own in memory, so that the tables of one statement
// are invisible to every other. One statement uses it at a time.
type session struct {
	of   *instance
	conn *duckdb.Conn

	began bool // a transaction is open
	bad   bool // do not use again
}

// session takes an idle session or makes one. The caller ends it.
func (d *instance) session(ctx context.Context) (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	if n := len(d.idle); n > 0 {
		s := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.busy[s] = true
		return s, nil
	}
	if d.db == nil {
		db, err := duckdb.Open(d.options)
		if err != nil {
			return nil, err
		}
		d.db = db
	}
	conn, err := d.db.Conn()
	if err != nil {
		return nil, err
	}
	d.made++
	name := duckdb.QuoteIdent(fmt.Sprintf("@session%d", d.made))
	if _, err := conn.Exec(ctx, fmt.Sprintf("ATTACH ':memory:' AS %s; USE %s", name, name)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("opening a session: %w", err)
	}
	s := &session{of: d, conn: conn}
	if d.busy == nil {
		d.busy = map[*session]bool{}
	}
	d.busy[s] = true
	return s, nil
}

// begin starts the transaction that holds a statement's tables.
func (s *session) begin(ctx context.Context) error {
	_, err := s.conn.Exec(ctx, "BEGIN TRANSACTION")
	s.began = err == nil
	return err
}

// end takes the statement's tables away and gives the session back.
func (s *session) end() {
	if s.began {
		_, err := s.conn.Exec(context.Background(), "ROLLBACK")
		s.bad = s.bad || err != nil
		s.began = false
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	delete(s.of.busy, s)
	if s.bad || s.of.closed || len(s.of.idle) >= idleSessions {
		s.conn.Close()
		return
	}
	s.of.idle = append(s.of.idle, s)
}

// close frees the instance, with the sessions that are in use: their statements were cancelled before.
func (d *instance) close() {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return
	}
	d.closed = true
	sessions := d.idle
	d.idle = nil
	for s := range d.busy {
		sessions = append(sessions, s)
	}
	d.mu.Unlock()
	for _, s := range sessions { // without the lock: a statement may need it to end
		s.conn.Close()
	}
	if d.db != nil {
		d.db.Close()
	}
}
