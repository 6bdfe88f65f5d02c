package awsx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/petalake/petalake/spec"
)

// TestExplain promises what codes of AWS mean, that each that a person can do something about says what, and that
// nothing of a request that is secret is repeated.
func TestExplain(t *testing.T) {
	for code, want := range map[string]error{
		"AccessDenied": fs.ErrPermission, "AccessDeniedException": fs.ErrPermission, "UnauthorizedOperation": fs.ErrPermission, "ExpiredToken": fs.ErrPermission,
		"ExpiredTokenException": fs.ErrPermission, "InvalidClientTokenId": fs.ErrPermission, "SignatureDoesNotMatch": fs.ErrPermission,
		"EntityAlreadyExists": fs.ErrExist, "AlreadyExistsException": fs.ErrExist,
		"ResourceNotFoundException": fs.ErrNotExist, "NotFoundException": fs.ErrNotExist, "NoSuchBucket": fs.ErrNotExist, "NoSuchEntity": fs.ErrNotExist, "NoSuchResourceException": fs.ErrNotExist,
		"ThrottlingException": nil, "ServiceQuotaExceededException": nil, "SomethingElse": nil,
	} {
		err := Explain(&smithy.GenericAPIError{Code: code, Message: "it said so"})
		for _, is := range []error{fs.ErrPermission, fs.ErrExist, fs.ErrNotExist} {
			if got := errors.Is(err, is); got != (is == want) {
				t.Errorf("%s: is %v: got %t", code, is, got)
			}
		}
		var said *Error
		if !errors.As(err, &said) || said.Code != code {
			t.Errorf("%s: got %v, want the code in it", code, err)
		}
		if needed := want == fs.ErrPermission || strings.HasPrefix(code, "Throttling") || strings.Contains(code, "Quota"); needed && said.Hint() == "" {
			t.Errorf("%s: no hint", code)
		}
	}
	stack := Explain(&smithy.GenericAPIError{Code: "ValidationError", Message: "Stack with id lake does not exist"})
	if !errors.Is(stack, fs.ErrNotExist) {
		t.Errorf("a stack that is not there: got %v", stack)
	}
	for _, text := range []string{"the Signature=abcdef is wrong", "X-Amz-Security-Token: FQoGZX was refused", "secret_key = hush, it said"} {
		if err := Explain(&smithy.GenericAPIError{Code: "X", Message: text}); strings.Contains(err.Error(), "abcdef") || strings.Contains(err.Error(), "FQoGZX") || strings.Contains(err.Error(), "hush") {
			t.Errorf("what is secret is repeated: %v", err)
		}
	}
	for _, err := range []error{nil, context.Canceled, fmt.Errorf("while waiting: %w", context.DeadlineExceeded)} {
		if got := Explain(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// service answers calls with the answers of a list, the last for ever, and keeps the requests.
type service struct {
	answers []func(http.ResponseWriter)
	seen    []*http.Request
	bodies  []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.seen, s.bodies = append(s.seen, r), append(s.bodies, string(body))
	s.answers[min(len(s.seen), len(s.answers))-1](w)
}

func answer(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func (s *service) config(t *testing.T) aws.Config {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	cfg, err := Load(t.Context(), Options{Region: "eu-central-1", Endpoint: server.URL, AccessKey: "AKIDEXAMPLE", SecretKey: "hush"})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestSigned promises that calls are signed for their service and region, whole, and that the secret is not sent.
func TestSigned(t *testing.T) {
	s := &service{answers: []func(http.ResponseWriter){answer(http.StatusOK, `{"KeyId":"k"}`), answer(http.StatusOK, `<r><vpcSet><item><vpcId>v</vpcId></item></vpcSet></r>`)}}
	cfg := s.config(t)
	var key struct{ KeyId string }
	if err := JSON(t.Context(), cfg, "kms", "eu-central-1", "TrentService.DescribeKey", map[string]string{"KeyId": "a & b"}, &key); err != nil || key.KeyId != "k" {
		t.Errorf("JSON: got %+v, %v", key, err)
	}
	var networks struct {
		IDs []string `xml:"vpcSet>item>vpcId"`
	}
	if err := Query(t.Context(), cfg, "iam", Global, url.Values{"Action": {"X"}, "B": {"a b&c"}}, &networks); err != nil || len(networks.IDs) != 1 {
		t.Errorf("Query: got %+v, %v", networks, err)
	}
	for i, want := range []struct{ service, region, body, kind string }{
		{"kms", "eu-central-1", `{"KeyId":"a \u0026 b"}`, "application/x-amz-json-1.1"}, {"iam", "us-east-1", "Action=X&B=a+b%26c", "application/x-www-form-urlencoded; charset=utf-8"},
	} {
		r := s.seen[i]
		if s.bodies[i] != want.body || r.Header.Get("Content-Type") != want.kind {
			t.Errorf("%s: got %s as %s", want.service, s.bodies[i], r.Header.Get("Content-Type"))
		}
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			t.Fatal(err)
		}
		again := httptest.NewRequest(r.Method, "http://"+r.Host+r.URL.Path, strings.NewReader(want.body))
		for _, name := range []string{"Content-Type", "X-Amz-Target"} {
			if v := r.Header.Get(name); v != "" {
				again.Header.Set(name, v)
			}
		}
		sum := sha256.Sum256([]byte(want.body))
		if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "hush"}, again, hex.EncodeToString(sum[:]), want.service, want.region, at); err != nil {
			t.Fatal(err)
		}
		if got := r.Header.Get("Authorization"); got != again.Header.Get("Authorization") || strings.Contains(fmt.Sprint(r.Header), "hush") {
			t.Errorf("%s: signed as %s, want %s", want.service, got, again.Header.Get("Authorization"))
		}
	}
}

// TestAgain promises that a call is made again where the service is busy, ails or does not answer, and not where it
// refuses, and that what it says is read in all its forms.
func TestAgain(t *testing.T) {
	ok := answer(http.StatusOK, `{}`)
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		calls   int
		code    string // of the error, "" for none
	}{
		"once":           {[]func(http.ResponseWriter){ok}, 1, ""},
		"ailing":         {[]func(http.ResponseWriter){answer(503, `busy`), cut, ok}, 3, ""},
		"throttled":      {[]func(http.ResponseWriter){answer(400, `{"__type":"ThrottlingException","message":"slower"}`), ok}, 2, ""},
		"refused":        {[]func(http.ResponseWriter){answer(400, `{"__type":"com.amazonaws.kms#AccessDeniedException","Message":"no"}`)}, 1, "AccessDeniedException"},
		"refused by ec2": {[]func(http.ResponseWriter){answer(403, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`)}, 1, "UnauthorizedOperation"},
		"refused by iam": {[]func(http.ResponseWriter){answer(404, `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>`)}, 1, "NoSuchEntity"},
		"unreadable":     {[]func(http.ResponseWriter){answer(404, `<html>not here`)}, 1, "404 Not Found"},
	} {
		s := &service{answers: c.answers}
		err := JSON(t.Context(), s.config(t), "kms", "eu-central-1", "X.Y", struct{}{}, nil)
		var said *Error
		code := ""
		if errors.As(err, &said) {
			code = said.Code
		}
		if code != c.code || (err == nil) != (c.code == "") || len(s.seen) != c.calls {
			t.Errorf("%s: got %v after %d calls, want code %q after %d", name, err, len(s.seen), c.code, c.calls)
		}
	}
	s := &service{answers: []func(http.ResponseWriter){answer(503, `busy`)}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := JSON(ctx, s.config(t), "kms", "eu-central-1", "X.Y", struct{}{}, nil); !errors.Is(err, context.DeadlineExceeded) || len(s.seen) != 1 {
		t.Errorf("a call that is ended while it waits: got %v after %d calls", err, len(s.seen))
	}
}

// TestTrust promises that certificates of a file are trusted besides the system's, and no others; and that an
// environment says where all that is.
func TestTrust(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, data := range map[string][]byte{"ca.pem": authority, "empty.pem": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "lakehouse: a\nenvironments: {prod: {storage: s3://b/c, s3: {region: eu-central-1, ca_file: CA, access_key: key, secret_key: hush}}}\n"
	of := func(ca string) *spec.Environment {
		t.Helper()
		l, err := spec.Parse(filepath.Join(dir, "lakehouse.yaml"), []byte(strings.Replace(text, "CA", ca, 1)), fstest.MapFS{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := l.Environments[0].Resolve(func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	call := func(o Options) error {
		o.Endpoint = server.URL
		cfg, err := Load(t.Context(), o)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return JSON(ctx, cfg, "kms", o.Region, "X.Y", struct{}{}, nil)
	}
	o := Of(of("ca.pem"))
	if o.Region != "eu-central-1" || o.AccessKey != "key" || o.SecretKey != "hush" || o.CAFile != filepath.Join(dir, "ca.pem") {
		t.Errorf("the options of an environment: got %+v", o)
	}
	if err := call(o); err != nil {
		t.Errorf("with the file: %v", err)
	}
	o.CAFile = ""
	if err := call(o); err == nil {
		t.Error("without the file a server that nobody knows was trusted")
	}
	for _, name := range []string{"empty.pem", "gone.pem"} {
		if err := call(Of(of(name))); err == nil || !strings.Contains(err.Error(), "certificates") {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
	if b := Bucket(of("ca.pem"), "b"); b.Bucket != "b" || b.Region != "eu-central-1" || b.CAFile != filepath.Join(dir, "ca.pem") || b.Credentials == nil || b.Credentials.AccessKey != "key" {
		t.Errorf("the bucket of an environment: got %+v", b.Bucket)
	}
}

// FuzzRefusal promises that whatever a service answers is an error that can be shown.
func FuzzRefusal(f *testing.F) {
	for _, text := range []string{`{"__type":"a#B","message":"m"}`, `<Response><Errors><Error><Code>C</Code></Error></Errors></Response>`, `<E><Error><Code>C</Code></Error></E>`, "", "#", `{"__type":"#"}`, "\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := refusal(data)
		if strings.Contains(e.Code, "#") {
			t.Errorf("%q: the code is %q", data, e.Code)
		}
		_ = explain(e).Error()
	})
}
