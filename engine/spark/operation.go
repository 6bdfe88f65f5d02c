package spark

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

const (
	patience     = 10 * time.Second      // a stream that lasted longer was none of a broken network
	attempts     = 8                     // to take up a stream, without a response between them
	firstPause   = 50 * time.Millisecond // before the second of them; doubled for each
	longestPause = 5 * time.Second       //
	releaseEvery = 16                    // responses
	farewell     = 5 * time.Second       // for telling the server that an operation is over
)

// operation is one plan that runs on the server. It is not safe for concurrent use.
type operation struct {
	session *Session
	ctx     context.Context
	cancel  context.CancelFunc
	id      string
	plan    *connectpb.Plan
	tell    func(Progress) // may be nil

	stream   grpc.ServerStreamingClient[connectpb.ExecutePlanResponse]
	opened   time.Time // the stream
	last     string    // id of the last response that came
	came     int       // responses since the last release
	rows     int64
	started  bool // the plan was sent, at least once
	complete bool // all responses came
	over     bool // the server was told so
}

func (s *Session) operation(ctx context.Context, plan *connectpb.Plan) *operation {
	ctx, cancel := context.WithCancel(ctx)
	return &operation{session: s, ctx: ctx, cancel: cancel, id: uuid.NewString(), plan: plan}
}

// next returns the next response, and nil after the last. A stream that ends before the server said
// that the result is complete is taken up after the last response.
func (o *operation) next() (*connectpb.ExecutePlanResponse, error) {
	for attempt := 0; !o.complete; {
		r, err := o.receive()
		if err == nil {
			o.accept(r)
			return r, nil
		}
		if o.ctx.Err() != nil {
			return nil, context.Cause(o.ctx)
		}
		// A server ends long streams as a matter of course: those do not count, however long nothing came.
		if time.Since(o.opened) > patience {
			attempt = 0
		}
		if attempt++; attempt > attempts {
			return nil, o.session.explain(o.ctx, err)
		}
		if err := o.recover(err); err != nil {
			return nil, err
		}
		if attempt > 1 {
			if err := pause(o.ctx, attempt-1); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// recover prepares for another stream after one ended with err, or says what is wrong.
//
// The plan is sent a second time in one case alone: the server, in the same session, does not know the
// operation, and no response of it came. It never got the plan then: what a server has run it remembers
// for longer than we try, and one that lost its memory has lost the session with it.
func (o *operation) recover(err error) error {
	switch {
	case lost(err):
		return ErrSessionLost
	case errors.Is(err, io.EOF), broken(err), says(err, already):
		o.stream = nil
	case says(err, notFound) && o.last != "":
		return errIncomplete
	case says(err, notFound):
		o.stream, o.started = nil, false
	default:
		return o.session.explain(o.ctx, err)
	}
	return nil
}

// receive waits for a response on the stream there is, or on one that it opens.
func (o *operation) receive() (*connectpb.ExecutePlanResponse, error) {
	if o.stream == nil {
		open := o.start
		if o.started {
			open = o.reattach
		}
		stream, err := open()
		if err != nil {
			return nil, err
		}
		o.stream, o.opened = stream, time.Now()
	}
	return o.stream.Recv()
}

// start sends the plan. If the answer is lost the server may run it already: only reattaching tells.
func (o *operation) start() (grpc.ServerStreamingClient[connectpb.ExecutePlanResponse], error) {
	o.started = true
	return o.session.client.ExecutePlan(o.ctx, &connectpb.ExecutePlanRequest{
		OperationId: &o.id, Plan: o.plan, Tags: o.session.tags,
		RequestOptions: []*connectpb.ExecutePlanRequest_RequestOption{{
			RequestOption: &connectpb.ExecutePlanRequest_RequestOption_ReattachOptions{
				ReattachOptions: &connectpb.ReattachOptions{Reattachable: true},
			},
		}},
	})
}

func (o *operation) reattach() (grpc.ServerStreamingClient[connectpb.ExecutePlanResponse], error) {
	r := &connectpb.ReattachExecuteRequest{OperationId: o.id}
	if o.last != "" {
		r.LastResponseId = &o.last
	}
	return o.session.client.ReattachExecute(o.ctx, r)
}

// accept notes that a response came, and lets the server forget those before it now and then.
func (o *operation) accept(r *connectpb.ExecutePlanResponse) {
	if r.GetResponseId() != "" {
		o.last = r.GetResponseId()
	}
	o.complete = r.GetResultComplete() != nil
	if o.came++; o.came%releaseEvery == 0 && !o.complete {
		o.release(o.ctx, &connectpb.ReleaseExecuteRequest{Release: &connectpb.ReleaseExecuteRequest_ReleaseUntil_{
			ReleaseUntil: &connectpb.ReleaseExecuteRequest_ReleaseUntil{ResponseId: o.last},
		}})
	}
	o.rows += r.GetArrowBatch().GetRowCount()
	if p := r.GetExecutionProgress(); p != nil && o.tell != nil {
		o.tell(progress(p, o.rows))
	}
}

// end tells the server that nothing more is wanted: to stop where rows are left, and to forget all.
func (o *operation) end() {
	if o.over || !o.started {
		o.cancel()
		return
	}
	o.over = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), farewell)
	defer cancel()
	o.cancel()
	if !o.complete {
		// An operation that the server does not know any more is stopped already.
		_, _ = o.session.client.Interrupt(ctx, &connectpb.InterruptRequest{
			InterruptType: connectpb.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
			Interrupt:     &connectpb.InterruptRequest_OperationId{OperationId: o.id},
		})
	}
	o.release(ctx, &connectpb.ReleaseExecuteRequest{
		Release: &connectpb.ReleaseExecuteRequest_ReleaseAll_{ReleaseAll: &connectpb.ReleaseExecuteRequest_ReleaseAll{}},
	})
}

// release frees memory of the server. It frees the same by itself some minutes later, so that
// failing to is no error.
func (o *operation) release(ctx context.Context, r *connectpb.ReleaseExecuteRequest) {
	r.OperationId = o.id
	_, _ = o.session.client.ReleaseExecute(ctx, r)
}

// pause waits before try n, about twice as long as before the one before.
func pause(ctx context.Context, n int) error {
	d := min(firstPause<<n, longestPause)
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
