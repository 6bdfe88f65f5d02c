package rollout_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
)

// callOf is a call of AWS by the name that IAM has for it, with what says what it is about.
type callOf struct {
	action string // as in s3:PutObject
	stack  string // of CloudFormation
	bucket string
	key    string
	body   string
}

// reading begin the names of calls that change nothing.
var reading = regexp.MustCompile(`^(Describe|Get|List|Head|Simulate|Validate)`)

func (c callOf) reads() bool {
	_, name, _ := strings.Cut(c.action, ":")
	return reading.MatchString(name)
}

// scope is the service in the signature of a request.
var scope = regexp.MustCompile(`Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request`)

// parse finds out which call a request is.
func parse(r *http.Request, body []byte) callOf {
	service := ""
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	if service == "s3" {
		return parseS3(r)
	}
	c := callOf{body: string(body)}
	form, _ := url.ParseQuery(string(body))
	name := form.Get("Action")
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name = target[strings.LastIndexByte(target, '.')+1:]
	}
	if name == "" {
		name = strings.TrimPrefix(r.URL.Path, "/")
	}
	c.action, c.stack = service+":"+name, form.Get("StackName")
	return c
}

// parseS3 is parse for S3, whose calls are paths and methods. Parts of a large object are what putting one is.
func parseS3(r *http.Request) callOf {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	c := callOf{bucket: bucket, key: key}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		c.action = "s3:Get"
	case r.Method == http.MethodPost && q.Has("delete"):
		c.action = "s3:DeleteObjects"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		c.action = "s3:AbortMultipartUpload"
	case r.Method == http.MethodDelete && key == "":
		c.action = "s3:DeleteBucket"
	case r.Method == http.MethodDelete:
		c.action = "s3:DeleteObject"
	case key != "":
		c.action = "s3:PutObject"
	default:
		c.action = "s3:" + r.Method
	}
	return c
}

// recorder stands before a server, and holds every call that changes AWS against what was shown.
type recorder struct {
	t  *testing.T
	mu sync.Mutex
	// shown are the steps of the plan that is run; none while one is made.
	shown []deploy.Step
	runs  bool
	calls []string               // those that changed AWS for a plan that was run
	used  map[deploy.Kind]bool   // the kinds of steps that were shown
	seen  map[deploy.Kind]string // a call that each accounted for
}

// record puts a recorder before the server of a gate.
func record(t *testing.T, g *gate) *recorder {
	t.Helper()
	rec := &recorder{t: t, used: map[deploy.Kind]bool{}, seen: map[deploy.Kind]string{}}
	to := g.to
	g.to = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec.take(parse(r, body))
		to.ServeHTTP(w, r)
	})
	return rec
}

// shows begins the run of a plan.
func (rec *recorder) shows(steps []deploy.Step) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.shown, rec.runs, rec.calls = steps, true, nil
	for _, s := range steps {
		rec.used[s.Kind] = true
	}
}

// over ends it, and returns the calls that changed AWS.
func (rec *recorder) over() []string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.runs = false
	return rec.calls
}

func (rec *recorder) take(c callOf) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if c.reads() {
		return
	}
	if !rec.runs {
		if !slices.Contains(rollout.Proposals(), c.action) || c.action == "s3:PutObject" && !strings.HasPrefix(c.key, "templates/") {
			rec.t.Errorf("while a plan is made: %s %s%s%s changes AWS, and is no proposal", c.action, c.stack, c.bucket, c.key)
		}
		return
	}
	rec.calls = append(rec.calls, c.action)
	for _, s := range rec.shown {
		if accounts(s, c) {
			rec.seen[s.Kind] = c.action
			return
		}
	}
	rec.t.Errorf("%s %s%s/%s changes AWS, and no step that was shown accounts for it", c.action, c.stack, c.bucket, c.key)
}

// folders are where steps put what they upload.
var folders = map[deploy.Kind]string{
	deploy.MakeStack: "templates/", deploy.UploadProgram: "bin/", deploy.UploadBundle: "lakehouse/", deploy.MakeCertificate: "emr/",
}

// accounts says whether a step is what a call is made for: its kind makes such calls, and it is about the same.
func accounts(s deploy.Step, c callOf) bool {
	calls, _ := rollout.Changes(s.Kind)
	switch {
	case !slices.Contains(calls, c.action):
		return false
	case c.stack != "":
		return strings.Contains(c.stack, "shop-prod-"+s.Stack)
	case s.Kind == deploy.EraseBucket:
		return c.bucket == s.Object
	case s.Kind == deploy.EraseSecret:
		return strings.Contains(c.body, "secret:"+s.Object)
	case s.Kind.Erases():
		return strings.Contains(c.body, s.Object)
	case c.bucket != "":
		return strings.HasPrefix(c.key, folders[s.Kind])
	}
	return true
}
