package spark

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// TestOtherServers promises a clear sentence and what to do where no Spark Connect server answers.
func TestOtherServers(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	second := &http.Server{Handler: http.NotFoundHandler(), Protocols: new(http.Protocols)}
	second.Protocols.SetUnencryptedHTTP2(true)
	other := grpc.NewServer()
	for _, c := range []struct {
		what  string
		serve func(net.Listener) error
	}{
		{"a web server", web.Config.Serve},
		{"a web server of HTTP/2", second.Serve},
		{"another gRPC server", other.Serve},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go c.serve(listener)
		address := listener.Addr().String()
		_, err = Open(t.Context(), Options{Address: address})
		text, hint := heard(err)
		if !strings.Contains(text, address+" does not answer as Spark Connect does") || strings.Contains(text, "\n") || !strings.Contains(hint, "15002") {
			t.Errorf("%s: got %v, hint %q, want a sentence with the address, and a hint with the port", c.what, err, hint)
		}
	}
}

func heard(err error) (text, hint string) {
	if h, ok := err.(interface{ Hint() string }); ok {
		hint = h.Hint()
	}
	return fmt.Sprint(err), hint
}

// TestOldServer promises that Spark 3 is refused, and that other versions are not.
func TestOldServer(t *testing.T) {
	for version, want := range map[string]string{"3.5.6": "too old", "4.0.2": "", "4.1.1-amzn-0": "", "10.0": "", "": "", "dev": ""} {
		s, err := (&fake{version: version}).open(t, Options{})
		text, hint := heard(err)
		if (err == nil) != (want == "") || !strings.Contains(text, want) || err != nil && !strings.Contains(hint, "4.0") {
			t.Errorf("version %s: got %v, hint %q, want %q", version, err, hint, want)
		}
		if err == nil {
			s.Close()
		}
	}
}

// TestSecrets promises that no token is in what is printed, though the server repeats it.
func TestSecrets(t *testing.T) {
	f := &fake{refuse: status.Error(codes.Unauthenticated, "token s3cr3t/+ (s3cr3t%2F%2B) with fetched-secret has ended")}
	o := Options{Token: "s3cr3t/+", Metadata: func(context.Context) (map[string]string, error) {
		return map[string]string{"X-Aws-Proxy-Auth": "fetched-secret"}, nil
	}}
	s, err := f.open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Query(t.Context(), "SELECT 1")
	text, hint := heard(err)
	if strings.Contains(text, "s3cr3t") || strings.Contains(text, "fetched") || !strings.Contains(text, "does not let us in") || !strings.Contains(hint, "new one") {
		t.Errorf("a token that has ended: got %v, hint %q, want a sentence without it, and what to do", err, hint)
	}
	o.Address = "sc://lake:1/;token=s3cr3t/+"
	for _, printed := range []string{fmt.Sprint(o), fmt.Sprintf("%+v %#v %s", o, o, &o)} {
		if strings.Contains(printed, "s3cr3t") || !strings.Contains(printed, "lake:1") {
			t.Errorf("options printed: got %s, want the address alone", printed)
		}
	}
}

// TestNoToken promises that a token which cannot be fetched is told, and nothing is sent.
func TestNoToken(t *testing.T) {
	_, err := (&fake{}).open(t, Options{Metadata: func(context.Context) (map[string]string, error) {
		return nil, fmt.Errorf("the endpoint is gone")
	}})
	if text, hint := heard(err); !strings.Contains(text, "the endpoint is gone") || hint == "" {
		t.Errorf("got %v, hint %q, want the reason", err, hint)
	}
}

// TestAbandoned promises that a statement is interrupted when its context ends, though nobody reads.
func TestAbandoned(t *testing.T) {
	f := &fake{chunks: 1, fault: batches + 1, stopped: make(chan string, 1)}
	s, err := f.open(t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plan, err := statement("SELECT n FROM numbers", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Execute(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if id := <-f.stopped; id == "" {
		t.Error("something else was interrupted")
	}
	r.Release()
}

// TestCacheThere promises that rows which the server has are not sent again.
func TestCacheThere(t *testing.T) {
	for _, has := range []bool{false, true} {
		f := &fake{has: has}
		s, err := f.open(t, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Cache(t.Context(), &connectpb.LocalRelation{Data: row(1)}); err != nil {
			t.Fatal(err)
		}
		if (f.got == 0) != has {
			t.Errorf("the server has it: %v, and got it %d times", has, f.got)
		}
	}
}

// TestArtifactSpoilt promises an error where other bytes came to the server, and one transfer of a file
// that came well, whatever its size.
func TestArtifactSpoilt(t *testing.T) {
	for _, size := range []int{0, 1, chunk, chunk + 1, 3 * chunk} {
		path := filepath.Join(t.TempDir(), "lake.jar")
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, spoilt := range []bool{false, true} {
			f := &fake{has: spoilt}
			s, err := f.open(t, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				err = s.AddArtifact(t.Context(), path)
			}
			if spoilt && (err == nil || !strings.Contains(err.Error(), "jars/lake.jar came to the server with other bytes")) {
				t.Errorf("%d bytes that were spoilt: got %v", size, err)
			}
			if !spoilt && (err != nil || f.got != 1) {
				t.Errorf("%d bytes, twice: got %v after %d transfers, want 1", size, err, f.got)
			}
			s.Close()
		}
	}
}
