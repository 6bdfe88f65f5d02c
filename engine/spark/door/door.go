// Package door lets programs of Spark Connect in to a Spark that is somewhere else.
//
// A Door listens on an address. What comes in is passed on byte by byte, to the server that was
// chosen for the session when it began, so that every client and every version of the protocol
// sees Spark itself. The door looks at two fields of a message alone: the session, to know which
// server has it and when it was idle, and the user, which it sets to the one whose token was given:
// Spark keeps the sessions of different users apart.
package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Options say who may come in, and where the way leads.
type Options struct {
	// Upstream gives the server for a new session of a user; the connection stays the caller's. It
	// is asked again for a session whose server does not answer any more.
	Upstream func(ctx context.Context, user string) (grpc.ClientConnInterface, error)

	// Users are the bearer tokens that open the door, by the name of the user each belongs to.
	// Without any, everybody is let in who reaches the address, as the user they say they are, and
	// the address must be one of this machine alone.
	Users map[string]string

	TLS  *tls.Config   // nil is plain text
	Idle time.Duration // after which a session without a call is ended; 0 is an hour
}

// Door is an open door. Its methods are safe for concurrent use.
type Door struct {
	options  Options
	server   *grpc.Server
	listener net.Listener
	sessions sessions
	counts   counts
}

// largest is how many bytes a message may have: Spark sends batches of some megabytes, and a row may be larger.
const largest = 1 << 30

// OpenError says why a door stays shut.
type OpenError struct{ Address, Reason, hint string }

// Error implements error.
func (e *OpenError) Error() string {
	return fmt.Sprintf("spark connect door: %s: %s", e.Address, e.Reason)
}

// Hint says what to do.
func (e *OpenError) Hint() string { return e.hint }

// Open listens on host:port; port 0 is any free one. Serve lets callers in.
func Open(address string, o Options) (*Door, error) {
	if len(o.Users) == 0 && !loopback(address) {
		return nil, &OpenError{address, "others reach this address, and no token is asked for", "give users with tokens, or listen on localhost"}
	}
	for name, token := range o.Users {
		if token == "" {
			return nil, &OpenError{address, fmt.Sprintf("the token of user %q is empty", name), "give each user a token"}
		}
	}
	if o.Idle <= 0 {
		o.Idle = time.Hour
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, &OpenError{address, err.Error(), "choose another address"}
	}
	d := &Door{options: o, listener: listener}
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(d.forward),
		grpc.MaxRecvMsgSize(largest), grpc.MaxSendMsgSize(largest),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	d.server = grpc.NewServer(options...)
	return d, nil
}

// loopback says whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Addr is where the door listens, host:port.
func (d *Door) Addr() string { return d.listener.Addr().String() }

// Close ends a door that is not served.
func (d *Door) Close() error {
	d.server.Stop()
	return d.listener.Close()
}

// Serve lets callers in until ctx ends. It returns nil then; the calls under way are cut.
func (d *Door) Serve(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer d.server.Stop()
		d.sweep(inner)
		return nil
	})
	group.Go(func() error {
		if err := d.server.Serve(d.listener); err != nil && ctx.Err() == nil {
			return &OpenError{d.Addr(), err.Error(), ""}
		}
		return nil
	})
	return group.Wait()
}

// sweep ends idle sessions until ctx ends.
func (d *Door) sweep(ctx context.Context) {
	tick := time.NewTicker(max(d.options.Idle/8, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, s := range d.sessions.idle(now.Add(-d.options.Idle)) {
				d.counts.idled.Add(1)
				s.release(ctx)
			}
		}
	}
}
