package awsx

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Queue is a queue of SQS.
type Queue struct {
	cfg         aws.Config
	url, region string
}

// OpenQueue is the queue of a URL. Nothing is sent yet.
func OpenQueue(cfg aws.Config, url, region string) *Queue { return &Queue{cfg, url, region} }

// MostMessages is how many messages SQS hands out, or deletes, at once.
const MostMessages = 10

// Message is a message of a queue. It comes again after a while, unless it is deleted by its receipt.
type Message struct {
	Body    string
	Receipt string `json:"ReceiptHandle"`
}

// Receive takes up to MostMessages, and waits for the first up to a time, at most 20 s.
func (q *Queue) Receive(ctx context.Context, wait time.Duration) ([]Message, error) {
	var out struct{ Messages []Message }
	err := q.call(ctx, "ReceiveMessage", map[string]any{"MaxNumberOfMessages": MostMessages, "WaitTimeSeconds": int(wait / time.Second)}, &out)
	return out.Messages, err
}

// Delete removes messages by their receipts.
func (q *Queue) Delete(ctx context.Context, receipts []string) error {
	for len(receipts) > 0 {
		n := min(MostMessages, len(receipts))
		var entries []map[string]string
		for i, r := range receipts[:n] {
			entries = append(entries, map[string]string{"Id": strconv.Itoa(i), "ReceiptHandle": r})
		}
		if err := q.call(ctx, "DeleteMessageBatch", map[string]any{"Entries": entries}, nil); err != nil {
			return err
		}
		receipts = receipts[n:]
	}
	return nil
}

func (q *Queue) call(ctx context.Context, action string, in map[string]any, out any) error {
	in["QueueUrl"] = q.url
	return JSON(ctx, q.cfg, "sqs", q.region, "AmazonSQS."+action, in, out)
}
