package petalake

import (
	"context"
	"time"

	"github.com/petalake/petalake/internal/awsx"
	"github.com/petalake/petalake/spec"
)

// arrivals waits for files. With a queue that is told of them it waits for its messages, and looks by
// itself once a minute: what there is to load follows from the files, never from a message.
type arrivals struct {
	call     func(ctx context.Context, action string, in, out any) error // nil without a queue
	receipts []string                                                    // of messages that came before the last round
}

const (
	longestWait = time.Minute      // without a message
	poll        = 20 * time.Second // the most that SQS waits
	mostAtOnce  = 10               // messages of one answer
)

// arrivals takes the queue that petalake deploy made.
func (l *Lake) arrivals(ctx context.Context) *arrivals {
	url, _ := l.lookup(spec.ArrivalsQueue)
	if url == "" || !l.environment.InAWS() {
		return &arrivals{}
	}
	cfg, err := awsx.Load(ctx, l.aws())
	if err != nil {
		return &arrivals{} // looking works without
	}
	return &arrivals{call: func(ctx context.Context, action string, in, out any) error {
		m := in.(map[string]any)
		m["QueueUrl"] = url
		return awsx.JSON(ctx, cfg, "sqs", string(l.environment.S3.Region), "AmazonSQS."+action, m, out)
	}}
}

// wait returns when there may be something to load. Done says that all that was announced before is
// loaded; what is not is announced again by the queue, and put aside by it after some times.
func (a *arrivals) wait(ctx context.Context, every time.Duration, done bool) {
	if a.call == nil {
		_ = sleep(ctx, every)
		return
	}
	for done && len(a.receipts) > 0 {
		var entries []map[string]string
		for i, r := range a.receipts[:min(mostAtOnce, len(a.receipts))] {
			entries = append(entries, map[string]string{"Id": string(rune('a' + i)), "ReceiptHandle": r})
		}
		if err := a.call(ctx, "DeleteMessageBatch", map[string]any{"Entries": entries}, nil); err != nil {
			break // it comes again, and is deleted then
		}
		a.receipts = a.receipts[len(entries):]
	}
	a.receipts = nil
	for began := time.Now(); ctx.Err() == nil && time.Since(began) < longestWait; {
		n, err := a.receive(ctx, poll)
		if err != nil {
			_ = sleep(ctx, max(every, 10*time.Second))
			return
		}
		for n == mostAtOnce && len(a.receipts) < 1000 { // many files come together
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
	var out struct {
		Messages []struct{ ReceiptHandle string }
	}
	err := a.call(ctx, "ReceiveMessage", map[string]any{"MaxNumberOfMessages": mostAtOnce, "WaitTimeSeconds": int(within / time.Second)}, &out)
	for _, m := range out.Messages {
		a.receipts = append(a.receipts, m.ReceiptHandle)
	}
	return len(out.Messages), err
}
