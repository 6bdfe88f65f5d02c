package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eventLogs are logs of real runs of Spark.
var eventLogs = filepath.Join("..", "..", "engine", "spark", "eventlog", "testdata")

// What `petalake spark advise` says of real runs stands in testdata/advice.
func TestAdvice(t *testing.T) {
	golden(t, "skew.json", "spark", "advise", filepath.Join(eventLogs, "skew.zstd"), "--price-per-core-hour", "0.05", "-o", "json")
	logs, err := filepath.Glob(filepath.Join(eventLogs, "*.zstd"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("event logs in %s: %v, %v", eventLogs, logs, err)
	}
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".zstd")
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", "spark", "advise", log, "--price-per-core-hour", "0.05")
		})
	}
}

// golden compares what a command says with a file of testdata/advice.
func golden(t *testing.T, name string, args ...string) {
	t.Helper()
	a := testApp()
	if code := a.execute(context.Background(), args); code != 0 {
		t.Fatalf("exit code %d, want 0: %s", code, a.err)
	}
	got, file := a.out.(*bytes.Buffer).String(), filepath.Join("testdata", "advice", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test ./internal/cli -run TestAdvice -update writes it; -file +said):\n%s", file, diff)
	}
}

func TestWrap(t *testing.T) {
	long := "one two three four five six seven eight nine ten"
	for width, want := range map[int]int{0: 1, 29: 1, 30: 2, 200: 1} {
		if got := wrap(long, width); len(got) != want {
			t.Errorf("wrap to %d: got %q, want %d lines", width, got, want)
		}
	}
}
