package spark

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server starts the command of a server that others wrote and returns its address when it answers.
func server(t *testing.T, command func(tools, port string) *exec.Cmd) string {
	t.Helper()
	tools, err := filepath.Abs("../../.tools")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := command(tools, port)
	if cmd.Err != nil || !exists(cmd.Path) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: run scripts/tools", cmd.Path)
		}
		t.Skipf("%s is missing: run scripts/tools", cmd.Path)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		log.Close()
	})
	for range 300 {
		if s, err := Open(t.Context(), Options{Address: address}); err == nil {
			s.Close()
			return address
		}
		time.Sleep(200 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("the server did not answer within a minute:\n%s", text)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func realSpark(tools, port string) *exec.Cmd {
	homes, _ := filepath.Glob(filepath.Join(tools, "venv/lib/python3*/site-packages/pyspark"))
	home := strings.Join(homes, "")
	jars, _ := filepath.Glob(filepath.Join(tools, "jars/*.jar"))
	cmd := exec.Command(filepath.Join(home, "bin/spark-submit"), "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
		"--master", "local[2]", "--driver-memory", "1g", "--conf", "spark.ui.enabled=false",
		"--jars", strings.Join(jars, ","),
		"--conf", "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
		"--conf", "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
		"--conf", "spark.connect.grpc.binding.port="+port, "spark-internal")
	cmd.Env = append(os.Environ(), "SPARK_HOME="+home)
	return cmd
}

func sail(tools, port string) *exec.Cmd {
	return exec.Command(filepath.Join(tools, "venv/bin/sail"), "spark", "server", "--ip", "127.0.0.1", "--port", port)
}

// TestServers promises the same of both servers that others wrote.
func TestServers(t *testing.T) {
	for name, command := range map[string]func(tools, port string) *exec.Cmd{"spark": realSpark, "sail": sail} {
		t.Run(name, func(t *testing.T) {
			address := server(t, command)
			session, err := Open(t.Context(), Options{Address: "sc://" + address + "/;user_id=ada"})
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			t.Run("rows", func(t *testing.T) { rows(t, session) })
			t.Run("arguments", func(t *testing.T) { arguments(t, session) })
			t.Run("settings", func(t *testing.T) { settings(t, session, name) })
			t.Run("explain", func(t *testing.T) { explained(t, session) })
			t.Run("progress", func(t *testing.T) { watching(t, session, name) })
			t.Run("tags", func(t *testing.T) { byTag(t, session) })
			t.Run("commands", func(t *testing.T) { commands(t, session) })
			t.Run("describe", func(t *testing.T) { describe(t, session) })
			t.Run("error", func(t *testing.T) { wrong(t, session) })
			t.Run("cut", func(t *testing.T) { cut(t, address) })
			t.Run("cancel", func(t *testing.T) { cancelled(t, session) })
		})
	}
}

// all reads a statement to its end: how many rows, and the sum of its first column.
func all(ctx context.Context, s *Session, sql string, args ...any) (text string, rows int64, err error) {
	r, err := s.Query(ctx, sql, args...)
	if err != nil {
		return "", 0, err
	}
	defer r.Release()
	for r.Next() {
		b := r.RecordBatch()
		if rows += b.NumRows(); rows < 10 {
			for i := range int(b.NumRows()) {
				for c := range int(b.NumCols()) {
					text += b.Column(c).ValueStr(i) + "|"
				}
			}
		}
	}
	return text, rows, r.Err()
}

func want(t *testing.T, s *Session, want string, sql string, args ...any) {
	t.Helper()
	got, _, err := all(t.Context(), s, sql, args...)
	if err != nil {
		t.Fatalf("%s with %v: %v", sql, args, err)
	}
	if got != want {
		t.Errorf("%s gave %q, want %q", sql, got, want)
	}
}

func rows(t *testing.T, s *Session) {
	want(t, s, "1|a|(null)|", "SELECT 1, 'a', CAST(NULL AS INT)")
	_, n, err := all(t.Context(), s, "SELECT id, CAST(id AS STRING) FROM range(1000000)")
	if err != nil || n != 1_000_000 {
		t.Errorf("a million rows: got %d, %v", n, err)
	}
}

// settings promises that settings are those of the session, and that a default comes back
// (on Sail it stays away).
func settings(t *testing.T, s *Session, name string) {
	ctx, key := t.Context(), "spark.sql.session.timeZone"
	before, err := s.Conf(ctx, key)
	if err != nil || before[key] == "" {
		t.Fatalf("a setting with a default: got %v, %v", before, err)
	}
	if err := s.Set(ctx, map[string]string{key: "Asia/Tokyo", "lake.name": "big lake"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Conf(ctx, key, "lake.name", "lake.none")
	if err != nil || got[key] != "Asia/Tokyo" || got["lake.name"] != "big lake" || len(got) != 2 {
		t.Errorf("after setting two: got %v, %v, want both, and nothing of a third", got, err)
	}
	want(t, s, "Asia/Tokyo|", "SELECT current_timezone()")
	every, err := s.Conf(ctx)
	if err != nil || every["lake.name"] != "big lake" {
		t.Errorf("all settings: got %v, %v, want lake.name among them", every, err)
	}
	if err := s.Unset(ctx, key, "lake.name"); err != nil {
		t.Fatal(err)
	}
	if name == "sail" {
		before = map[string]string{}
	}
	if after, err := s.Conf(ctx, key, "lake.name"); err != nil || !maps.Equal(after, before) {
		t.Errorf("after unsetting: got %v, %v, want %v", after, err, before)
	}
}

// explained promises a plan in each mode, and that explaining runs nothing.
func explained(t *testing.T, s *Session) {
	for mode := range modes {
		text, err := s.Explain(t.Context(), "SELECT id % ? AS k, count(*) FROM range(10) GROUP BY 1", mode, 3)
		if err != nil || !strings.Contains(text, "Plan") && !strings.Contains(text, "Codegen") {
			t.Errorf("explain %s: got %q, %v, want a plan", mode, text, err)
		}
	}
	if _, err := s.Explain(t.Context(), "SELECT 1", "best"); err == nil || !strings.Contains(err.Error(), "formatted") {
		t.Errorf("explain best: got %v, want the modes there are", err)
	}
	_, _ = s.Explain(t.Context(), "CREATE TEMPORARY VIEW explained AS SELECT 1", "")
	if _, _, err := all(t.Context(), s, "SELECT * FROM explained"); err == nil {
		t.Error("explaining a CREATE ran it")
	}
}

// long is a statement of half a minute, in 8 tasks.
const long = "SELECT sum(hash(a.id, b.id)) FROM range(0, 100000, 1, 8) a CROSS JOIN range(200000) b"

// watching promises that a statement tells of its stages and tasks while it runs. Sail tells nothing.
func watching(t *testing.T, s *Session, name string) {
	if name == "sail" {
		if _, err := s.Watch(t.Context(), func(Progress) { t.Error("Sail tells of progress now") }, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.Set(t.Context(), map[string]string{"spark.connect.progress.reportInterval": "50ms"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen Progress
	_, err := s.Watch(ctx, func(p Progress) {
		if _, all := p.Tasks(); all > 0 && p.Running > 0 {
			seen = p
			cancel()
		}
	}, long)
	if _, all := seen.Tasks(); all < 8 || len(seen.Stages) == 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("a statement of eight tasks told %+v and ended with %v, want its stages, then %v", seen, err, context.Canceled)
	}
}

// byTag promises that what carries a tag is stopped, and nothing else.
func byTag(t *testing.T, s *Session) {
	ended := make(chan error, 1)
	go func() {
		_, _, err := all(t.Context(), s.Tagged("night"), long)
		ended <- err
	}()
	for tries := 0; ; tries++ {
		select {
		case err := <-ended:
			var said *Error
			if !errors.As(err, &said) || tries == 0 {
				t.Errorf("interrupted by its tag: got %v after %d tries, want what the server says of it", err, tries)
			}
			return
		case <-time.After(50 * time.Millisecond):
			if err := s.Interrupt(t.Context(), "night"); err != nil {
				t.Fatal(err)
			}
			want(t, s.Tagged("day"), "1|", "SELECT 1")
		}
	}
}

func commands(t *testing.T, s *Session) {
	if _, _, err := all(t.Context(), s, "CREATE TEMPORARY VIEW few AS SELECT id FROM range(3)"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "3|", "SELECT sum(id) FROM few")
}

func describe(t *testing.T, s *Session) {
	schema, err := s.Describe(t.Context(), "SELECT 1 AS a, 'x' AS b WHERE 1 = 0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Describe(t.Context(), "CREATE TEMPORARY VIEW described AS SELECT 1"); err == nil {
		t.Error("describing a CREATE: got no error")
	}
	if _, _, err := all(t.Context(), s, "SELECT * FROM described"); err == nil {
		t.Error("describing a CREATE ran it")
	}
	if got := fmt.Sprint(schema.NumFields(), " ", schema.Field(0).Name, " ", schema.Field(1).Name); got != "2 a b" {
		t.Errorf("columns: got %q, want 2, a and b", got)
	}
}

func wrong(t *testing.T, s *Session) {
	_, _, err := all(t.Context(), s, "SELECT * FROM no_such_table")
	var said *Error
	if !errors.As(err, &said) || !strings.Contains(err.Error(), "no_such_table") {
		t.Errorf("a table that is not there: got %T %v, want what the server says of it", err, err)
	}
}

// cancelled promises that the end of the context ends the statement, and not the session.
func cancelled(t *testing.T, s *Session) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Query(ctx, "SELECT id FROM range(20000000)")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal(r.Err())
	}
	cancel()
	for r.Next() {
	}
	if !errors.Is(r.Err(), context.Canceled) {
		t.Errorf("after cancel: got %v, want %v", r.Err(), context.Canceled)
	}
	want(t, s, "1|", "SELECT 1")
}

// TestAddress promises that connection strings are understood, and that none of them shows its token.
func TestAddress(t *testing.T) {
	for _, c := range []struct{ address, host, token string }{
		{"sc://h", "h:15002", ""},
		{"sc://h:1/;token=a%3Bb;use_ssl=true", "h:1", "a;b"},
		{"127.0.0.1:15002", "127.0.0.1:15002", ""},
	} {
		o, err := Options{Address: c.address}.resolve()
		if err != nil || o.Address != c.host || o.Token != c.token {
			t.Errorf("%s: got %s, token %q, %v, want %s, token %q", c.address, o.Address, o.Token, err, c.host, c.token)
		}
	}
	for _, address := range []string{"", "sc:///;token=hush", "sc://h:1;token=hush", "sc://h/;token=%hush", "sc://h/;hush=1"} {
		_, err := Options{Address: address}.resolve()
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v, want an error that does not show what may be a token", address, err)
		}
	}
}

// TestUnreachable promises an error that names the address and says what to do.
func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), Options{Address: "127.0.0.1:1"})
	var said *Error
	if !errors.As(err, &said) || !strings.Contains(err.Error(), "127.0.0.1:1") || said.Hint() == "" {
		t.Errorf("nobody there: got %v, want an error with the address and a hint", err)
	}
}
