// Package spark is a client of Spark Connect.
//
// A Session is one user's state on a server: its settings, its temporary views. A statement runs as
// an operation with an id of its own. Its responses are numbered, so that a stream that is cut is
// taken up after the last response that came: no row is lost and none comes twice. Rows arrive batch
// by batch and are never gathered.
package spark

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Session runs statements on a Spark Connect server. It is safe for concurrent use.
type Session struct {
	*link
	tags []string // of the operations that are started through this view
}

var _ engine.Engine = (*Session)(nil)

// Open makes a session and asks the server for its version, so that a wrong address or token is
// known at once. Errors from the server are *Error.
func Open(ctx context.Context, o Options) (*Session, error) {
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	l, err := dial(o)
	if err != nil {
		return nil, err
	}
	s := &Session{link: l}
	version, err := s.Version(ctx)
	if err == nil {
		err = l.supported(version)
	}
	if err != nil {
		l.conn.Close()
		return nil, err
	}
	return s, nil
}

// Version is the server's version of Spark, such as 4.1.1.
func (s *Session) Version(ctx context.Context) (string, error) {
	r, err := s.client.AnalyzePlan(ctx, &connectpb.AnalyzePlanRequest{
		Analyze: &connectpb.AnalyzePlanRequest_SparkVersion_{SparkVersion: &connectpb.AnalyzePlanRequest_SparkVersion{}},
	})
	if err != nil {
		return "", s.explain(ctx, err)
	}
	return r.GetSparkVersion().GetVersion(), nil
}

// ID is the id of the session, a UUID.
func (s *Session) ID() string { return s.id }

// Tagged is a view of the session: what is started through it carries the tags besides those that it
// has already. A tag is not empty and holds no comma.
func (s *Session) Tagged(tags ...string) *Session {
	return &Session{link: s.link, tags: slices.Concat(s.tags, tags)}
}

// Interrupt stops the operations of the session that carry a tag, or all of them where tag is empty.
// Where none runs nothing happens.
func (s *Session) Interrupt(ctx context.Context, tag string) error {
	r := &connectpb.InterruptRequest{InterruptType: connectpb.InterruptRequest_INTERRUPT_TYPE_ALL}
	if tag != "" {
		r.InterruptType = connectpb.InterruptRequest_INTERRUPT_TYPE_TAG
		r.Interrupt = &connectpb.InterruptRequest_OperationTag{OperationTag: tag}
	}
	return s.ask(ctx, func() error {
		_, err := s.client.Interrupt(ctx, r)
		return err
	})
}

// clone is another session that begins with the settings and the views of this one. A server that
// makes none is codes.Unimplemented.
func (s *Session) clone(ctx context.Context) (*Session, error) {
	id := uuid.NewString()
	if _, err := s.client.CloneSession(ctx, &connectpb.CloneSessionRequest{NewSessionId: &id}); err != nil {
		return nil, err
	}
	l, err := dial(s.options)
	if err != nil {
		return nil, err
	}
	l.id = id
	return &Session{link: l, tags: s.tags}, nil
}

// ask makes a call that does no harm twice.
func (s *Session) ask(ctx context.Context, call func() error) error {
	if err := insist(ctx, call); err != nil {
		return s.explain(ctx, err)
	}
	return nil
}

// Close ends the session on the server, with all that runs in it, and the connection. It does so for
// all views of the session.
func (s *Session) Close() error { return s.close() }
