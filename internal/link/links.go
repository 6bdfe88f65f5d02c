// Package link keeps the way from a lake to its environment's Spark: one session in which the lake's tables
// have their names.
//
// A Link is a session with what its server knows of the lake: schemas and tables, made known as statements
// name them. Links opens one when it is needed first, hands it to all who ask, and opens another where the
// server or the session went away. A Spark of this machine is started by it; one on EMR is asked for a session; any
// other is reached where lakehouse.yaml says.
//
// Closing a Links ends its session and what it started for it. Its methods are safe for concurrent use.
package link

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Links opens the way to the environment's Spark, once, and again where it is lost.
type Links struct {
	Env *lake.Env
	// Starting is told how far the start of a Spark of this machine, or of a session on EMR, is. May be nil.
	Starting func(local.Step)
	// Sessions opens sessions on Amazon EMR; nil where the program has no services of AWS.
	Sessions Sessions

	mu   sync.Mutex
	open *Link // nil until it is needed

	cleaning sync.Mutex
	cleaned  time.Time // when event logs were
}

// Sessions opens sessions of Spark Connect on Amazon EMR.
type Sessions interface {
	// Session starts a session on the EMR that an environment names, and waits until it takes statements; tell hears
	// whenever its state changes. The options say where it is spoken to, with a token that is renewed before it ends;
	// the session costs money until done is called. It is safe for concurrent use, and starts nothing where it fails.
	Session(ctx context.Context, e *spec.Environment, tell func()) (o spark.Options, done func(), err error)
}

// Open is the session that all share.
func (s *Links) Open(ctx context.Context) (*Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.open; k != nil && !k.there(ctx) {
		go k.Close() // it may wait for a server that is gone
		s.open = nil
	}
	if s.open == nil {
		opened, err := s.New(ctx)
		if err != nil {
			return nil, err
		}
		s.open = opened
	}
	s.open.used = time.Now()
	return s.open, nil
}

// IsOpen says whether there is a session that all share now: it may have temporary views.
func (s *Links) IsOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open != nil
}

// Whole is the session that all share, with all tables of the lake and all schemas that lakehouse.yaml names.
func (s *Links) Whole(ctx context.Context) (*spark.Session, error) {
	k, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.Env.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, schema := range s.Env.Schemas() {
		if err := k.RegisterSchema(ctx, schema); err != nil {
			return nil, err
		}
	}
	if err := k.Register(ctx, names); err != nil {
		return nil, err
	}
	return k.Session, k.registerDefaults(ctx, names)
}

// Lost gives up the shared session where an error says that its server went away, so that the next statement gets
// another. It returns the error.
func (s *Links) Lost(err error) error {
	if errors.Is(err, spark.ErrSessionLost) || spark.Unreachable(err) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open != nil {
			go s.open.Close() // it may wait for a server that is gone
			s.open = nil
		}
	}
	return err
}

// Close ends the shared session.
func (s *Links) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != nil {
		s.open.Close()
		s.open = nil
	}
}

// New opens a session of its own, which the caller closes.
func (s *Links) New(ctx context.Context) (*Link, error) {
	o, server, done, err := s.Options(ctx)
	if err != nil {
		return nil, err
	}
	session, err := spark.Open(ctx, o)
	if err != nil {
		done()
		return nil, err
	}
	out := &Link{Session: session, env: s.Env, server: server, done: done, known: map[string]bool{}}
	if err = session.Set(ctx, map[string]string{"spark.sql.session.timeZone": "UTC"}); err == nil {
		err = out.begin(ctx)
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}
