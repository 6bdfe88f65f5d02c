package petalake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
)

// TestEventLogs finds logs of Spark on this machine and in the bucket of a lake, which is reached as
// lakehouse.yaml says.
func TestEventLogs(t *testing.T) {
	ctx := context.Background()
	server := servers.VersityGW(t) // it checks signatures
	server.Bucket(t, "lake")
	t.Setenv("TEST_SECRET", server.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	h := newHouse(t, map[string]string{"lakehouse.yaml": shop + fmt.Sprintf(`
environments:
  local: {storage: lake}
  bucket:
    storage: s3://lake/shop
    s3: {endpoint: "%s", region: %s, access_key: "%s", secret_key: "${env:TEST_SECRET}"}
`, server.Endpoint, server.Region, server.AccessKey)})
	o := petalake.Options{File: filepath.Join(h.dir, "lakehouse.yaml"), Environment: "bucket"}
	opened, err := petalake.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	name := filepath.Join("engine", "spark", "eventlog", "testdata", "skew.zstd")
	log, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Store().Put(ctx, "_petalake/spark-events/skew.zstd", bytes.NewReader(log), store.IfAbsent); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{name, "file://" + absolute(t, name), "s3://lake/shop/_petalake/spark-events", "s3a://lake/shop/_petalake/spark-events/skew.zstd"} {
		for _, environment := range []string{"", "bucket"} {
			logs, err := runs.FindLogs(ctx, place, o.File, lake.Options{Environment: environment})
			if err != nil || len(logs) != 1 {
				t.Fatalf("%s: got %d logs, %v; want 1", place, len(logs), err)
			}
			app, err := eventlog.Read(ctx, logs[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			if r := eventlog.Advise(app, eventlog.Price{}); len(r.Findings) == 0 || r.Findings[0].Rule != "skew" {
				t.Errorf("%s: got %+v, want skew first", place, r.Findings)
			}
		}
	}
	if _, err := runs.FindLogs(ctx, "s3://lake/elsewhere", o.File, lake.Options{Environment: o.Environment}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty prefix: got %v, want %v", err, fs.ErrNotExist)
	}
}

// TestOldEventLogs promises that a run of the lake, with Spark or without, deletes event logs of long ago.
func TestOldEventLogs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": shop, "lake/_petalake/spark-events/old.zstd": "x", "lake/_petalake/spark-events/new.zstd": "x"})
	past := time.Now().Add(-31 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(h.dir, "lake/_petalake/spark-events/old.zstd"), past, past); err != nil {
		t.Fatal(err)
	}
	_, _ = h.up(h.open()) // there is nothing to load
	left, _ := filepath.Glob(filepath.Join(h.dir, "lake/_petalake/spark-events/*"))
	if len(left) != 1 || filepath.Base(left[0]) != "new.zstd" {
		t.Errorf("left: %q, want the new one", left)
	}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
