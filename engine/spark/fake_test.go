package spark

import (
	"bytes"
	"context"
	"errors"
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

	"github.com/petalake/petalake/engine/spark/connectpb"
)

const batches = 5 // that a fake server sends, of one row each, for any plan

// fake is a server that numbers its responses and misbehaves once, before response fault:
// the rows 0, 1, ... come in the responses 1, 2, ..., the last response completes the result.
type fake struct {
	connectpb.UnimplementedSparkConnectServiceServer
	fault   int
	misdeed error // nil: the stream ends without a word
	lose    bool  // the plan never comes to be run: the server knows no such operation
	change  bool  // the server is another one afterwards

	mu       sync.Mutex
	done     bool
	plans    int // that it was asked to run
	released bool
}

func (f *fake) AnalyzePlan(context.Context, *connectpb.AnalyzePlanRequest) (*connectpb.AnalyzePlanResponse, error) {
	return &connectpb.AnalyzePlanResponse{}, nil
}

func (f *fake) ExecutePlan(_ *connectpb.ExecutePlanRequest, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	f.mu.Lock()
	f.plans++
	f.mu.Unlock()
	return f.send(1, out)
}

func (f *fake) ReattachExecute(r *connectpb.ReattachExecuteRequest, out grpc.ServerStreamingServer[connectpb.ExecutePlanResponse]) error {
	if f.lose && f.plans == 1 {
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

// numbers runs a plan on the fake server and returns the rows that came.
func numbers(t *testing.T, f *fake) (got []int64, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	connectpb.RegisterSparkConnectServiceServer(server, f)
	go server.Serve(listener)
	defer server.Stop()
	s, err := Open(t.Context(), Options{Address: listener.Addr().String()})
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

// TestEveryCut promises all rows, in order, once, and one run of the plan, wherever the stream ends.
func TestEveryCut(t *testing.T) {
	for _, misdeed := range []error{nil, status.Error(codes.Unavailable, "gone")} {
		for fault := range batches + 2 {
			f := &fake{fault: fault, misdeed: misdeed}
			got, err := numbers(t, f)
			if err != nil || !inOrder(got) {
				t.Errorf("cut before response %d (%v): got rows %v, %v, want 0 to %d", fault, misdeed, got, err, batches-1)
			}
			if f.plans != 1 || !f.released {
				t.Errorf("cut before response %d (%v): the plan was run %d times and released: %v, want once, true", fault, misdeed, f.plans, f.released)
			}
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

// TestSessionLost promises an error where the server is another one after a cut.
func TestSessionLost(t *testing.T) {
	f := &fake{fault: 3, change: true}
	if _, err := numbers(t, f); !errors.Is(err, ErrSessionLost) {
		t.Errorf("got %v, want %v", err, ErrSessionLost)
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
