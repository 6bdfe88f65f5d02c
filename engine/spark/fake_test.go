package spark

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/spark/connectpb"
)

const batches = 5 // that a fake server sends, of one row each, for any plan

// fake is a server that numbers its responses and misbehaves once, before response fault:
// the rows 0, 1, ... come in the responses 1, 2, ..., the last response completes the result.
type fake struct {
	connectpb.UnimplementedSparkConnectServiceServer
	fault   int
	misdeed error                                           // nil: the stream ends without a word
	lose    bool                                            // the plan never comes to be run: the server knows no such operation
	change  bool                                            // the server is another one afterwards
	late    bool                                            // the plan comes to be run after it was asked for, and before it is sent again
	gone    bool                                            // the server started anew, and says so
	chunks  int64                                           // that each batch comes in
	spoil   func(*connectpb.ExecutePlanResponse_ArrowBatch) // what it sends
	version string
	refuse  error // what it says to any statement

	mu       sync.Mutex
	done     bool
	plans    int // that it was asked to run
	ran      int // that it ran
	released bool
	stopped  chan string // ids of operations that were interrupted
	has      bool        // any artifact
	got      int         // artifacts
}

func (f *fake) Interrupt(_ context.Context, r *connectpb.InterruptRequest) (*connectpb.InterruptResponse, error) {
	if f.stopped != nil {
		f.stopped <- r.GetOperationId()
	}
	return &connectpb.InterruptResponse{InterruptedIds: []string{r.GetOperationId()}}, nil
}

func (f *fake) ArtifactStatus(_ context.Context, r *connectpb.ArtifactStatusesRequest) (*connectpb.ArtifactStatusesResponse, error) {
	out := &connectpb.ArtifactStatusesResponse{Statuses: map[string]*connectpb.ArtifactStatusesResponse_ArtifactStatus{}}
	for _, name := range r.GetNames() {
		out.Statuses[name] = &connectpb.ArtifactStatusesResponse_ArtifactStatus{Exists: f.has}
	}
	return out, nil
}

func (f *fake) AddArtifacts(in grpc.ClientStreamingServer[connectpb.AddArtifactsRequest, connectpb.AddArtifactsResponse]) error {
	f.got++
	name, good := "", true
	for {
		r, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return in.SendAndClose(&connectpb.AddArtifactsResponse{Artifacts: []*connectpb.AddArtifactsResponse_ArtifactSummary{
				{Name: name, IsCrcSuccessful: good && !f.has},
			}})
		}
		if err != nil {
			return err
		}
		parts := []*connectpb.AddArtifactsRequest_ArtifactChunk{r.GetChunk(), r.GetBeginChunk().GetInitialChunk()}
		for _, a := range r.GetBatch().GetArtifacts() {
			name, parts = a.GetName(), append(parts, a.GetData())
		}
		if b := r.GetBeginChunk(); b != nil {
			name = b.GetName()
		}
		for _, p := range parts {
			good = good && p.GetCrc() == int64(crc32.ChecksumIEEE(p.GetData()))
		}
	}
}

func (f *fake) AnalyzePlan(context.Context, *connectpb.AnalyzePlanRequest) (*connectpb.AnalyzePlanResponse, error) {
	return &connectpb.AnalyzePlanResponse{ServerSideSessionId: "one", Result: &connectpb.AnalyzePlanResponse_SparkVersion_{
		SparkVersion: &connectpb.AnalyzePlanResponse_SparkVersion{Version: f.version},
	}}, nil
}

func (f *fake) ExecutePlan(_ *connectpb.ExecutePlanRequest, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	if f.refuse != nil {
		return f.refuse
	}
	f.mu.Lock()
	f.plans++
	again := f.plans > 1
	if lost := f.lose && !again; !lost {
		f.ran++
	}
	f.mu.Unlock()
	if f.late && again {
		f.ran--
		return status.Error(codes.Internal, "[INVALID_HANDLE.OPERATION_ALREADY_EXISTS] exists")
	}
	return f.send(1, out)
}

func (f *fake) ReattachExecute(r *connectpb.ReattachExecuteRequest, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	if r.GetClientObservedServerSideSessionId() != "one" {
		return status.Error(codes.InvalidArgument, "the client does not say which session it knows")
	}
	if f.gone {
		return status.Error(codes.Internal, "[INVALID_HANDLE.SESSION_CHANGED] changed")
	}
	if (f.lose || f.late) && f.plans == 1 {
		return status.Error(codes.Internal, "[INVALID_HANDLE.OPERATION_NOT_FOUND] not found")
	}
	last, _ := strconv.Atoi(r.GetLastResponseId())
	return f.send(last+1, out)
}

