package emr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emrserverless"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// Header is the header by which EMR lets a call of Spark Connect in.
const Header = "x-aws-proxy-auth"

// Endpoint is where a session is spoken to, by TLS, with the token in Header.
type Endpoint struct {
	Address string // host:port
	Token   string
	Ends    time.Time // of the token; zero: never
}

// Session is a session of Spark Connect on EMR. It costs money until it is closed, or idle for a time.
type Session struct {
	id       string
	poll     time.Duration
	state    func(ctx context.Context) (state, reason string, err error)
	endpoint func(ctx context.Context) (Endpoint, error)
	stop     func(ctx context.Context) error
}

// idle is after how many minutes without a statement EMR ends a session.
const idle = 30

// ID names the session.
func (s *Session) ID() string { return s.id }

// Endpoint is where the session is spoken to, with a token that is good from now on.
func (s *Session) Endpoint(ctx context.Context) (Endpoint, error) {
	e, err := s.endpoint(ctx)
	if err != nil {
		return Endpoint{}, fmt.Errorf("emr session %s: %w", s.id, awsx.Explain(err))
	}
	if u, err := url.Parse(e.Address); err == nil && u.Host != "" {
		e.Address = u.Host
	}
	if _, _, err := net.SplitHostPort(e.Address); err != nil {
		e.Address = net.JoinHostPort(e.Address, "443")
	}
	return e, nil
}

// Close ends the session.
func (s *Session) Close(ctx context.Context) error { return awsx.Explain(s.stop(ctx)) }

// ready waits until the session takes statements. One that does not come to that is closed.
func (s *Session) ready(ctx context.Context, tell func(state string)) (*Session, error) {
	last := ""
	for {
		state, reason, err := s.state(ctx)
		if err = awsx.Explain(err); err != nil {
			return nil, s.abandon(ctx, err)
		}
		if state != last && tell != nil {
			tell(state)
		}
		switch last = state; state {
		case "STARTED", "IDLE", "BUSY":
			return s, nil
		case "FAILED", "TERMINATING", "TERMINATED":
			return nil, fmt.Errorf("emr session %s: %s: %s", s.id, state, reason)
		}
		if err := awsx.Sleep(ctx, s.poll); err != nil {
			return nil, s.abandon(ctx, err)
		}
	}
}

// abandon closes a session that nobody waits for any more.
func (s *Session) abandon(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, s.Close(ctx))
}

// OpenServerless starts a session on an EMR Serverless application and waits until it takes
// statements. Name makes calls with the same name one session.
func OpenServerless(ctx context.Context, cfg aws.Config, application, role, name string, poll time.Duration, tell func(state string)) (*Session, error) {
	client := emrserverless.NewFromConfig(cfg)
	out, err := client.StartSession(ctx, &emrserverless.StartSessionInput{
		ApplicationId: &application, ExecutionRoleArn: &role, ClientToken: aws.String(token(name)), Name: &name, IdleTimeoutMinutes: aws.Int64(idle),
	})
	if err != nil {
		return nil, refused("EMR Serverless application "+application, err)
	}
	id := out.SessionId
	s := &Session{id: aws.ToString(id), poll: poll}
	s.state = func(ctx context.Context) (string, string, error) {
		out, err := client.GetSession(ctx, &emrserverless.GetSessionInput{ApplicationId: &application, SessionId: id})
		if err != nil {
			return "", "", err
		}
		return string(out.Session.State), aws.ToString(out.Session.StateDetails), nil
	}
	s.endpoint = func(ctx context.Context) (Endpoint, error) {
		out, err := client.GetSessionEndpoint(ctx, &emrserverless.GetSessionEndpointInput{ApplicationId: &application, SessionId: id})
		if err != nil {
			return Endpoint{}, err
		}
		return Endpoint{aws.ToString(out.Endpoint), aws.ToString(out.AuthToken), aws.ToTime(out.AuthTokenExpiresAt)}, nil
	}
	s.stop = func(ctx context.Context) error {
		_, err := client.TerminateSession(ctx, &emrserverless.TerminateSessionInput{ApplicationId: &application, SessionId: id})
		return err
	}
	return s.ready(ctx, tell)
}

// OpenCluster starts a session on a cluster, which must be one that takes sessions, and waits until
// it takes statements. Name makes calls with the same name one session.
func OpenCluster(ctx context.Context, cfg aws.Config, cluster, role, name string, poll time.Duration, tell func(state string)) (*Session, error) {
	client := emr.NewFromConfig(cfg)
	out, err := client.StartSession(ctx, &emr.StartSessionInput{
		ClusterId: &cluster, ExecutionRoleArn: &role, ClientRequestToken: aws.String(token(name)), Name: &name, SessionIdleTimeoutInMinutes: aws.Int64(idle),
	})
	if err != nil {
		return nil, refused("EMR cluster "+cluster, err)
	}
	id := out.Id
	s := &Session{id: aws.ToString(id), poll: poll}
	s.state = func(ctx context.Context) (string, string, error) {
		out, err := client.GetSession(ctx, &emr.GetSessionInput{ClusterId: &cluster, SessionId: id})
		if err != nil {
			return "", "", err
		}
		return string(out.Session.State), aws.ToString(out.Session.StateChangeReason), nil
	}
	s.endpoint = func(ctx context.Context) (Endpoint, error) {
		out, err := client.GetSessionEndpoint(ctx, &emr.GetSessionEndpointInput{ClusterId: &cluster, SessionId: id})
		if err != nil {
			return Endpoint{}, err
		}
		return Endpoint{aws.ToString(out.Endpoint), aws.ToString(out.AuthToken), aws.ToTime(out.AuthTokenExpirationTime)}, nil
	}
	s.stop = func(ctx context.Context) error {
		_, err := client.TerminateSession(ctx, &emr.TerminateSessionInput{ClusterId: &cluster, SessionId: id})
		return err
	}
	return s.ready(ctx, tell)
}
