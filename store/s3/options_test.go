package s3

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/store"
)

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"no bucket":         {},
		"prefix":            {Bucket: "b", Prefix: "/a"},
		"mode \"rot13\"":    {Bucket: "b", Encryption: Encryption{Mode: "rot13"}},
		"a key is given":    {Bucket: "b", Encryption: Encryption{Mode: "AES256", KeyID: "k"}},
		"part size":         {Bucket: "b", PartSize: 1},
		"holds credentials": {Bucket: "b", Endpoint: "https://user:swordfish@host"},
		"not a URL":         {Bucket: "b", Endpoint: "https://user:swordfish@ho st:x"},
		"want a URL":        {Bucket: "b", Endpoint: "localhost:9000"},
		"certificates":      {Bucket: "b", CAFile: "/does/not/exist"},
	} {
		_, err := Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error with %q", o, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "swordfish") {
			t.Errorf("got a secret in %q", err)
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	o := Options{Bucket: "b", Credentials: &Credentials{AccessKey: "AKID", SecretKey: "swordfish", SessionToken: "goldfish"}}
	text, err := json.Marshal(o.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(*o.Credentials), fmt.Sprintf("%+v %#v %v %s %q", *o.Credentials, *o.Credentials, o.Credentials, o.Credentials, *o.Credentials),
		string(text),
	} {
		if strings.Contains(shown, "fish") {
			t.Errorf("got a secret in %q", shown)
		}
	}
	f := newFake(t)
	f.spoil = func(w http.ResponseWriter, r *http.Request, _ bool) bool {
		fail(w, 403, "SignatureDoesNotMatch")
		return true
	}
	_, err = f.open(nil).Get(t.Context(), "a", 0, -1)
	var hint interface{ Hint() string }
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "swordfish") || !errors.As(err, &hint) || hint.Hint() == "" {
		t.Errorf("got %v, want fs.ErrPermission with a hint and without a secret", err)
	}
}

func TestCustomCertificate(t *testing.T) {
	server := httptest.NewTLSServer(newFake(t))
	defer server.Close()
	server.Config.ErrorLog = nil
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ca := range []string{"", file} {
		s, err := Open(t.Context(), Options{
			Bucket: "lake", Endpoint: server.URL, PathStyle: true, CAFile: ca, Region: "us-east-1",
			Credentials: &Credentials{AccessKey: "a", SecretKey: "b"},
			Retry:       store.Policy{Attempts: 1, Jitter: func(time.Duration) time.Duration { return 0 }},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Get(t.Context(), "absent", 0, -1)
		if got, want := errors.Is(err, fs.ErrNotExist), ca != ""; got != want {
			t.Errorf("with CA file %q: got %v, want an answer: %v", ca, err, want)
		}
	}
}

func TestEncryptionHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		encryption Encryption
		want       map[string]string
	}{
		"bucket default": {Encryption{}, map[string]string{"": "", "-Aws-Kms-Key-Id": "", "-Bucket-Key-Enabled": ""}},
		"SSE-S3":         {Encryption{Mode: "AES256"}, map[string]string{"": "AES256", "-Aws-Kms-Key-Id": ""}},
		"SSE-KMS": {
			Encryption{Mode: "aws:kms", KeyID: "alias/lake", BucketKey: true},
			map[string]string{"": "aws:kms", "-Aws-Kms-Key-Id": "alias/lake", "-Bucket-Key-Enabled": "true"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			checked := 0
			f.spoil = func(_ http.ResponseWriter, r *http.Request, after bool) bool {
				if after || r.Method != "PUT" && r.Method != "POST" || r.URL.Query().Has("uploadId") {
					return false
				}
				checked++
				for suffix, want := range c.want {
					if got := r.Header.Get("X-Amz-Server-Side-Encryption" + suffix); got != want {
						t.Errorf("%s %s: got header %q = %q, want %q", r.Method, r.URL, suffix, got, want)
					}
				}
				if r.Method == "PUT" && r.Header.Get("X-Amz-Checksum-Crc32c") == "" {
					t.Errorf("%s: got no checksum, want CRC32C", r.URL)
				}
				return false
			}
			s := f.open(func(o *Options) { o.Encryption, o.MultipartFrom, o.PartSize = c.encryption, 5<<20, 5<<20 })
			for key, size := range map[string]int{"small": 1, "big": 5<<20 + 1} {
				if err := store.PutBytes(t.Context(), s, key, make([]byte, size), store.Always); err != nil {
					t.Fatal(err)
				}
			}
			if checked != 2 {
				t.Errorf("got %d requests checked, want 2", checked)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		code   string
		status int
		want   meaning
	}{
		{"NoSuchKey", 404, meaning{is: fs.ErrNotExist}},
		{"PreconditionFailed", 412, meaning{is: fs.ErrExist}},
		{"ConditionalRequestConflict", 409, meaning{temporary: true}},
		{"SlowDown", 503, meaning{temporary: true}},
		{"InternalError", 500, meaning{temporary: true, lost: true}},
		{"SomethingNew", 502, meaning{temporary: true, lost: true}},
		{"SomethingNew", 400, meaning{}},
		{"SomethingNew", 404, meaning{}}, // a page of a proxy says nothing about a key
	} {
		if got := meaningOf(c.code, c.status); got != c.want {
			t.Errorf("%s %d: got %+v, want %+v", c.code, c.status, got, c.want)
		}
	}
	if m := meaningOf("NoSuchBucket", 404); m.is != nil || m.hint == "" {
		t.Errorf("NoSuchBucket: got %+v, want a hint, and not fs.ErrNotExist: no object is known to be missing", m)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 0-0/1", "bytes 2-5/10", "bytes 5-2/10", "bytes */10", "bytes 1-2", "", "bytes -1-5/9", "bytes 0-9223372036854775807/*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		first, end, err := parseContentRange(header)
		if err == nil && (first < 0 || end <= first) {
			t.Errorf("%q: got [%d, %d), want a range that holds something", header, first, end)
		}
	})
}
