package duckdb

import (
	"context"

	bind "github.com/duckdb/duckdb-go-bindings"
)

// statements is a parsed SQL text.
type statements struct {
	handle bind.ExtractedStatements
	n      int
	sql    string
}

func (s *statements) destroy() { bind.DestroyExtracted(&s.handle) }

func (c *Conn) extractLocked(ctx context.Context, sql string) (*statements, error) {
	switch {
	case c.closed:
		return nil, errClosed
	case c.open != nil:
		return nil, ErrBusy
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	s := &statements{sql: sql}
	s.n = int(bind.ExtractStatements(c.handle, sql, &s.handle))
	if s.n > 0 {
		return s, nil
	}
	defer s.destroy()
	if msg := bind.ExtractStatementsError(s.handle); msg != "" {
		return nil, parseErrorIn(msg, sql)
	}
	return nil, &Error{Kind: Parser, Message: "no statement"}
}

func (c *Conn) prepareLocked(s *statements, i int) (bind.PreparedStatement, error) {
	var p bind.PreparedStatement
	if bind.PrepareExtractedStatement(c.handle, s.handle, bind.IdxT(i), &p) == bind.StateError {
		err := parseErrorIn(bind.PrepareError(p), s.sql)
		bind.DestroyPrepare(&p)
		return p, err
	}
	return p, nil
}

// pendingFunc is PendingPrepared (the result is held in memory) or PendingPreparedStreaming.
type pendingFunc func(bind.PreparedStatement, *bind.PendingResult) bind.State

func (c *Conn) runLocked(ctx context.Context, s *statements, i int, args []any, pending pendingFunc) (bind.Result, error) {
	var res bind.Result
	stop := c.watch(ctx)
	defer stop()
	p, err := c.prepareLocked(s, i)
	if err != nil {
		return res, c.cause(ctx, err)
	}
	defer bind.DestroyPrepare(&p)
	if err := bindArgs(p, args); err != nil {
		return res, err
	}
	var wait bind.PendingResult
	defer bind.DestroyPending(&wait)
	if pending(p, &wait) == bind.StateError {
		return res, c.cause(ctx, parseErrorIn(bind.PendingError(wait), s.sql))
	}
	if bind.ExecutePending(wait, &res) == bind.StateError {
		err := parseErrorIn(bind.ResultError(&res), s.sql)
		bind.DestroyResult(&res)
		return res, c.cause(ctx, err)
	}
	return res, nil
}

// cause is the context's error where that is why the statement ended.
func (c *Conn) cause(ctx context.Context, err error) error {
	if e, ok := err.(*Error); ctx.Err() != nil && (err == errClosed || ok && e.Kind == Interrupted) {
		return ctx.Err()
	}
	return err
}
