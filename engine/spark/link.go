package spark

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

const (
	largest = 1 << 30  // bytes of a message: servers send batches of some megabytes, and a row may be larger
	window  = 16 << 20 // bytes on their way before the reader took any

	heartbeat = time.Minute      // to a server that is silent
	deaf      = 20 * time.Second // without an answer to it the connection is given up
)

// reconnect says how long to wait before the next try to connect.
var reconnect = backoff.Config{BaseDelay: firstPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause}

// link is a connection to a server, with one session on it: what all views of a Session share.
type link struct {
	options Options
	address string
	id      string // of the session, which we choose
	user    *connectpb.UserContext
	bearer  *bearer
	conn    *grpc.ClientConn
	client  connectpb.SparkConnectServiceClient

	// server is the server's own id of the session. It is sent with each request, so that a server
	// which lost the session says so and does not run a statement in an empty one.
	server atomic.Pointer[string]

	sent sync.Map // the artifacts, by name: their hashes

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // those aside; none is added once closed
}

// dial prepares a connection. Nothing is sent yet.
func dial(o Options) (*link, error) {
	l := &link{
		options: o, address: o.Address, id: uuid.NewString(), bearer: newBearer(o),
		user: &connectpb.UserContext{UserId: o.User, UserName: o.User},
	}
	transport := insecure.NewCredentials()
	config, err := o.trust()
	if err != nil {
		return nil, err
	}
	if config != nil {
		transport = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient("dns:///"+o.Address, grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(l.bearer), grpc.WithUserAgent(clientType),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: deaf}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: heartbeat, Timeout: deaf}),
		grpc.WithChainUnaryInterceptor(l.unary), grpc.WithChainStreamInterceptor(l.streaming),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return nil, fmt.Errorf("spark: %s: %w", o.Address, err)
	}
	l.conn, l.client = conn, connectpb.NewSparkConnectServiceClient(conn)
	return l, nil
}

const clientType = "petalake"

// stamp says in a request who asks, and of which session.
func (l *link) stamp(request any) {
	m, ok := request.(proto.Message)
	if !ok {
		return
	}
	r := m.ProtoReflect()
	fields := r.Descriptor().Fields()
	set := func(name protoreflect.Name, v protoreflect.Value) {
		if f := fields.ByName(name); f != nil {
			r.Set(f, v)
		}
	}
	set("session_id", protoreflect.ValueOfString(l.id))
	set("user_context", protoreflect.ValueOfMessage(l.user.ProtoReflect()))
	set("client_type", protoreflect.ValueOfString(clientType))
	if server := l.server.Load(); server != nil {
		set("client_observed_server_side_session_id", protoreflect.ValueOfString(*server))
	}
}

// observe compares the server's id of the session with what it was before.
func (l *link) observe(response any) error {
	r, ok := response.(interface{ GetServerSideSessionId() string })
	if !ok || r.GetServerSideSessionId() == "" {
		return nil
	}
	id := r.GetServerSideSessionId()
	if l.server.CompareAndSwap(nil, &id) || *l.server.Load() == id {
		return nil
	}
	return ErrSessionLost
}

func (l *link) unary(ctx context.Context, method string, request, response any, conn *grpc.ClientConn, call grpc.UnaryInvoker, o ...grpc.CallOption) error {
	l.stamp(request)
	if err := call(ctx, method, request, response, conn, o...); err != nil {
		return err
	}
	return l.observe(response)
}

func (l *link) streaming(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, call grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := call(ctx, desc, conn, method, o...)
	if err != nil {
		return nil, err
	}
	return &watched{ClientStream: stream, link: l}, nil
}

// watched is a stream whose messages are stamped and observed.
type watched struct {
	grpc.ClientStream
	link *link
}

func (w *watched) SendMsg(m any) error {
	w.link.stamp(m)
	return w.ClientStream.SendMsg(m)
}

func (w *watched) RecvMsg(m any) error {
	if err := w.ClientStream.RecvMsg(m); err != nil {
		return err
	}
	return w.link.observe(m)
}

// insist makes a call that does no harm twice until it is answered, or has failed three times.
func insist(ctx context.Context, call func() error) error {
	for attempt := 1; ; attempt++ {
		err := call()
		if err == nil || !broken(err) || attempt == 3 {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// aside makes a call that nobody waits for, but close. After it there is nothing to call for.
func (l *link) aside(call func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		call(ctx)
	})
}

// close waits for the calls aside, and ends the session on the server and the connection.
func (l *link) close() error {
	l.mu.Lock()
	already := l.closed
	l.closed = true
	l.mu.Unlock()
	if already {
		return nil
	}
	l.calls.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err := insist(ctx, func() error {
		_, err := l.client.ReleaseSession(ctx, &connectpb.ReleaseSessionRequest{})
		return err
	})
	if err != nil {
		err = l.explain(ctx, err)
	}
	if closed := l.conn.Close(); err == nil {
		err = closed
	}
	return err
}
