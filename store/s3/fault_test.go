package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/petalake/petalake/store"
)

type spoiler = func(w http.ResponseWriter, r *http.Request, after bool) bool

// onceAt spoils the first request of a method on key, before or after it was carried out.
func onceAt(method, key string, after bool, how func(http.ResponseWriter)) spoiler {
	done := false
	return func(w http.ResponseWriter, r *http.Request, isAfter bool) bool {
		if done || isAfter != after || r.Method != method || r.URL.Path != "/lake/"+key {
			return false
		}
		done = true
		how(w)
		return true
	}
}

func status(code int, word string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fail(w, code, word) }
}

func TestPutFaults(t *testing.T) {
	const key = "log/0.json"
	type outcome string
	const (
		written outcome = "written"
		unknown outcome = "unknown, taken"
		exists  outcome = "exists"
		denied  outcome = "permission"
	)
	for name, c := range map[string]struct {
		spoil     spoiler
		taken     bool
		cond      store.Cond
		want      outcome
		wantCalls int
	}{
		"409 is try again":                     {onceAt("PUT", key, false, status(409, "ConditionalRequestConflict")), false, store.IfAbsent, written, 2},
		"409, then taken by another":           {onceAt("PUT", key, false, status(409, "ConditionalRequestConflict")), true, store.IfAbsent, exists, 2},
		"412 at once":                          {nil, true, store.IfAbsent, exists, 1},
		"slow down":                            {onceAt("PUT", key, false, status(503, "SlowDown")), false, store.IfAbsent, written, 2},
		"slow down, then taken":                {onceAt("PUT", key, false, status(503, "SlowDown")), true, store.IfAbsent, exists, 2},
		"500 that did nothing":                 {onceAt("PUT", key, false, status(500, "InternalError")), false, store.IfAbsent, written, 2},
		"500 that wrote, then 412":             {onceAt("PUT", key, true, status(500, "InternalError")), false, store.IfAbsent, unknown, 2},
		"500 beside another writer, then 412":  {onceAt("PUT", key, false, status(500, "InternalError")), true, store.IfAbsent, unknown, 2},
		"lost answer, then 412":                {onceAt("PUT", key, true, hangUp), false, store.IfAbsent, unknown, 2},
		"lost request":                         {onceAt("PUT", key, false, hangUp), false, store.IfAbsent, written, 2},
		"lost answer of an overwrite":          {onceAt("PUT", key, true, hangUp), true, store.Always, written, 2},
		"no answer of S3's, but a proxy's 502": {onceAt("PUT", key, true, func(w http.ResponseWriter) { w.WriteHeader(502) }), false, store.IfAbsent, unknown, 2},
		"access denied":                        {onceAt("PUT", key, false, status(403, "AccessDenied")), false, store.IfAbsent, denied, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.spoil = c.spoil
			if c.taken {
				f.objects[key] = []byte("before")
			}
			s := f.open(nil)
			err := store.PutBytes(t.Context(), s, key, []byte("mine"), c.cond)
			var u *store.UnknownError
			var got outcome
			switch {
			case err == nil:
				got = written
			case errors.As(err, &u) && u.Taken && !errors.Is(err, fs.ErrExist):
				got = unknown
			case errors.Is(err, fs.ErrExist):
				got = exists
			case errors.Is(err, fs.ErrPermission):
				got = denied
			}
			if got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
			if n := f.count("PUT " + key); n != c.wantCalls {
				t.Errorf("got %d requests, want %d", n, c.wantCalls)
			}
			if got == written && string(f.objects[key]) != "mine" {
				t.Errorf("got body %q, want mine", f.objects[key])
			}
		})
	}
}

func TestPutGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		how     func(http.ResponseWriter)
		unknown bool
	}{
		"slow down for ever did not happen": {status(503, "SlowDown"), false},
		"500 for ever may have happened":    {status(500, "InternalError"), true},
		"silence may have happened":         {hangUp, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.spoil = func(w http.ResponseWriter, r *http.Request, after bool) bool {
				if strings.Contains(r.URL.Path, ".tmp/") {
					return false
				}
				c.how(w)
				return true
			}
			err := store.PutBytes(t.Context(), f.open(nil), "a", []byte("x"), store.IfAbsent)
			if got := errors.Is(err, store.ErrUnknown); err == nil || got != c.unknown {
				t.Errorf("got %v, want an error with unknown outcome %v", err, c.unknown)
			}
			if n := f.count("PUT a"); n != 4 {
				t.Errorf("got %d attempts, want the policy's 4", n)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	f := newFake(t)
	f.deaf = true
	s := f.open(nil)
	err := store.PutBytes(t.Context(), s, "a", []byte("x"), store.IfAbsent)
	var unfit *UnfitError
	if !errors.As(err, &unfit) || unfit.Hint() == "" {
		t.Fatalf("put on a server that ignores If-None-Match: got %v, want an UnfitError with a hint", err)
	}
	if f.count("PUT a") != 0 {
		t.Errorf("got the object written, want only the probe")
	}
	if len(f.objects) != 0 {
		t.Errorf("got %d objects left, want the probe removed", len(f.objects))
	}
	if err := store.PutBytes(t.Context(), s, "a", []byte("x"), store.Always); err != nil {
		t.Errorf("a put without condition: got %v, want no error", err)
	}

	f = newFake(t)
	f.spoil = func(w http.ResponseWriter, r *http.Request, _ bool) bool {
		if r.Header.Get("If-None-Match") == "" {
			return false
		}
		fail(w, 501, "NotImplemented")
		return true
	}
	if err := store.PutBytes(t.Context(), f.open(nil), "a", nil, store.IfAbsent); !errors.As(err, &unfit) {
		t.Errorf("put on a server that does not implement it: got %v, want an UnfitError", err)
	}

	f = newFake(t)
	s = f.open(nil)
	for i := range 3 {
		if err := store.PutBytes(t.Context(), s, fmt.Sprint("k", i), nil, store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := len(f.seen), 3+3; got != want {
		t.Errorf("three puts: got %d requests %v, want %d: the probe runs once", got, f.seen, want)
	}
}

func TestBrokenDownloadGoesOn(t *testing.T) {
	f := newFake(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
	f.objects["data"] = want
	breaks := 3
	f.spoil = func(w http.ResponseWriter, r *http.Request, after bool) bool {
		if after || r.Method != "GET" || breaks == 0 {
			return false
		}
		breaks--
		first, end := int64(0), int64(len(want))
		if h := r.Header.Get("Range"); h != "" {
			var last int64
			if _, err := fmt.Sscanf(h, "bytes=%d-%d", &first, &last); err != nil {
				t.Errorf("range %q: %v", h, err)
			}
			end = last + 1
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(want)))
		}
		w.Header().Set("ETag", etag(want))
		w.Header().Set("Content-Length", strconv.FormatInt(end-first, 10))
		if first > 0 || r.Header.Get("Range") != "" {
			w.WriteHeader(206)
		}
		w.Write(want[first : first+(end-first)/3])
		return true // fewer bytes than announced: the connection breaks
	}
	s := f.open(nil)
	got, err := store.ReadAll(t.Context(), s, "data")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("whole: got %d bytes, %v; want %d", len(got), err, len(want))
	}
	if breaks != 0 {
		t.Errorf("got %d breaks left, want none", breaks)
	}
	breaks = 2
	r, err := s.Get(t.Context(), "data", 1000, 50_000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want[1000:51_000]) {
		t.Errorf("range: got %d bytes, %v; want 50000", len(got), err)
	}
}

func TestDownloadNoticesAChange(t *testing.T) {
	f := newFake(t)
	f.objects["data"] = bytes.Repeat([]byte("a"), 1<<16)
	f.spoil = onceAt("GET", "data", false, func(w http.ResponseWriter) {
		w.Header().Set("ETag", `"an older object"`)
		w.Header().Set("Content-Length", "65536")
		w.Write([]byte("older"))
	})
	got, err := store.ReadAll(t.Context(), f.open(nil), "data")
	if err == nil || !strings.Contains(err.Error(), "changed") || errors.Is(err, fs.ErrExist) {
		t.Errorf("got %d bytes, %v; want an error that the object changed", len(got), err)
	}
}

// serial hides that a reader can be read in several places at once.
type serial struct{ io.ReadSeeker }

func TestMultipart(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 1_200_000) // 3 parts of 5 MiB
	small := func(o *Options) { o.MultipartFrom, o.PartSize = 6<<20, 5<<20 }
	complete := func(after bool, how func(http.ResponseWriter)) spoiler {
		done := false
		return func(w http.ResponseWriter, r *http.Request, isAfter bool) bool {
			if done || isAfter != after || r.Method != "POST" || !r.URL.Query().Has("uploadId") {
				return false
			}
			done = true
			how(w)
			return true
		}
	}
	part := func(how func(http.ResponseWriter)) spoiler { return onceAt("PUT", "big", false, how) }
	for name, c := range map[string]struct {
		spoil       func() spoiler
		taken       bool
		wantErr     error
		wantUploads int
	}{
		"plain":                      {nil, false, nil, 1},
		"taken":                      {nil, true, fs.ErrExist, 0},
		"409 starts a new upload":    {func() spoiler { return complete(false, status(409, "ConditionalRequestConflict")) }, false, nil, 2},
		"412 at the end":             {func() spoiler { return complete(false, status(412, "PreconditionFailed")) }, false, fs.ErrExist, 1},
		"lost answer":                {func() spoiler { return complete(true, hangUp) }, false, store.ErrUnknown, 1},
		"lost request":               {func() spoiler { return complete(false, hangUp) }, false, nil, 2},
		"a part that fails once":     {func() spoiler { return part(status(500, "InternalError")) }, false, nil, 1},
		"a part that is not allowed": {func() spoiler { return part(status(403, "AccessDenied")) }, false, fs.ErrPermission, 1},
	} {
		for _, body := range []io.ReadSeeker{bytes.NewReader(big), serial{bytes.NewReader(big)}} {
			t.Run(fmt.Sprintf("%s %T", name, body), func(t *testing.T) {
				f := newFake(t)
				s := f.open(small)
				if c.taken {
					f.objects["big"] = nil
				}
				if c.spoil != nil {
					f.spoil = c.spoil()
				}
				err := s.Put(t.Context(), "big", body, store.IfAbsent)
				if !errors.Is(err, c.wantErr) {
					t.Errorf("got %v, want %v", err, c.wantErr)
				}
				if err == nil && !bytes.Equal(f.objects["big"], big) {
					t.Errorf("got %d bytes, want the %d put", len(f.objects["big"]), len(big))
				}
				if n := f.count("POST big?uploads"); n != c.wantUploads {
					t.Errorf("got %d uploads, want %d", n, c.wantUploads)
				}
				if len(f.uploads) != 0 {
					t.Errorf("got %d uploads left open, want none", len(f.uploads))
				}
			})
		}
	}
}

// TestMultipartLosesTheRace: the key is free when the upload begins, and taken when it ends.
func TestMultipartLosesTheRace(t *testing.T) {
	f := newFake(t)
	f.spoil = func(_ http.ResponseWriter, r *http.Request, _ bool) bool {
		if r.URL.Query().Has("partNumber") {
			f.objects["big"] = []byte("of another")
		}
		return false
	}
	s := f.open(func(o *Options) { o.MultipartFrom, o.PartSize = 5<<20, 5<<20 })
	err := store.PutBytes(t.Context(), s, "big", make([]byte, 6<<20), store.IfAbsent)
	if !errors.Is(err, fs.ErrExist) || errors.Is(err, store.ErrUnknown) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if got := string(f.objects["big"]); got != "of another" {
		t.Errorf("got %d bytes of the loser, want those of the winner", len(got))
	}
	if len(f.uploads) != 0 {
		t.Errorf("got %d uploads left open, want none", len(f.uploads))
	}
}

func TestCancelledPutIsUnknown(t *testing.T) {
	f := newFake(t)
	s := f.open(nil)
	ctx, cancel := context.WithCancel(t.Context())
	f.spoil = func(w http.ResponseWriter, r *http.Request, after bool) bool {
		if after && r.URL.Path == "/lake/a" {
			cancel()
			<-r.Context().Done()
			return true
		}
		return false
	}
	err := store.PutBytes(ctx, s, "a", []byte("x"), store.IfAbsent)
	if !errors.Is(err, store.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want store.ErrUnknown because of context.Canceled", err)
	}
}

func TestListRefusesAnotherOrder(t *testing.T) {
	f := newFake(t)
	f.spoil = func(w http.ResponseWriter, r *http.Request, _ bool) bool {
		fmt.Fprint(w, `<ListBucketResult><Contents><Key>b</Key></Contents><Contents><Key>a</Key></Contents></ListBucketResult>`)
		return true
	}
	var err error
	for _, err = range f.open(nil).List(t.Context(), "", "") {
	}
	if err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("got %v, want an error about the order", err)
	}
}
