package spark

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

const (
	patience     = 10 * time.Second      // a stream that lasted longer was none of a broken network
	attempts     = 16                    // to take up a stream, without a response between them: most of a minute
	firstPause   = 50 * time.Millisecond // before the second of them; doubled for each
	longestPause = 5 * time.Second       //
	releaseEvery = 16                    // responses
	farewell     = 5 * time.Second       // for telling the server that an operation is over
)

// operation is one plan that runs on the server. It is not safe for concurrent use, but for end.
type operation struct {
	session *Session
	ctx     context.Context
	cancel  context.CancelFunc
	id      string
	plan    *connectpb.Plan
	tell    func(Progress) // may be nil

	stream grpc.ServerStreamingClient[connectpb.ExecutePlanResponse]
	opened time.Time // the stream
	torn   bool      // one ended too early
	last   string    // id of the last response that came
	came   int       // responses
	rows   int64

	started   atomic.Bool // the plan was sent, at least once
	answered  atomic.Bool // a response came: the server has the plan
	complete  atomic.Bool // all responses came, or an error: nothing runs on the server
	releasing atomic.Bool // a release is on its way
	over      sync.Once   // the server was told so
}

// operation prepares to run a plan. When ctx ends the server is told at once, whoever reads then.
func (s *Session) operation(ctx context.Context, plan *connectpb.Plan, tell func(Progress)) *operation {
	o := &operation{session: s, id: uuid.NewString(), plan: plan, tell: tell}
	o.ctx, o.cancel = context.WithCancel(ctx)
	context.AfterFunc(o.ctx, o.end)
	return o
}

// next returns the next response, and nil after the last. A stream that ends before the server said
// that the result is complete is taken up after the last response.
func (o *operation) next() (*connectpb.ExecutePlanResponse, error) {
	for attempt := 0; !o.complete.Load(); {
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
	o.stream = nil
	switch {
	case errors.Is(err, io.EOF), broken(err), says(err, already):
		o.torn = true
		return nil
	case says(err, notFound) && o.last == "":
		o.started.Store(false)
		return nil
	}
	o.complete.Store(true)
	if says(err, notFound) || says(err, "operation not found") { // Sail's words
		return errIncomplete
	}
	err = o.session.explain(o.ctx, err)
	if said, ok := err.(*Error); ok {
		said.torn = o.torn
	}
	return err
}

// receive waits for a response on the stream there is, or on one that it opens.
func (o *operation) receive() (*connectpb.ExecutePlanResponse, error) {
	if o.stream == nil {
		open := o.start
		if o.started.Load() {
			open = o.reattach
		}
		o.opened = time.Now()
		stream, err := open()
		if err != nil {
			return nil, err
		}
		o.stream = stream
	}
	return o.stream.Recv()
}

// start sends the plan. If the answer is lost the server may run it already: only reattaching tells.
func (o *operation) start() (grpc.ServerStreamingClient[connectpb.ExecutePlanResponse], error) {
	o.started.Store(true)
	return o.session.client.ExecutePlan(o.ctx, &connectpb.ExecutePlanRequest{
		OperationId: &o.id, Plan: o.plan, Tags: o.session.tags,
		RequestOptions: []*connectpb.ExecutePlanRequest_RequestOption{{
			RequestOption: &connectpb.ExecutePlanRequest_RequestOption_ReattachOptions{
				ReattachOptions: &connectpb.ReattachOptions{Reattachable: true},
			},
		}, {
			RequestOption: &connectpb.ExecutePlanRequest_RequestOption_ResultChunkingOptions{
				ResultChunkingOptions: &connectpb.ResultChunkingOptions{AllowArrowBatchChunking: true},
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
	if id := r.GetResponseId(); id != "" {
		o.last = id
	}
	o.answered.Store(true)
	o.rows += r.GetArrowBatch().GetRowCount()
	if r.GetResultComplete() != nil {
		o.complete.Store(true)
		return
	}
	if o.came++; o.came%releaseEvery == 0 && o.releasing.CompareAndSwap(false, true) {
		until := &connectpb.ReleaseExecuteRequest_ReleaseUntil{ResponseId: o.last}
		o.session.aside(func(ctx context.Context) {
			defer o.releasing.Store(false)
			o.release(ctx, &connectpb.ReleaseExecuteRequest{
				Release: &connectpb.ReleaseExecuteRequest_ReleaseUntil_{ReleaseUntil: until},
			})
		})
	}
	if p := r.GetExecutionProgress(); p != nil && o.tell != nil {
		o.tell(progress(p, o.rows))
	}
}

// end tells the server that nothing more is wanted: to stop where rows are left, and to forget all.
// It waits until the server stopped.
func (o *operation) end() {
	o.over.Do(func() {
		o.cancel()
		if !o.started.Load() {
			return
		}
		if !o.complete.Load() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), farewell)
			defer cancel()
			o.interrupt(ctx)
		}
		o.session.aside(func(ctx context.Context) {
			o.release(ctx, &connectpb.ReleaseExecuteRequest{
				Release: &connectpb.ReleaseExecuteRequest_ReleaseAll_{ReleaseAll: &connectpb.ReleaseExecuteRequest_ReleaseAll{}},
			})
		})
	})
}

// interrupt stops the operation on the server. One that the server does not know has ended already, or
// its plan is still on the way: it is asked again a few times.
func (o *operation) interrupt(ctx context.Context) {
	for try := range 4 {
		var r *connectpb.InterruptResponse
		err := insist(ctx, func() (err error) {
			r, err = o.session.client.Interrupt(ctx, &connectpb.InterruptRequest{
				InterruptType: connectpb.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
				Interrupt:     &connectpb.InterruptRequest_OperationId{OperationId: o.id},
			})
			return err
		})
		if err != nil || o.answered.Load() || len(r.GetInterruptedIds()) > 0 || pause(ctx, try) != nil {
			return
		}
	}
}

// release frees memory of the server. It frees the same by itself some minutes later, so that
// failing to is no error.
func (o *operation) release(ctx context.Context, r *connectpb.ReleaseExecuteRequest) {
	r.OperationId = o.id
	_ = insist(ctx, func() error {
		_, err := o.session.client.ReleaseExecute(ctx, r)
		return err
	})
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