func (f *fake) ReleaseExecute(_ context.Context, r *connectpb.ReleaseExecuteRequest) (*connectpb.ReleaseExecuteResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = f.released || r.GetReleaseAll() != nil
	return &connectpb.ReleaseExecuteResponse{}, nil
}

func (f *fake) send(from int, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	for n := from; n <= batches+1; n++ {
		f.mu.Lock()
		now := n == f.fault && !f.done
		f.done = f.done || now
		server := "one"
		if f.change && f.done {
			server = "another"
		}
		f.mu.Unlock()
		if now {
			return f.misdeed
		}
		if f.chunks > 0 && n <= batches {
			if err := f.sendChunks(n, out); err != nil {
				return err
			}
			continue
		}
		r := &connectpb.ExecutePlanResponse{ResponseId: strconv.Itoa(n), ServerSideSessionId: server}
		if n <= batches {
			r.ResponseType = &connectpb.ExecutePlanResponse_ArrowBatch_{
				ArrowBatch: &connectpb.ExecutePlanResponse_ArrowBatch{RowCount: 1, Data: row(int64(n - 1))},
			}
		} else {
			r.ResponseType = &connectpb.ExecutePlanResponse_ResultComplete_{
				ResultComplete: &connectpb.ExecutePlanResponse_ResultComplete{},
			}
		}
		if err := out.Send(r); err != nil {
			return err
		}
	}
	return nil
}

// sendChunks sends batch n in pieces, as Spark 4.1 does with large ones.
func (f *fake) sendChunks(n int, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	data := row(int64(n - 1))
	size := (int64(len(data)) + f.chunks - 1) / f.chunks
	for i := range f.chunks {
		b := &connectpb.ExecutePlanResponse_ArrowBatch{
			RowCount: 1, Data: data[i*size : min((i+1)*size, int64(len(data)))],
			StartOffset: proto.Int64(int64(n - 1)), ChunkIndex: proto.Int64(i), NumChunksInBatch: proto.Int64(f.chunks),
		}
		if f.spoil != nil {
			f.spoil(b)
		}
		r := &connectpb.ExecutePlanResponse{
			ResponseId: strconv.Itoa(n), ServerSideSessionId: "one",
			ResponseType: &connectpb.ExecutePlanResponse_ArrowBatch_{ArrowBatch: b},
		}
		if err := out.Send(r); err != nil {
			return err
		}
	}
	return nil
}

