package eventlog

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The real lines of the logs are read by the quick scanner, not by its fallback, and as encoding/json
// reads them.
func TestQuick(t *testing.T) {
	for _, name := range []string{"skew.zstd", "skew35.zstd", "lost.zstd", "retry.zstd", "files.zstd", "connect.zstd"} {
		for i, line := range bytes.Split(plain(t, name), []byte("\n")) {
			if len(line) == 0 {
				continue
			}
			if _, ok := (&decoder{}).quick(line); !ok {
				t.Errorf("%s:%d: the quick scanner does not read it", name, i+1)
			}
			same(t, line)
		}
	}
}

// same compares what is read of a line with what encoding/json finds in it.
func same(t *testing.T, line []byte) {
	t.Helper()
	got, err := (&decoder{}).decode(line, false)
	if !json.Valid(line) {
		return // it may be read or refused
	}
	plain, broken := canonical(line)
	if broken != nil {
		if err == nil {
			t.Fatalf("read %s as %+v, which encoding/json refuses: %v", line, got, broken)
		}
		return
	}
	want, ok := (&decoder{}).quick(plain)
	if err != nil {
		if ok {
			t.Fatalf("%s: got %v, want %+v", line, err, want)
		}
		return
	}
	if diff := cmp.Diff(want, got); ok && diff != "" {
		t.Fatalf("%s (-as canonical +as it is):\n%s", line, diff)
	}
	if e, isTask := got.(*task); isTask {
		if diff := cmp.Diff(slowTask(t, line), e); diff != "" {
			t.Fatalf("%s (-encoding/json +quick):\n%s", line, diff)
		}
	}
}

// slowTask reads a SparkListenerTaskEnd by encoding/json alone.
func slowTask(t *testing.T, line []byte) *task {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	object := func(in map[string]any, key string) map[string]any {
		m, _ := in[key].(map[string]any)
		return m
	}
	number := func(in map[string]any, key string) int64 {
		text := ""
		switch v := in[key].(type) {
		case json.Number:
			text = v.String()
		case string:
			text = v
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(f) < 1<<63 {
			return int64(f)
		}
		return 0
	}
	text := func(in map[string]any, key string) string { s, _ := in[key].(string); return s }
	is := func(in map[string]any, key string) bool { b, _ := in[key].(bool); return b }
	info, metrics, reason := object(all, "Task Info"), object(all, "Task Metrics"), object(all, "Task End Reason")
	read, write := object(metrics, "Shuffle Read Metrics"), object(metrics, "Shuffle Write Metrics")
	e := &task{
		Stage: number(all, "Stage ID"), StageAttempt: int(number(all, "Stage Attempt ID")),
		ID: number(info, "Task ID"), Index: number(info, "Index"), Attempt: int(number(info, "Attempt")),
		Executor: text(info, "Executor ID"), Host: text(info, "Host"), Launch: number(info, "Launch Time"), Finish: number(info, "Finish Time"),
		GettingResult: number(info, "Getting Result Time"), Failed: is(info, "Failed"), Killed: is(info, "Killed"), Speculative: is(info, "Speculative"),
		Reason: text(reason, "Reason"), Run: number(metrics, "Executor Run Time"), CPU: number(metrics, "Executor CPU Time"),
		Deserialize: number(metrics, "Executor Deserialize Time"), SerializeResult: number(metrics, "Result Serialization Time"),
		GC: number(metrics, "JVM GC Time"), PeakMemory: number(metrics, "Peak Execution Memory"),
		Heap:          number(object(all, "Task Executor Metrics"), "JVMHeapMemory"),
		SpilledMemory: number(metrics, "Memory Bytes Spilled"), SpilledDisk: number(metrics, "Disk Bytes Spilled"),
		In: number(object(metrics, "Input Metrics"), "Bytes Read"), InRows: number(object(metrics, "Input Metrics"), "Records Read"),
		Out:        number(object(metrics, "Output Metrics"), "Bytes Written"),
		ReadRemote: number(read, "Remote Bytes Read"), ReadLocal: number(read, "Local Bytes Read"), ReadRows: number(read, "Total Records Read"),
		FetchWait: number(read, "Fetch Wait Time"), Written: number(write, "Shuffle Bytes Written"), WriteTime: number(write, "Shuffle Write Time"),
	}
	for _, key := range []string{"Class Name", "Loss Reason", "Kill Reason", "Message"} {
		if s := text(reason, key); s != "" {
			e.Error = short([]byte(s), shortName)
		}
	}
	return e
}

func FuzzScan(f *testing.F) {
	for _, name := range []string{"retry.zstd", "lost.zstd", "skew35.zstd", "connect.zstd"} {
		packed := bytes.Split(fuzzPlain(f, name), []byte("\n"))
		for i, line := range packed {
			if len(line) < 9000 && i%3 == 0 {
				f.Add(line)
			}
		}
	}
	for _, line := range []string{
		`{"Event":"SparkListenerTaskEnd","Stage ID":"12","Stage Attempt ID":1e0,"Task Info":{"Launch Time":-0,"Host":"h\u00e9\ud800"}}`,
		`{"Event":"SparkListenerTaskEnd","Stage ID":1,"Stage ID":2.9,"Task Metrics":null}`,
		` {"Stage ID" : 1 , "Event" : "SparkListenerTaskEnd"}`,
		`{"Event":"SparkListenerDriverAccumUpdates","accumUpdates":[[1,2],[3],[],[4,5,6],null]}`,
		`{"Event":"SparkListenerJobStart"}`, `{"Event":null}`, `{}`, `[]`, ``, `{"Event":"SparkListenerTaskEnd"`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsRune(line, '\n') {
			return
		}
		same(t, line)
	})
}

// Whatever the bytes of a file are, reading them ends, with bytes or an error.
func FuzzDecompress(f *testing.F) {
	for _, name := range []string{"good.zstd", "codec.lz4", "codec.snappy", "codec.lzf"} {
		f.Add(fuzzFile(f, name)[:4000])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, done, err := decompress(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer done()
		buf, sum := make([]byte, 64<<10), 0
		for sum < 2<<20 {
			n, err := r.Read(buf)
			if sum += n; err != nil {
				return
			}
		}
	})
}
