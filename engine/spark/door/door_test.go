package door

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// fake is a server that notes who called.
type fake struct {
	connectpb.UnimplementedSparkConnectServiceServer
	mu       sync.Mutex
	users    []string
	headers  metadata.MD
	released []string // sessions
	chunks   int      // of artifacts
}

func (f *fake) note(ctx context.Context, user *connectpb.UserContext) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users = append(f.users, user.GetUserId()+"/"+user.GetUserName())
	f.headers, _ = metadata.FromIncomingContext(ctx)
}

func (f *fake) AnalyzePlan(ctx context.Context, r *connectpb.AnalyzePlanRequest) (*connectpb.AnalyzePlanResponse, error) {
	f.note(ctx, r.GetUserContext())
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-server", "fake"))
	return &connectpb.AnalyzePlanResponse{SessionId: r.GetSessionId()}, nil
}

func (f *fake) Config(ctx context.Context, r *connectpb.ConfigRequest) (*connectpb.ConfigResponse, error) {
	failed, _ := status.New(codes.Internal, "no such key").WithDetails(&errdetails.ErrorInfo{Reason: "because"})
	return nil, failed.Err()
}

func (f *fake) ExecutePlan(r *connectpb.ExecutePlanRequest, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	f.note(out.Context(), r.GetUserContext())
	if r.GetClientType() == "forever" {
		<-out.Context().Done()
		return out.Context().Err()
	}
	for range 3 {
		data := strings.Repeat("x", 5<<20) // more than gRPC allows where nobody says otherwise
		if err := out.Send(&connectpb.ExecutePlanResponse{ResponseType: &connectpb.ExecutePlanResponse_ArrowBatch_{
			ArrowBatch: &connectpb.ExecutePlanResponse_ArrowBatch{Data: []byte(data)}}}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) AddArtifacts(in grpc.ClientStreamingServer[connectpb.AddArtifactsRequest, connectpb.AddArtifactsResponse]) error {
	for {
		r, err := in.Recv()
		if err != nil {
			return in.SendAndClose(&connectpb.AddArtifactsResponse{})
		}
		f.note(in.Context(), r.GetUserContext())
		f.mu.Lock()
		f.chunks++
		f.mu.Unlock()
	}
}

func (f *fake) ReleaseSession(_ context.Context, r *connectpb.ReleaseSessionRequest) (*connectpb.ReleaseSessionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = append(f.released, r.GetUserContext().GetUserId()+"/"+r.GetSessionId())
	return &connectpb.ReleaseSessionResponse{}, nil
}

// upstream serves a fake and returns a connection to it.
func upstream(t *testing.T, f *fake) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	connectpb.RegisterSparkConnectServiceServer(server, f)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return dial(t, listener.Addr().String())
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("dns:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// opened serves a door to a fake until the test ends.
func opened(t *testing.T, f *fake, o Options) (*Door, connectpb.SparkConnectServiceClient) {
	t.Helper()
	if o.Upstream == nil {
		up := upstream(t, f)
		o.Upstream = func(context.Context, string) (grpc.ClientConnInterface, error) { return up, nil }
	}
	d, err := Open("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- d.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return d, connectpb.NewSparkConnectServiceClient(dial(t, d.Addr()))
}

func as(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, "x-mine", "kept")
}

// TestUsers promises that a token lets in its user and nobody else, whoever a client says it is,
// and that the token stays at the door.
func TestUsers(t *testing.T) {
	f := &fake{}
	d, client := opened(t, f, Options{Users: map[string]string{"ada": "s3cret", "bob": "other"}})
	request := &connectpb.AnalyzePlanRequest{SessionId: "1", UserContext: &connectpb.UserContext{UserId: "root", UserName: "root"}}
	for _, token := range []string{"", "wrong", "s3cre", "s3cret "} {
		_, err := client.AnalyzePlan(as(t.Context(), token), request)
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("token %q: got %v, want Unauthenticated", token, err)
		}
	}
	if _, err := client.AnalyzePlan(t.Context(), request); status.Code(err) != codes.Unauthenticated {
		t.Errorf("no token: got %v, want Unauthenticated", err)
	}
	if len(f.users) > 0 {
		t.Fatalf("the server was called by %v, want nobody", f.users)
	}
	var header metadata.MD
	r, err := client.AnalyzePlan(as(t.Context(), "s3cret"), request, grpc.Header(&header))
	if err != nil || r.GetSessionId() != "1" {
		t.Fatalf("got %v, %v", r, err)
	}
	if f.users[0] != "ada/ada" {
		t.Errorf("the server saw user %s, want ada/ada", f.users[0])
	}
	if len(f.headers.Get("authorization")) > 0 || len(f.headers.Get("x-mine")) != 1 {
		t.Errorf("the server saw headers %v, want no authorization, and x-mine", f.headers)
	}
	if got := header.Get("x-server"); len(got) != 1 || got[0] != "fake" {
		t.Errorf("the client saw header x-server %v, want fake", got)
	}
	if n := d.counts.refused.Load(); n != 5 {
		t.Errorf("%d calls refused, want 5", n)
	}
}

// TestPassing promises that streams in both directions, large messages and errors with their
// details come through as they are.
func TestPassing(t *testing.T) {
	f := &fake{}
	_, client := opened(t, f, Options{})
	user := &connectpb.UserContext{UserId: "eve"}
	stream, err := client.ExecutePlan(t.Context(), &connectpb.ExecutePlanRequest{SessionId: "1", UserContext: user})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for {
		r, err := stream.Recv()
		if err != nil {
			break
		}
		size += len(r.GetArrowBatch().GetData())
	}
	if size != 15<<20 {
		t.Errorf("got %d bytes of rows, want %d", size, 15<<20)
	}
	artifacts, err := client.AddArtifacts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := artifacts.Send(&connectpb.AddArtifactsRequest{SessionId: "1", UserContext: user}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := artifacts.CloseAndRecv(); err != nil || f.chunks != 4 {
		t.Errorf("artifacts: %d messages, %v, want 4", f.chunks, err)
	}
	_, err = client.Config(t.Context(), &connectpb.ConfigRequest{SessionId: "1", UserContext: user})
	if st := status.Convert(err); st.Message() != "no such key" || len(st.Details()) != 1 {
		t.Errorf("error: got %v with details %v, want the server's own", err, st.Details())
	}
	for _, who := range f.users {
		if who != "eve/" {
			t.Errorf("the server saw user %s, want eve", who)
		}
	}
}

// TestCancel promises that a client that leaves ends its call on the server.
func TestCancel(t *testing.T) {
	f := &fake{}
	d, client := opened(t, f, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.ExecutePlan(ctx, &connectpb.ExecutePlanRequest{SessionId: "1", ClientType: new("forever")})
	if err != nil {
		t.Fatal(err)
	}
	for !eventually(func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.users) == 1 }) {
		t.Fatal("the call did not come to the server")
	}
	cancel()
	if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
	if !eventually(func() bool { return strings.Contains(d.metrics(), `{method="ExecutePlan",code="Canceled"} 1`) }) {
		t.Errorf("the call goes on at the door:\n%s", d.metrics())
	}
}

func eventually(is func() bool) bool {
	for range 500 {
		if is() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// TestIdle promises that a session without a call ends on its server, as its own user's, and that
// one with a call under way does not.
func TestIdle(t *testing.T) {
	f := &fake{}
	d, client := opened(t, f, Options{Idle: 50 * time.Millisecond, Users: map[string]string{"ada": "s3cret"}})
	ctx := as(t.Context(), "s3cret")
	if _, err := client.ExecutePlan(ctx, &connectpb.ExecutePlanRequest{SessionId: "busy", ClientType: new("forever")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AnalyzePlan(ctx, &connectpb.AnalyzePlanRequest{SessionId: "idle"}); err != nil {
		t.Fatal(err)
	}
	released := func() string { f.mu.Lock(); defer f.mu.Unlock(); return strings.Join(f.released, " ") }
	if !eventually(func() bool { return released() != "" }) || released() != "ada/idle" {
		t.Errorf("sessions ended: %q, want ada/idle", released())
	}
	if n := d.sessions.count(); n != 1 {
		t.Errorf("%d sessions are open, want the busy one", n)
	}
	recorder := httptest.NewRecorder()
	d.ServeHTTP(recorder, nil)
	for _, want := range []string{"petalake_connect_sessions 1\n", "petalake_connect_sessions_opened_total 2\n",
		"petalake_connect_sessions_idle_total 1\n", `petalake_connect_calls_total{method="AnalyzePlan",code="OK"} 1`} {
		if !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("no %q in the metrics:\n%s", want, recorder.Body)
		}
	}
}

// TestReleased promises that a session that its client ended is forgotten.
func TestReleased(t *testing.T) {
	d, client := opened(t, &fake{}, Options{})
	if _, err := client.ReleaseSession(t.Context(), &connectpb.ReleaseSessionRequest{SessionId: "1"}); err != nil {
		t.Fatal(err)
	}
	if n := d.sessions.count(); n != 0 {
		t.Errorf("%d sessions are open, want none", n)
	}
}

// TestAnotherServer promises that a session whose server went away gets another one, and that a
// server that cannot be had is an error the client may wait out.
func TestAnotherServer(t *testing.T) {
	f := &fake{}
	gone, here := dial(t, "127.0.0.1:1"), upstream(t, f)
	next := []grpc.ClientConnInterface{nil, gone, here}
	_, client := opened(t, f, Options{Upstream: func(context.Context, string) (grpc.ClientConnInterface, error) {
		up := next[0]
		if next = next[1:]; up == nil {
			return nil, errors.New("it starts")
		}
		return up, nil
	}})
	for i, want := range []codes.Code{codes.Unavailable, codes.Unavailable, codes.OK} {
		if _, err := client.AnalyzePlan(t.Context(), &connectpb.AnalyzePlanRequest{SessionId: "1"}); status.Code(err) != want {
			t.Errorf("call %d: got %v, want %v", i, err, want)
		}
	}
}

// TestOpen promises that a door to everybody asks for a token, and that what is wrong is said.
func TestOpen(t *testing.T) {
	for address, o := range map[string]Options{
		":0":          {},
		"0.0.0.0:0":   {},
		"127.0.0.1:0": {Users: map[string]string{"ada": ""}},
		"127.0.0.1:x": {},
	} {
		_, err := Open(address, o)
		var wrong *OpenError
		if !errors.As(err, &wrong) || wrong.Hint() == "" || !strings.Contains(err.Error(), address) {
			t.Errorf("open %s: got %v, want an error that names the address, with a hint", address, err)
		}
	}
	d, err := Open("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.listener.Close()
	if _, err := Open(d.Addr(), Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a taken address: got %v, want an error that says so", err)
	}
}

// TestOtherServices promises that nothing but Spark Connect goes through.
func TestOtherServices(t *testing.T) {
	f := &fake{}
	d, _ := opened(t, f, Options{})
	err := dial(t, d.Addr()).Invoke(t.Context(), "/grpc.reflection.v1.ServerReflection/Info", &connectpb.ConfigRequest{}, &connectpb.ConfigResponse{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("another service: got %v, want Unimplemented", err)
	}
}

// FuzzHead promises that no bytes of a client upset the door, and that the user who was let in is
// the one that a server sees, whatever stood in the message before.
func FuzzHead(f *testing.F) {
	f.Add([]byte{10, 1, 'x', 18, 2, 10, 0})
	f.Add([]byte{18, 0, 10, 0, 24, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := readHead(b); err != nil {
			return
		}
		h, err := readHead(append(b[:len(b):len(b)], userTail("ada")...))
		if err != nil || h.user != "ada" {
			t.Errorf("%x with its tail: user %q, %v, want ada", b, h.user, err)
		}
	})
}
