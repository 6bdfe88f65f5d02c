package s3

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/petalake/petalake/store"
)

// fake is an S3 server with objects and multipart uploads, whose answers a test can spoil. It
// knows GET, HEAD, PUT, DELETE and the multipart calls on whole objects; listing is left to the
// real servers.
type fake struct {
	t testing.TB

	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[string][]byte
	seen    []string // "PUT key", "POST key?uploadId", in order

	// spoil is called for each request, and after it was carried out where after is true. It answers
	// itself and returns true, or leaves that to the fake.
	spoil func(w http.ResponseWriter, r *http.Request, after bool) bool

	deaf bool // ignores If-None-Match
}

func newFake(t testing.TB) *fake {
	return &fake{t: t, objects: map[string][]byte{}, uploads: map[string]map[string][]byte{}}
}

// open starts the fake, and returns a store on it that does not wait between attempts.
func (f *fake) open(change func(*Options)) *Store {
	f.t.Helper()
	server := httptest.NewServer(f)
	f.t.Cleanup(server.Close)
	o := Options{
		Bucket: "lake", Endpoint: server.URL, Region: "us-east-1", PathStyle: true,
		Credentials: &Credentials{AccessKey: "AKIDEXAMPLE", SecretKey: "swordfish"},
		Retry:       store.Policy{Attempts: 4, Jitter: func(time.Duration) time.Duration { return 0 }},
	}
	if change != nil {
		change(&o)
	}
	s, err := Open(f.t.Context(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// count is how many requests begin with text, the probe's left out.
func (f *fake) count(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, s := range f.seen {
		if strings.HasPrefix(s, text) && !strings.Contains(s, ".tmp/") {
			n++
		}
	}
	return n
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	key := strings.TrimPrefix(r.URL.Path, "/lake/")
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Method + " " + key
	if r.URL.Query().Has("uploads") {
		line += "?uploads"
	} else if r.URL.Query().Has("uploadId") {
		line += "?uploadId"
	}
	f.seen = append(f.seen, line)
	if f.spoil != nil && f.spoil(w, r, false) {
		return
	}
	record := httptest.NewRecorder()
	f.answer(record, r, key, body)
	if f.spoil != nil && f.spoil(w, r, true) {
		return
	}
	for name, values := range record.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(record.Code)
	w.Write(record.Body.Bytes())
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	query := r.URL.Query()
	id := query.Get("uploadId")
	_, taken := f.objects[key]
	refused := taken && r.Header.Get("If-None-Match") == "*" && !f.deaf
	switch {
	case refused:
		fail(w, 412, "PreconditionFailed")
	case r.Method == http.MethodPost && query.Has("uploads"):
		id := fmt.Sprintf("upload-%d", len(f.seen))
		f.uploads[id] = map[string][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case id != "" && f.uploads[id] == nil:
		fail(w, 404, "NoSuchUpload")
	case r.Method == http.MethodPut && id != "":
		f.uploads[id][query.Get("partNumber")] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodPost && id != "":
		f.complete(w, key, id, body)
	case r.Method == http.MethodDelete && id != "":
		delete(f.uploads, id)
		w.WriteHeader(204)
	case r.Method == http.MethodPut:
		f.objects[key] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(204)
	case !taken:
		fail(w, 404, "NoSuchKey")
	case r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != etag(f.objects[key]):
		fail(w, 412, "PreconditionFailed")
	default:
		w.Header().Set("ETag", etag(f.objects[key]))
		http.ServeContent(w, r, "", time.Unix(0, 0), strings.NewReader(string(f.objects[key])))
	}
}

func (f *fake) complete(w http.ResponseWriter, key, id string, body []byte) {
	var want struct{ Part []struct{ PartNumber string } }
	if err := xml.Unmarshal(body, &want); err != nil {
		fail(w, 400, "MalformedXML")
		return
	}
	var whole []byte
	for _, p := range want.Part {
		whole = append(whole, f.uploads[id][p.PartNumber]...)
	}
	f.objects[key] = whole
	delete(f.uploads, id)
	fmt.Fprint(w, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
}

func etag(b []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(b)) }

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>fake says %s</Message></Error>", code, code)
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }
