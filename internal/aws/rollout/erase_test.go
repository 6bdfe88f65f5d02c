package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/servers"
)

// gate stands before a server, and refuses all calls after a number of them.
type gate struct {
	to http.Handler

	mu    sync.Mutex
	calls int
	after int // 0: it lets all through
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.calls++
	refused := g.after > 0 && g.calls > g.after
	g.mu.Unlock()
	if !refused {
		g.to.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>no more</Message></Error>`)
}

func (g *gate) set(after int) (calls int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls, g.calls, g.after = g.calls, 0, after
	return calls
}

// behind puts a gate before moto, and makes that what the AWS tools find.
func behind(t *testing.T) (*gate, aws.Config) {
	t.Helper()
	moto := servers.Moto(t)
	moto.Environ(t)
	to, err := url.Parse(moto.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{to: httputil.NewSingleHostReverseProxy(to)}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	return g, servers.AWS(t, moto.Endpoint)
}

// holdings makes what an environment leaves when its stacks are gone, and the bucket of somebody who copied its tag.
func holdings(t *testing.T, cfg aws.Config) {
	t.Helper()
	ctx := t.Context()
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tags := []types.Tag{{Key: aws.String("petalake:environment"), Value: aws.String("shop-prod")}}
	for _, name := range []string{"shop-prod-data-123456789012-us-east-1", "shop-prod-logs-123456789012-us-east-1", "another-bucket"} {
		bucket := aws.String(name)
		must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
		must(client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &types.Tagging{TagSet: tags}}))
		must(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}))
		for _, key := range []string{"a", "a", "b/c"} {
			must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String(key), Body: strings.NewReader("x")}))
		}
		must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("a")}))
		must(client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("half")}))
	}
	tag := map[string]string{"petalake:environment": "shop-prod"}
	for _, c := range []struct {
		service, target string
		in              any
	}{
		{"kms", "TrentService.CreateKey", map[string]any{"Description": "shop-prod: lake", "Tags": []map[string]string{{"TagKey": "petalake:environment", "TagValue": "shop-prod"}}}},
		{"kms", "TrentService.CreateKey", map[string]any{"Description": "a key of our own", "Tags": []map[string]string{{"TagKey": "petalake:environment", "TagValue": "shop-prod"}}}},
		{"logs", "Logs_20140328.CreateLogGroup", map[string]any{"logGroupName": "/petalake/shop-prod/daemon", "tags": tag}},
		{"secretsmanager", "secretsmanager.CreateSecret", map[string]any{
			"Name": "shop-prod-database-orders", "SecretString": "hush", "ClientRequestToken": strings.Repeat("x", 32), "Tags": []map[string]string{{"Key": "petalake:environment", "Value": "shop-prod"}},
		}},
	} {
		if err := awsx.JSON(ctx, cfg, c.service, "us-east-1", c.target, c.in, nil); err != nil {
			t.Fatalf("%s: %v", c.target, err)
		}
	}
}

// TestErase promises that what holds data of an environment is deleted wherever an earlier run was cut off, the
// key at the end, and that nothing of others is touched.
func TestErase(t *testing.T) {
	g, cfg := behind(t)
	l, e := lake(t, "")
	r, _ := open(t, l, e)
	erase := func(ctx context.Context) error { return r.TakeDown(ctx, true, func(rollout.Progress) {}) }
	reset := func() {
		t.Helper()
		answer, err := http.Post(aws.ToString(cfg.BaseEndpoint)+"/moto-api/reset", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		holdings(t, cfg)
	}
	for n := 1; ; n++ {
		g.set(0)
		reset()
		if all, err := r.Held(t.Context()); err != nil || len(all) != 5 {
			t.Fatalf("before: got %v, %v, want two buckets, logs, a secret, and a key", all, err)
		}
		g.set(n)
		first := erase(t.Context())
		calls := g.set(0)
		if calls > n && first == nil {
			t.Fatalf("after %d calls all are refused: no error", n)
		}
		held, err := r.Held(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil && len(held) != 0 {
			t.Errorf("after all calls: %v is left", held)
		}
		if first != nil && !slices.ContainsFunc(held, func(one rollout.Remnant) bool { return one.Type == "AWS::KMS::Key" }) {
			t.Errorf("after %d calls: the key went before the rest: %v", n, held)
		}
		if err := erase(t.Context()); err != nil {
			t.Fatalf("after %d calls all were refused (%v); then: %v", n, first, err)
		}
		left, err := r.Left(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var standing []string
		for _, one := range left {
			if one.Ends.IsZero() {
				standing = append(standing, one.Name)
			}
		}
		if len(left) != 3 || len(standing) != 2 || !slices.Contains(standing, "another-bucket") {
			t.Fatalf("after %d calls all were refused, and then not: left are %+v, want the key with its end, and the key and the bucket of somebody else", n, left)
		}
		if first == nil {
			break
		}
	}
}

// TestEraseStream promises that a stream is waited for until it is gone, also where an earlier run had it deleted.
func TestEraseStream(t *testing.T) {
	g, _ := behind(t)
	looks := 0
	moto := g.to
	stream := http.NewServeMux()
	stream.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch target := r.Header.Get("X-Amz-Target"); {
		case strings.HasSuffix(target, ".GetResources"):
			fmt.Fprint(w, `{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/shop-prod-clicks"}]}`)
		case strings.HasSuffix(target, ".DeleteStream"):
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"ResourceInUseException","message":"it is being deleted"}`)
		case strings.HasSuffix(target, ".DescribeStreamSummary") && looks == 0:
			looks++
			fmt.Fprint(w, `{}`)
		case strings.HasSuffix(target, ".DescribeStreamSummary"):
			looks++
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"com.amazonaws.kinesis#ResourceNotFoundException","message":"no such stream"}`)
		default:
			moto.ServeHTTP(w, r)
		}
	})
	g.to = stream
	l, e := lake(t, "")
	r, _ := open(t, l, e)
	var told []string
	if err := r.TakeDown(t.Context(), true, func(x rollout.Progress) { told = append(told, x.Text) }); err != nil || looks != 2 || !slices.Contains(told, "shop-prod-clicks is deleted") {
		t.Errorf("got %v, %d looks, told %q, want that it was waited for", err, looks, told)
	}
}

// TestLocked promises that data that nobody can delete yet is known before anything is done.
func TestLocked(t *testing.T) {
	_, cfg := behind(t)
	l, e := lake(t, "")
	r, _ := open(t, l, e)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	bucket := aws.String("shop-prod-data-123456789012-us-east-1")
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	held := []rollout.Remnant{{Type: "AWS::S3::Bucket", Name: *bucket}}
	if err := r.Locked(t.Context(), held); err != nil {
		t.Errorf("a bucket whose lock keeps nothing: got %v", err)
	}
	rule := &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(35)}}
	if _, err := client.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{
		Bucket: bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled, Rule: rule},
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Locked(t.Context(), held); err != nil {
		t.Errorf("a bucket with nothing in it: got %v", err)
	}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a"), Body: strings.NewReader("x"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32}); err != nil {
		t.Fatal(err)
	}
	var locked *rollout.LockedError
	if err := r.Locked(t.Context(), held); !errors.As(err, &locked) || locked.Days != 35 || locked.Hint() == "" {
		t.Errorf("an object that was written now: got %v, want that nobody can delete it for 35 days", err)
	}
}
