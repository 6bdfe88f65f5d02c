package daemon

import (
	"context"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
)

// fileQueue waits for files. With a queue that is told of them it waits for its messages, and looks by
// itself once a minute: what there is to load follows from the files, never from a message.
type fileQueue struct {
	queue    *awsx.Queue // nil without one
	receipts []string    // of messages that came before the last round
}

const (
	longestWait = time.Minute      // without a message
	poll        = 20 * time.Second // the most that SQS waits
	mostTaken   = 1000             // messages of one round
)

// fileQueue takes the queue that petalake deploy made.
func (d *Daemon) fileQueue(ctx context.Context) *fileQueue {
	url, _ := d.Env.Lookup(spec.ArrivalsQueue)
	if url == "" || !d.Env.Environment.InAWS() {
		return &fileQueue{}
	}
	cfg, err := awsx.Load(ctx, awsx.Of(d.Env.Environment))
	if err != nil {
		return &fileQueue{} // looking works without
	}
	return &fileQueue{queue: awsx.OpenQueue(cfg, url, string(d.Env.Environment.S3.Region))}
}

// wait returns when there may be something to load. Done says that all that was announced before is
// loaded; what is not is announced again by the queue, and put aside by it after some times.
func (q *fileQueue) wait(ctx context.Context, every time.Duration, done bool) {
	if q.queue == nil {
		sleep(ctx, every)
		return
	}
	if done {
		_ = q.queue.Delete(ctx, q.receipts) // what is not deleted comes again, and is then
	}
	q.receipts = nil
	for began := time.Now(); ctx.Err() == nil && time.Since(began) < longestWait; {
		n, err := q.receive(ctx, poll)
		if err != nil {
			sleep(ctx, max(every, 10*time.Second))
			return
		}
		for n == awsx.MostMessages && len(q.receipts) < mostTaken { // many files come together
			if n, err = q.receive(ctx, 0); err != nil {
				return
			}
		}
		if len(q.receipts) > 0 {
			return
		}
	}
}

// receive takes the messages that come within a time.
func (q *fileQueue) receive(ctx context.Context, within time.Duration) (int, error) {
	messages, err := q.queue.Receive(ctx, within)
	for _, m := range messages {
		q.receipts = append(q.receipts, m.Receipt)
	}
	return len(messages), err
}