// row is an Arrow stream of one row with one number.
func row(n int64) []byte {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(n)
	batch := b.NewRecordBatch()
	defer batch.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// open starts the fake server and opens a session on it.
func (f *fake) open(t *testing.T, o Options) (*Session, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	connectpb.RegisterSparkConnectServiceServer(server, f)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	o.Address = listener.Addr().String()
	return Open(t.Context(), o)
}

// numbers runs a plan on the fake server and returns the rows that came.
func numbers(t *testing.T, f *fake) (got []int64, err error) {
	t.Helper()
	s, err := f.open(t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plan, err := statement("SELECT n FROM numbers", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Execute(t.Context(), plan)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	for r.Next() {
		got = append(got, r.RecordBatch().Column(0).(*array.Int64).Int64Values()...)
	}
	return got, r.Err()
}

// misdeeds are the ways in which a stream ends too early.
var misdeeds = []error{
	nil,
	status.Error(codes.Unavailable, "gone"),
	status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"),
	status.Error(codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL"),
	status.Error(codes.Internal, "[INVALID_CURSOR.DISCONNECTED] another stream came"),
}

// TestEveryCut promises all rows, in order, once, and one run of the plan, wherever the stream ends:
// of a query, and of a command, which changes something.
func TestEveryCut(t *testing.T) {
	for _, misdeed := range misdeeds {
		for fault := range batches + 2 {
			f := &fake{fault: fault, misdeed: misdeed}
			got, err := numbers(t, f)
			if err != nil || !inOrder(got) {
				t.Errorf("cut before response %d (%v): got rows %v, %v, want 0 to %d", fault, misdeed, got, err, batches-1)
			}
			if f.ran != 1 || !f.released {
				t.Errorf("cut before response %d (%v): the plan was run %d times and released: %v, want once, true", fault, misdeed, f.ran, f.released)
			}
			f = &fake{fault: fault, misdeed: misdeed}
			if err := command(t, f); err != nil || f.ran != 1 {
				t.Errorf("a command cut before response %d (%v): ran %d times, %v, want once", fault, misdeed, f.ran, err)
			}
		}
	}
}

// command runs a command on the fake server.
func command(t *testing.T, f *fake) error {
	t.Helper()
	s, err := f.open(t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Run(t.Context(), &connectpb.Command{})
}

// TestChunks promises that batches are put together from their chunks, and that one which misses some
// is an error, not some rows.
func TestChunks(t *testing.T) {
	for _, chunks := range []int64{1, 2, 7} {
		if got, err := numbers(t, &fake{chunks: chunks}); err != nil || !inOrder(got) {
			t.Errorf("in %d chunks: got %v, %v", chunks, got, err)
		}
	}
	for what, spoil := range map[string]func(*connectpb.ExecutePlanResponse_ArrowBatch){
		"a chunk that is missing": func(b *connectpb.ExecutePlanResponse_ArrowBatch) { *b.ChunkIndex *= 2 },
		"more chunks than came":   func(b *connectpb.ExecutePlanResponse_ArrowBatch) { *b.NumChunksInBatch += 20 },
		"a batch that is missing": func(b *connectpb.ExecutePlanResponse_ArrowBatch) { *b.StartOffset *= 2 },
		"fewer rows":              func(b *connectpb.ExecutePlanResponse_ArrowBatch) { b.RowCount = 2 },
		"bytes that are missing":  func(b *connectpb.ExecutePlanResponse_ArrowBatch) { b.Data = b.Data[:len(b.Data)/2] },
	} {
		if got, err := numbers(t, &fake{chunks: 3, spoil: spoil}); err == nil {
			t.Errorf("%s: got %v and no error", what, got)
		}
	}
}

func inOrder(got []int64) bool {
	for i, n := range got {
		if n != int64(i) {
			return false
		}
	}
	return len(got) == batches
}

// TestLostPlan promises that a plan which never came to the server is sent again.
func TestLostPlan(t *testing.T) {
	f := &fake{fault: 1, misdeed: status.Error(codes.Unavailable, "gone"), lose: true}
	if got, err := numbers(t, f); err != nil || !inOrder(got) || f.plans != 2 {
		t.Errorf("got rows %v after %d plans, %v, want 0 to %d after 2", got, f.plans, err, batches-1)
	}
}

// TestForgotten promises an error, not some of the rows, where the server forgot a statement half way.
func TestForgotten(t *testing.T) {
	f := &fake{fault: 3, misdeed: status.Error(codes.Unavailable, "gone"), lose: true}
	if got, err := numbers(t, f); !errors.Is(err, errIncomplete) || f.plans != 1 {
		t.Errorf("got rows %v after %d plans, %v, want %v after 1", got, f.plans, err, errIncomplete)
	}
}

// TestLate promises that a plan which came after all is not run again: its rows are taken up.
func TestLate(t *testing.T) {
	f := &fake{fault: 1, misdeed: status.Error(codes.Unavailable, "gone"), late: true}
	if got, err := numbers(t, f); err != nil || !inOrder(got) || f.ran != 1 || f.plans != 2 {
		t.Errorf("got rows %v after %d plans of which %d ran, %v, want 0 to %d, 2, 1", got, f.plans, f.ran, err, batches-1)
	}
}

// TestSessionLost promises an error where the server is another one after a cut, and that a command is
// never sent to that one: whether it ran is not known.
func TestSessionLost(t *testing.T) {
	for fault := 1; fault <= batches; fault++ {
		for _, f := range []*fake{{fault: fault, change: true}, {fault: fault, gone: true}} {
			if _, err := numbers(t, f); !errors.Is(err, ErrSessionLost) || f.plans != 1 {
				t.Errorf("cut before response %d: got %v after %d plans, want %v after 1", fault, err, f.plans, ErrSessionLost)
			}
		}
		f := &fake{fault: fault, gone: true}
		if err := command(t, f); !errors.Is(err, ErrSessionLost) || !errors.Is(err, delta.ErrUnknownOutcome) || f.plans != 1 {
			t.Errorf("a command cut before response %d: got %v after %d plans, want an unknown outcome after 1", fault, err, f.plans)
		}
	}
}

// TestServersError promises that a statement that failed is not tried again.
func TestServersError(t *testing.T) {
	f := &fake{fault: 3, misdeed: status.Error(codes.Internal, "division by zero")}
	var said *Error
	if _, err := numbers(t, f); !errors.As(err, &said) || said.Message != "division by zero" || f.plans != 1 {
		t.Errorf("got %v after %d plans, want the server's words after 1", err, f.plans)
	}
}
