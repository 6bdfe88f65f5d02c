package eventlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/store"
)

// read reads the only log of a path.
func read(t *testing.T, name string) *Application {
	t.Helper()
	logs, err := FindLocal(name)
	if err != nil || len(logs) != 1 {
		t.Fatalf("FindLocal(%s): got %d logs, %v; want 1", name, len(logs), err)
	}
	a, err := Read(context.Background(), logs[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// plain is a log as Spark wrote it before compression.
func plain(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	r, done, err := decompress(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// spoke are the rules that spoke, with their stages.
func spoke(r *Report) []string {
	all := []string{}
	for _, f := range r.Findings {
		text := string(f.Severity) + " " + f.Rule
		if f.Stage != nil {
			text += fmt.Sprintf(" %d", *f.Stage)
		}
		all = append(all, text)
	}
	return all
}

// Each program of testdata/make.py has a flaw, which is found, and nothing else that is serious.
func TestFindings(t *testing.T) {
	for name, want := range map[string][]string{
		"good.zstd":       {},
		"skew.zstd":       {"high skew 4", "medium broadcast-join"},
		"skew35.zstd":     {"high skew 4", "medium broadcast-join"},
		"spill.zstd":      {"high spill 0"},
		"files.zstd":      {"high tiny-tasks 2", "medium tiny-tasks 4", "medium small-inputs", "medium small-outputs"},
		"partitions.zstd": {"high tiny-tasks 1"},
		"retry.zstd":      {"low failures"},
		"idle.zstd":       {"high idle-executors", "high driver-gap 0"},
		"lost.zstd":       {"medium lost-executors", "low failures"},
		"connect.zstd":    {},
	} {
		a := read(t, filepath.Join("testdata", name))
		if diff := cmp.Diff(want, spoke(Advise(a, Price{}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if a.Reading.Skipped != 0 || a.Reading.Truncated || !a.Ended {
			t.Errorf("%s: got %+v, ended %v; want all of it read", name, a.Reading, a.Ended)
		}
	}
}

// Queries that came over Spark Connect have the names of their statements.
func TestStatements(t *testing.T) {
	var got []string
	for _, q := range Advise(read(t, "testdata/connect.zstd"), Price{}).Queries {
		got = append(got, q.Description)
	}
	want := "select product, sum(quantity) from bronze.orders group by 1"
	if !slices.Contains(got, want) || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "session_id") }) {
		t.Errorf("got %q, want %q among them, and no request", got, want)
	}
	for request, want := range map[string]string{
		"sql {\n  query: \"select \\'\\303\\251\\'\\n\\tfrom t\"\n}": "select 'é' from t",
		"project {\n  input {\n":                                     "project", "": "", `query: "a\`: `a\`,
	} {
		if got := statement(request); got != want {
			t.Errorf("statement of %q: got %q, want %q", request, got, want)
		}
	}
}

// Whatever a log is packed with, it says the same.
func TestCodecs(t *testing.T) {
	want := read(t, filepath.Join("testdata", "good.zstd"))
	text := plain(t, "good.zstd")
	dir := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(text); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"plain": text, "gzip": zipped.Bytes(), "spaced": bytes.ReplaceAll(text, []byte(`,"`), []byte(`, "`))} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"testdata/codec.lz4", "testdata/codec.snappy", "testdata/codec.lzf", filepath.Join(dir, "plain"), filepath.Join(dir, "gzip"), filepath.Join(dir, "spaced")} {
		got := read(t, path)
		got.Reading.Bytes = want.Reading.Bytes // white space is bytes too
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// roll writes a log in parts, as spark.eventLog.rolling.enabled does, and names its folder.
func roll(t *testing.T, text []byte, parts int, keep func(int) bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "eventlog_v2_app-1")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(bytes.Lines(text))
	for i := range parts {
		part := bytes.Join(lines[i*len(lines)/parts:(i+1)*len(lines)/parts], nil)
		if !keep(i + 1) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("events_%d_app-1", i+1)), part, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "appstatus_app-1"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A log in parts says what it would say in one, and names the parts that are missing.
func TestRolled(t *testing.T) {
	want, text := read(t, "testdata/partitions.zstd"), plain(t, "partitions.zstd")
	dir := roll(t, text, 12, func(int) bool { return true }) // 10 comes after 9
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if diff := cmp.Diff(want, read(t, path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	got := read(t, roll(t, text, 5, func(i int) bool { return i != 3 }))
	if diff := cmp.Diff([]int{3}, got.Reading.Missing); diff != "" {
		t.Errorf("missing parts (-want +got):\n%s", diff)
	}
	if n := got.Total().Tasks; n < 700 || n > 900 {
		t.Errorf("tasks without part 3 of 5: got %d, want about 800 of 1003", n)
	}
}

// A log in a store is the same log.
func TestInStore(t *testing.T) {
	ctx, m := context.Background(), store.NewMem()
	text := plain(t, "skew.zstd")
	half := bytes.LastIndexByte(text[:len(text)/2], '\n') + 1
	for key, body := range map[string][]byte{
		"logs/eventlog_v2_a/events_1_a": text[:half], "logs/eventlog_v2_a/events_2_a": text[half:], "logs/eventlog_v2_a/appstatus_a.inprogress": nil,
		"logs/b": text, "logs-of-others/c": text,
	} {
		if err := m.Put(ctx, key, bytes.NewReader(body), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	want := spoke(Advise(read(t, "testdata/skew.zstd"), Price{}))
	for prefix, n := range map[string]int{"logs": 2, "logs/": 2, "logs/b": 1, "logs/eventlog_v2_a": 1, "": 3} {
		logs, err := FindIn(ctx, m, prefix, "s3://x/"+prefix)
		if err != nil || len(logs) != n {
			t.Fatalf("FindIn(%q): got %d logs, %v; want %d", prefix, len(logs), err, n)
		}
		for _, l := range logs {
			a, err := Read(ctx, l, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, spoke(Advise(a, Price{}))); diff != "" || l.InProgress != strings.Contains(l.Name, "v2") {
				t.Errorf("%s, in progress %v (-want +got):\n%s", l.Name, l.InProgress, diff)
			}
		}
	}
	var none *NoLogError
	if _, err := FindIn(ctx, m, "log", "s3://x/log"); !errors.As(err, &none) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("FindIn of nothing: got %v, want a NoLogError", err)
	}
}

// Wherever a log is cut off, what comes before counts.
func TestTruncated(t *testing.T) {
	packed, err := os.ReadFile("testdata/partitions.zstd")
	if err != nil {
		t.Fatal(err)
	}
	text := plain(t, "partitions.zstd")
	for _, data := range [][]byte{packed[:len(packed)/2], text[:len(text)/2], text[:len(text)-1], text[:len(text)-2]} {
		name := filepath.Join(t.TempDir(), "app.inprogress")
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		a := read(t, name)
		whole := len(data) == len(text)-1 // only the line break is missing
		if a.Reading.Truncated == whole || a.Ended != whole || a.Total().Tasks < 100 || a.Wall() <= 0 {
			t.Errorf("%d bytes: got truncated %v, ended %v, %d tasks, %v", len(data), a.Reading.Truncated, a.Ended, a.Total().Tasks, a.Wall())
		}
	}
}

// Lines that are no events are counted and named, and take nothing else with them.
func TestGarbage(t *testing.T) {
	lines := slices.Collect(bytes.Lines(plain(t, "partitions.zstd")))
	want := read(t, "testdata/partitions.zstd")
	lines = slices.Insert(lines, 1000, []byte("{\"Event\":\"SparkListenerTaskEnd\",\"Stage ID\":1,\n"), []byte("\x00\x01\x02\n"), []byte("\r\n"), []byte("[1]\n"))
	huge := append([]byte(`{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart","executionId":7,"description":"huge","physicalPlanDescription":"`), bytes.Repeat([]byte("plan "), mostLine/4)...)
	lines = slices.Insert(lines, 500, append(huge, "\"}\n"...), []byte(`{"Event":"com.example.Unknown","a":[{}]}`+"\n"))
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	got := read(t, name)
	if diff := cmp.Diff(want.Stages, got.Stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if q := got.Queries[len(got.Queries)-1]; got.Reading.Cut != 1 || q.ID != 7 || q.Description != "huge" {
		t.Errorf("the line of %d MiB: got %d cut lines, query %+v; want 1, the query with its description", len(huge)>>20, got.Reading.Cut, q)
	}
	if n := got.Reading.Skipped; n != 3 || !strings.Contains(strings.Join(got.Reading.Examples, "\n"), name+":1003: ") {
		t.Errorf("lines that cannot be read: got %d, %q; want 3, one of them %s:1003", n, got.Reading.Examples, name)
	}
}

// Events that come in another order than usual do not change the sums.
func TestOutOfOrder(t *testing.T) {
	lines := slices.Collect(bytes.Lines(plain(t, "lost.zstd")))
	want := read(t, "testdata/lost.zstd").Total()
	slices.Reverse(lines)
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read(t, name).Total()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	var other *NotLogError
	var damaged *DamagedError
	lz4, err := os.ReadFile("testdata/codec.lz4")
	if err != nil {
		t.Fatal(err)
	}
	lz4[100] ^= 0xff // in the first block
	for name, c := range map[string]struct {
		data []byte
		as   any
	}{
		"readme.md":  {[]byte("# Hello"), &other},
		"empty":      {nil, &other},
		"delta.json": {[]byte(`{"add":{}}` + "\n" + `{"add":{}}`), &other},
		"list.json":  {[]byte("{\n  \"Event\": 1\n}\n"), &other},
		"log.lz4":    {lz4, &damaged},
		"log.lzf":    {[]byte("ZV\x01\x00\x02\x00\x09\x20\x00"), &damaged},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		logs, err := FindLocal(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Read(context.Background(), logs[0], nil)
		hinted, ok := err.(interface{ Hint() string })
		if !errors.As(err, c.as) || !ok || hinted.Hint() == "" || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v (%T), want a %T with a hint and the path", name, err, err, c.as)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	logs, err := FindLocal("testdata/partitions.zstd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(ctx, logs[0], func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
