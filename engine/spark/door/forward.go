package door

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

const service = "/spark.connect.SparkConnectService/"

// forward passes one call on. No call of the protocol talks both ways at once: what the client has
// to say is sent whole, then what the server answers comes back.
func (d *Door) forward(_ any, down grpc.ServerStream) (err error) {
	method, _ := grpc.MethodFromServerStream(down)
	defer func() { d.counts.call(strings.TrimPrefix(method, service), status.Code(err)) }()
	if !strings.HasPrefix(method, service) {
		return status.Errorf(codes.Unimplemented, "petalake: %s is no call of Spark Connect", method)
	}
	user, err := d.admit(down.Context())
	if err != nil {
		return err
	}
	first, h, err := d.request(down, user)
	if err != nil {
		return err
	}
	defer first.free()
	upstream, isNew := d.sessions.begin(h, time.Now())
	if isNew {
		d.counts.opened.Add(1)
	}
	defer func() {
		d.sessions.end(h, time.Now(), err == nil && method == connectpb.SparkConnectService_ReleaseSession_FullMethodName)
	}()
	if upstream == nil {
		if upstream, err = d.options.Upstream(down.Context(), h.user); err != nil {
			return status.Errorf(codes.Unavailable, "petalake: no Spark for this session: %v", err)
		}
		upstream = d.sessions.settle(h, upstream)
	}
	err = d.pass(down, upstream, method, first, user)
	if status.Code(err) == codes.Unavailable {
		d.sessions.unsettle(h, upstream)
	}
	return err
}

// admit finds the user whose token came with a call; "" where none are asked for.
func (d *Door) admit(ctx context.Context) (string, error) {
	if len(d.options.Users) == 0 {
		return "", nil
	}
	headers, _ := metadata.FromIncomingContext(ctx)
	var given [sha256.Size]byte
	for _, value := range headers.Get("authorization") {
		if kind, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(kind, "bearer") {
			given = sha256.Sum256([]byte(token))
		}
	}
	found, ok := "", false
	for user, token := range d.options.Users { // all of them, so that time says nothing
		want := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(want[:], given[:]) == 1 {
			found, ok = user, true
		}
	}
	if !ok {
		d.counts.refused.Add(1)
		return "", status.Error(codes.Unauthenticated, "petalake: the token is missing or wrong: connect to sc://host:port/;token=...")
	}
	return found, nil
}

// request receives one message of the client, made one of the user who was let in. After the last it is io.EOF.
func (d *Door) request(down grpc.ServerStream, user string) (*message, head, error) {
	m := &message{}
	if err := down.RecvMsg(m); err != nil {
		return nil, head{}, err
	}
	whole := m.bytes.MaterializeToBuffer(mem.DefaultBufferPool())
	m.free()
	d.counts.in.Add(int64(whole.Len()))
	h, err := readHead(whole.ReadOnlyData())
	if err != nil {
		whole.Free()
		return nil, head{}, status.Error(codes.InvalidArgument, "petalake: "+err.Error())
	}
	m.bytes = mem.BufferSlice{whole}
	if user != "" {
		h.user = user
		m.bytes = append(m.bytes, mem.SliceBuffer(userTail(user)))
	}
	return m, h, nil
}

// pass sends a call to the server and its answers to the client.
func (d *Door) pass(down grpc.ServerStream, upstream grpc.ClientConnInterface, method string, first *message, user string) error {
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(down.Context(), onward(down.Context())))
	defer cancel()
	up, err := upstream.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method,
		grpc.ForceCodecV2(raw{}), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest))
	if err != nil {
		return err
	}
	if err := d.send(down, up, first, user); err != nil {
		return err
	}
	header, err := up.Header()
	if err != nil {
		return err
	}
	if err := down.SetHeader(shown(header)); err != nil {
		return err
	}
	for {
		m := &message{}
		switch err := up.RecvMsg(m); {
		case errors.Is(err, io.EOF):
			down.SetTrailer(shown(up.Trailer()))
			return nil
		case err != nil:
			down.SetTrailer(shown(up.Trailer()))
			return err
		}
		d.counts.out.Add(int64(m.bytes.Len()))
		err := down.SendMsg(m)
		m.free()
		if err != nil {
			return err
		}
	}
}

// send passes on all that the client has to say. A server that has heard enough says why when it is read.
func (d *Door) send(down grpc.ServerStream, up grpc.ClientStream, m *message, user string) error {
	for first := true; ; first = false {
		err := up.SendMsg(m)
		if !first {
			m.free()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m, _, err = d.request(down, user); errors.Is(err, io.EOF) {
			return up.CloseSend()
		} else if err != nil {
			return err
		}
	}
}

// onward are the headers of a client that are for the server. The client's token is for the door alone.
func onward(ctx context.Context) metadata.MD {
	headers, _ := metadata.FromIncomingContext(ctx)
	out := shown(headers)
	delete(out, "authorization")
	return out
}

// shown leaves out the headers that belong to one connection.
func shown(headers metadata.MD) metadata.MD {
	out := metadata.MD{}
	for key, values := range headers {
		switch {
		case strings.HasPrefix(key, ":"), strings.HasPrefix(key, "grpc-"):
		case key == "content-type", key == "user-agent", key == "te":
		default:
			out[key] = values
		}
	}
	return out
}
