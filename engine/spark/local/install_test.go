package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// home makes a folder that looks like a Spark of a version.
func home(t *testing.T, jars ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append([]string{"bin/spark-submit"}, jars...) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFind promises that a Spark that will not do is refused before it is started, with what to do.
func TestFind(t *testing.T) {
	t.Setenv("SPARK_HOME", "")
	const core, connect = "jars/spark-core_2.13-", "jars/spark-connect_2.13-"
	for want, s := range map[string]Search{
		"there is no Spark: bin/spark-submit":     {Home: t.TempDir()},
		"there is no Spark: spark-core is not in": {Home: home(t, "jars/other.jar")},
		"this is Spark 3.5.7":                     {Home: home(t, "jars/spark-core_2.12-3.5.7.jar")},
		"comes without Spark Connect":             {Home: home(t, core+"4.1.1.jar")},
		"this is Spark 4.3.0, and the Delta jars": {Home: home(t, core+"4.3.0.jar", connect+"4.3.0.jar")},
		"delta-spark_4.1_2.13-4.2.0.jar is miss":  {Home: home(t, core+"4.1.1.jar", connect+"4.1.1.jar"), Cache: t.TempDir()},
		"no Spark is on this machine":             {Cache: t.TempDir()},
	} {
		_, err := Find(t.Context(), s)
		var wrong *HomeError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || wrong.Hint() == "" {
			t.Errorf("got %v, want %q and a hint", err, want)
		}
		if got := errors.Is(err, fs.ErrNotExist); got != (strings.Contains(want, "miss") || strings.HasPrefix(want, "no Spark")) {
			t.Errorf("%v: that Install mends it is %t", err, got)
		}
	}
	brings := home(t, core+"4.0.2.jar", connect+"4.0.2.jar", "jars/delta-spark_4.0_2.13-4.2.0.jar", "jars/delta-storage-4.2.0.jar")
	if h, err := Find(t.Context(), Search{Home: brings}); err != nil || h.Version != "4.0.2" || len(h.Jars) > 0 {
		t.Errorf("a Spark that brings Delta: got %+v, %v, want it as it is", h, err)
	}
	t.Setenv("JAVA_HOME", t.TempDir())
	if _, err := Find(t.Context(), Search{Home: brings}); err == nil || !strings.Contains(err.Error(), "Java does not start") {
		t.Errorf("without Java: got %v", err)
	}
}

// TestFetch promises that a jar that came in parts is whole, that one with another digest is never
// used, and that an answer that will not change is not asked for again.
func TestFetch(t *testing.T) {
	body := strings.Repeat("jar ", 10_000)
	sum := sha256.Sum256([]byte(body))
	asked, breaks := 0, 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !strings.HasPrefix(r.URL.Path, "/io/delta/delta-x/1.0/delta-x-1.0.jar") {
			http.NotFound(w, r)
			return
		}
		if breaks > 0 { // in the middle
			breaks--
			w.Header().Set("Content-Length", "40000")
			_, _ = w.Write([]byte(body[:15_000]))
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
	}))
	defer server.Close()
	s := Search{Cache: t.TempDir(), Maven: server.URL}
	dir := filepath.Join(s.Cache, "jars")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	good := jar{hex.EncodeToString(sum[:]), "io.delta", "delta-x", "1.0"}
	last := int64(0)
	if err := s.fetch(t.Context(), good, func(s Step) { last = s.Done }); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "delta-x-1.0.jar")); string(got) != body || err != nil || asked != 2 || last != int64(len(body)) {
		t.Errorf("got %d bytes, %v, %d requests, %d told, want %d in 2", len(got), err, asked, last, len(body))
	}

	os.Remove(filepath.Join(dir, "delta-x-1.0.jar"))
	bad := jar{strings.Repeat("0", 64), "io.delta", "delta-x", "1.0"}
	err := s.fetch(t.Context(), bad, func(Step) {})
	var failed *InstallError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another file: got %v, want that its digest differs", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("another file: %v is left", left)
	}

	asked = 0
	err = s.fetch(t.Context(), jar{good.sum, "io.delta", "absent", "1.0"}, func(Step) {})
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "404") || failed.Hint() == "" || asked != 1 {
		t.Errorf("an absent file: got %v after %d requests, want 404 after one", err, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.fetch(ctx, good, func(Step) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// TestConf promises settings in one order, secrets in a file of this user alone, and that a
// person's own settings win.
func TestConf(t *testing.T) {
	settings := Conf(Home{Jars: []string{"/a.jar", "/b.jar"}}, Lake{
		Root: "s3://lake/prefix/", Cores: 3, Memory: "4g", Conf: map[string]string{"spark.ui.enabled": "true", "spark.x": "a\\b\nc"},
		S3: S3{Endpoint: "http://localhost:1", AccessKey: "id", SecretKey: "s3cr3t", PathStyle: true},
	})
	path := filepath.Join(t.TempDir(), "conf")
	if err := WriteConf(path, settings); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
	text, _ := os.ReadFile(path)
	for _, want := range []string{
		"spark.master local[3]\n", "spark.driver.memory 4g\n", "spark.ui.enabled true\n", `spark.x a\\b\nc` + "\n",
		"spark.sql.warehouse.dir s3a://lake/prefix\n", "spark.hadoop.fs.s3a.secret.key s3cr3t\n", "spark.jars /a.jar,/b.jar\n",
		"spark.hadoop.fs.s3a.connection.ssl.enabled false\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
