package duckdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	bind "github.com/duckdb/duckdb-go-bindings"
)

// Conn is a session. Statements on one Conn follow each other: while the reader of a Query is not
// released, another Exec or Query fails with ErrBusy. Progress may be called beside a statement.
type Conn struct {
	mu     sync.Mutex // serialises statements; held while one runs in Exec, Query or Next
	handle bind.Connection
	open   *reader // the stream not yet released

	life   sync.RWMutex // held for reading while handle is used without mu
	closed bool

	numberings *numberings // of the instance
}

// ErrBusy says that a Conn still has an unreleased reader.
var ErrBusy = errors.New("duckdb: connection busy: release the rows of the last query first")

var errClosed = errors.New("duckdb: connection closed")

// Conn opens a session.
func (db *DB) Conn() (*Conn, error) {
	c := &Conn{numberings: db.numberings}
	if bind.Connect(db.handle, &c.handle) == bind.StateError {
		return nil, errors.New("duckdb: connect refused: instance closed")
	}
	if err := set(c.handle, sessionSettings); err != nil {
		c.Close()
		return nil, fmt.Errorf("duckdb: connect: %w", err)
	}
	return c, nil
}

// sessionSettings make progress known without printing it. They belong to a session, so a closed
// instance allows these three to be changed.
var sessionSettings = []string{
	"SET enable_progress_bar=true", "SET enable_progress_bar_print=false", "SET progress_bar_time=0",
}

// Close ends the session, with a stream that was left open, whose next Next then fails. It waits for
// a statement that runs. Closing twice is fine.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open != nil {
		c.open.endLocked()
	}
	c.life.Lock()
	defer c.life.Unlock()
	if !c.closed {
		c.closed = true
		bind.Disconnect(&c.handle)
	}
}

// Progress is how far the running statement is: the fraction done, from 0 to 1, and rows read of
// rows to read. Fraction is negative where nothing runs or nothing is known.
func (c *Conn) Progress() (fraction float64, rows, total uint64) {
	c.life.RLock()
	defer c.life.RUnlock()
	if c.closed {
		return -1, 0, 0
	}
	p := bind.QueryProgress(c.handle)
	percent, rows, total := bind.QueryProgressTypeMembers(&p)
	if percent < 0 {
		return -1, rows, total
	}
	return percent / 100, rows, total
}

// Exec runs statements in their order and drops their rows. Args are bound to the last one. It
// returns how many rows the last one changed.
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stmts, err := c.extractLocked(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer stmts.destroy()
	var changed int64
	for i := range stmts.n {
		var bound []any
		if i == stmts.n-1 {
			bound = args
		}
		if changed, err = c.execOneLocked(ctx, stmts, i, bound); err != nil {
			return 0, err
		}
	}
	return changed, nil
}

func (c *Conn) execOneLocked(ctx context.Context, stmts *statements, i int, args []any) (int64, error) {
	res, err := c.runLocked(ctx, stmts, i, args, bind.PendingPrepared)
	if err != nil {
		return 0, err
	}
	defer bind.DestroyResult(&res)
	return int64(bind.RowsChanged(&res)), nil
}

// Query runs one statement and streams its rows in batches of about BatchRows. The caller
// releases the reader; batches it keeps longer it retains.
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stmts, err := c.extractLocked(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer stmts.destroy()
	if stmts.n != 1 {
		return nil, &Error{Kind: Parser, Message: fmt.Sprintf("one statement expected, found %d", stmts.n)}
	}
	res, err := c.runLocked(ctx, stmts, 0, args, bind.PendingPreparedStreaming)
	if err != nil {
		return nil, err
	}
	r, err := newReader(ctx, c, res)
	if err != nil {
		bind.DestroyResult(&res)
		return nil, err
	}
	c.open = r
	return r, nil
}

// Statement is what a statement is, known without running it.
type Statement struct {
	Select  bool          // it only reads: SELECT, VALUES, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE
	Explain bool          // EXPLAIN; of ANALYZE nothing is said
	Params  int           // how many parameters it has
	Schema  *arrow.Schema // of its rows; nil where parameters leave it open
}

// Describe prepares one statement and says what it is.
func (c *Conn) Describe(ctx context.Context, sql string) (Statement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stmts, err := c.extractLocked(ctx, sql)
	if err != nil {
		return Statement{}, err
	}
	defer stmts.destroy()
	if stmts.n != 1 {
		return Statement{}, &Error{Kind: Parser, Message: fmt.Sprintf("one statement expected, found %d", stmts.n)}
	}
	p, err := c.prepareLocked(stmts, 0)
	if err != nil {
		return Statement{}, err
	}
	defer bind.DestroyPrepare(&p)
	kind := bind.PreparedStatementType(p)
	s := Statement{
		Select:  kind == bind.StatementTypeSelect,
		Explain: kind == bind.StatementTypeExplain,
		Params:  int(bind.NParams(p)),
	}
	s.Schema, err = c.preparedSchema(p)
	return s, err
}

// watch interrupts what runs on the connection when ctx ends, until stop is called. An interrupt
// that comes before the statement has begun is forgotten by DuckDB, so it is repeated.
func (c *Conn) watch(ctx context.Context) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(gone)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			bind.Interrupt(c.handle)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		close(done)
		if !cancel() {
			<-gone
		}
	}
}
