package petalake

import (
	"context"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
)

// arrivals waits for files. With a queue that is told of them it waits for its messages, and looks by
// itself once a minute: what there is to load follows from the files, never from a message.
type arrivals struct {
	queue    *awsx.Queue // nil without one
	receipts []string    // of messages that came before the last round
}

const (
	longestWait = time.Minute      // without a message
	poll        = 20 * time.Second // the most that SQS waits
	mostTaken   = 1000             // messages of one round
)

// arrivals takes the queue that petalake deploy made.
func (l *Lake) arrivals(ctx context.Context) *arrivals {
	url, _ := l.env.Lookup(spec.ArrivalsQueue)
	if url == "" || !l.env.Environment.InAWS() {
		return &arrivals{}
	}
	cfg, err := awsx.Load(ctx, awsx.Of(l.env.Environment))
	if err != nil {
		return &arrivals{} // looking works without
	}
	return &arrivals{queue: awsx.OpenQueue(cfg, url, string(l.env.Environment.S3.Region))}
}

// wait returns when there may be something to load. Done says that all that was announced before is
// loaded; what is not is announced again by the queue, and put aside by it after some times.
func (a *arrivals) wait(ctx context.Context, every time.Duration, done bool) {
	if a.queue == nil {
		_ = sleep(ctx, every)
		return
	}
	if done {
		_ = a.queue.Delete(ctx, a.receipts) // what is not deleted comes again, and is then
	}
	a.receipts = nil
	for began := time.Now(); ctx.Err() == nil && time.Since(began) < longestWait; {
		n, err := a.receive(ctx, poll)
		if err != nil {
			_ = sleep(ctx, max(every, 10*time.Second))
			return
		}
		for n == awsx.MostMessages && len(a.receipts) < mostTaken { // many files come together
			if n, err = a.receive(ctx, 0); err != nil {
				return
			}
		}
		if len(a.receipts) > 0 {
			return
		}
	}
}

// receive takes the messages that come within a time.
func (a *arrivals) receive(ctx context.Context, within time.Duration) (int, error) {
	messages, err := a.queue.Receive(ctx, within)
	for _, m := range messages {
		a.receipts = append(a.receipts, m.Receipt)
	}
	return len(messages), err
}
