// Package door lets programs of Spark Connect in to the Spark of a lake.
//
// A Connect is the address that lakehouse.yaml names, its tokens and certificate. Whoever comes in finds the lake's
// tables by their names; a Spark of this machine is started with the first of them.
package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/door"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/spec"
)

// Connect is the door of an environment for programs of Spark Connect.
type Connect struct {
	Env   *lake.Env
	Links *link.Links
}

// Serve lets programs of Spark Connect in to the environment's Spark until ctx ends, at the address
// that lakehouse.yaml names. Opened is told the address as soon as they may come. A Spark of this
// machine is started with the first of them.
func (d *Connect) Serve(ctx context.Context, opened func(address string)) error {
	c := &d.Env.Environment.Connect
	o := door.Options{Idle: time.Duration(c.Idle), Users: map[string]string{}}
	for _, u := range c.Users {
		o.Users[u.Name] = u.Token.Reveal()
	}
	if c.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(d.Env.Absolute(string(c.CertFile)), d.Env.Absolute(string(c.KeyFile)))
		if err != nil {
			return d.problem("cert_file", err)
		}
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	}
	way := &upstream{links: d.Links}
	defer way.close()
	o.Upstream = way.find
	opening, err := door.Open(string(c.Listen), o)
	if err != nil {
		return d.problem("listen", err)
	}
	group, inner := errgroup.WithContext(ctx)
	if c.Metrics != "" {
		listener, err := net.Listen("tcp", string(c.Metrics))
		if err != nil {
			return errors.Join(d.problem("metrics", err), opening.Close())
		}
		pages := http.NewServeMux()
		pages.Handle("GET /metrics", opening)
		server := &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second}
		group.Go(func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return d.problem("metrics", err)
			}
			return nil
		})
		context.AfterFunc(inner, func() { _ = server.Close() })
	}
	group.Go(func() error { return opening.Serve(inner) })
	opened(opening.Addr())
	return group.Wait()
}

// problem says where in lakehouse.yaml stands what is wrong with the door.
func (d *Connect) problem(key string, err error) error {
	problem := spec.Problem{Pos: d.Env.Environment.Connect.At(key), Path: "environments." + d.Env.Environment.Name + ".connect." + key,
		Message: fmt.Sprintf("environment %s: %v", d.Env.Environment.Name, err)}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		problem.Hint = hinted.Hint()
	}
	return problem
}

// upstream finds the environment's Spark for the sessions that come in.
type upstream struct {
	links *link.Links

	mu    sync.Mutex
	conns map[string]*grpc.ClientConn // by address
	uses  []func()                    // to end when the door is closed
}

// find gives the connection to the server that runs now. The lake's tables have their names there.
func (u *upstream) find(ctx context.Context, _ string) (grpc.ClientConnInterface, error) {
	if _, err := u.links.Whole(ctx); err != nil {
		return nil, u.links.Lost(err)
	}
	o, _, done, err := u.links.Options(ctx)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if conn := u.conns[o.Address]; conn != nil {
		done()
		return conn, nil
	}
	conn, err := spark.Dial(o)
	if err != nil {
		done()
		return nil, err
	}
	if u.conns == nil {
		u.conns = map[string]*grpc.ClientConn{}
	}
	u.conns[o.Address] = conn
	u.uses = append(u.uses, done)
	return conn, nil
}

func (u *upstream) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, conn := range u.conns {
		_ = conn.Close()
	}
	for _, done := range u.uses {
		done()
	}
}
