package petalake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// TestArrivals promises that a file which the queue tells of is loaded soon, and that the message is
// deleted once it is.
func TestArrivals(t *testing.T) {
	moto := servers.Moto(t)
	moto.Bucket(t, "acme")
	moto.Environ(t)
	cfg, err := awsx.Load(t.Context(), awsx.Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	sqs := func(action string, in map[string]any, out any) {
		t.Helper()
		if err := awsx.JSON(context.WithoutCancel(t.Context()), cfg, "sqs", "us-east-1", "AmazonSQS."+action, in, out); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
	}
	var queue struct{ QueueUrl string }
	sqs("CreateQueue", map[string]any{"QueueName": "shop-prod-arrivals"}, &queue)
	t.Setenv(spec.ArrivalsQueue, queue.QueueUrl)
	bucket, err := s3.Open(t.Context(), s3.Options{Bucket: "acme", Region: "us-east-1", Endpoint: moto.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, map[string]string{"lakehouse.yaml": `lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
environments:
  prod: {storage: "s3://acme/lake", s3: {path_style: true}, aws: {region: us-east-1}}
`})
	lake := h.open()
	ctx, stop := context.WithCancel(t.Context())
	ended, built := make(chan error), make(chan petalake.Event, 10)
	go func() {
		ended <- lake.Run(ctx, petalake.Up{Every: time.Hour}, func(e petalake.Event) {
			if e.State == petalake.Built || e.State == petalake.Current {
				built <- e
			}
		})
	}()
	<-built // the first round found nothing
	if err := bucket.Put(t.Context(), "raw/a.csv", strings.NewReader("id\n1\n2\n"), store.Always); err != nil {
		t.Fatal(err)
	}
	sqs("SendMessage", map[string]any{"QueueUrl": queue.QueueUrl, "MessageBody": `{"detail": {"object": {"key": "raw/a.csv"}}}`}, nil)
	select {
	case e := <-built:
		if e.Rows != 2 {
			t.Errorf("after the message: got %+v, want two rows", e)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the message woke nobody")
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		var left struct{ Attributes map[string]string }
		sqs("GetQueueAttributes", map[string]any{"QueueUrl": queue.QueueUrl, "AttributeNames": []string{"All"}}, &left)
		if left.Attributes["ApproximateNumberOfMessages"] == "0" && left.Attributes["ApproximateNumberOfMessagesNotVisible"] == "0" {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the message is still there: %v", left.Attributes)
		}
	}
	stop()
	<-ended
}
