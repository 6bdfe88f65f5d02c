// Package servers starts servers of others for tests.
//
// A Server is a child process on a free port of the loopback interface, ready when it is returned
// and killed when the test ends. A test skips where the program is not installed, unless CI=true, and
// with -short: starting a server and asking it takes seconds.
package servers

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// Server is a running S3 server (moto is a server of other AWS services too).
type Server struct {
	Endpoint  string // "http://127.0.0.1:4711"
	Region    string
	AccessKey string
	SecretKey string

	makeBucket func(t testing.TB, name string)
}

// Bucket makes an empty bucket.
func (s *Server) Bucket(t testing.TB, name string) {
	t.Helper()
	s.makeBucket(t, name)
}

//go:embed motoserver.py
var moto string

// Environ makes the server what the AWS tools find, for the rest of the test.
func (s *Server) Environ(t testing.TB) {
	t.Setenv("AWS_ENDPOINT_URL", s.Endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
}

// AWS is a way to a server that plays AWS, one of the tests or one of others. What fails is tried again
// as often as it is on AWS, at once.
func AWS(t testing.TB, endpoint string) aws.Config {
	t.Helper()
	cfg, err := awsx.Load(t.Context(), awsx.Options{Region: "us-east-1", Endpoint: endpoint, AccessKey: "key", SecretKey: "hush"})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.Backoff = 8, retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	return cfg
}

// Moto starts moto's server of many AWS services. It takes any credentials.
func Moto(t testing.TB) *Server {
	t.Helper()
	python := find(t, "venv/bin/python")
	s := &Server{Region: "us-east-1", AccessKey: "test", SecretKey: "test"}
	s.Endpoint = launch(t, func(addr string) *exec.Cmd {
		host, port, _ := net.SplitHostPort(addr)
		return exec.Command(python, "-P", "-c", moto, "-H", host, "-p", port)
	}, "/moto-api/")
	s.makeBucket = func(t testing.TB, name string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Endpoint+"/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("make bucket %s: %v", name, err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("make bucket %s: got %s, want 200", name, answer.Status)
		}
	}
	return s
}

// VersityGW starts the Versity S3 gateway on a temporary folder. It checks signatures.
func VersityGW(t testing.TB) *Server {
	t.Helper()
	program := find(t, "bin/versitygw")
	data := t.TempDir()
	s := &Server{Region: "us-east-1", AccessKey: "petalake-test", SecretKey: "petalake-test-secret"}
	s.Endpoint = launch(t, func(addr string) *exec.Cmd {
		cmd := exec.Command(program, "--port", addr, "--region", s.Region, "--health", "/health", "posix", data)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
		return cmd
	}, "/health")
	s.makeBucket = func(t testing.TB, name string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(data, name), 0o755); err != nil { // a folder is a bucket of the root account
			t.Fatal(err)
		}
	}
	return s
}

// Tool is the path of what a test runs besides servers, below the .tools folder of the repository.
func Tool(t testing.TB, program string) string {
	t.Helper()
	return find(t, program)
}

// leftOut skips a test with -short that needs more than Go.
func leftOut(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip(errShort)
	}
}

// errShort is why a test with -short does not run.
var errShort = errors.New("a server or program of others takes its time: left out with -short")

// find is the path of a program below the .tools folder of the repository.
func find(t testing.TB, program string) string {
	t.Helper()
	leftOut(t)
	dir, err := tools()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(program))
	if _, err := os.Stat(path); err != nil {
		missing(t, fmt.Errorf("%s is not installed: run scripts/tools", path))
	}
	return path
}

// launch starts a server and waits until it answers on a path. Another process may take the free
// port first: the server then ends at once, and a second port is tried.
func launch(t testing.TB, command func(addr string) *exec.Cmd, ready string) (endpoint string) {
	t.Helper()
	var last error
	for range 3 {
		addr := freeAddr(t)
		cmd := command(addr)
		var output log
		cmd.Stdout, cmd.Stderr = &output, &output
		cmd.WaitDelay = time.Second
		if err := cmd.Start(); err != nil {
			t.Fatalf("start %s: %v", cmd.Path, err)
		}
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		if last = await("http://"+addr+ready, ended); last == nil {
			t.Cleanup(func() { cmd.Process.Kill(); <-ended })
			return "http://" + addr
		}
		cmd.Process.Kill()
		<-ended
		last = fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), last, output.String())
	}
	t.Fatal(last)
	return ""
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// await returns when a server answers a request, whatever the answer, or has ended.
func await(url string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("no answer within a minute: %w", err)
		case <-tick.C:
		}
	}
}

// log is the output of a child, kept for the message of a failure.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() > 64<<10 {
		l.b.Reset()
	}
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
