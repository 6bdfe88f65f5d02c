package eventlog

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/petalake/petalake/internal/words"
)

// even is a stage of n tasks that took and were given the same, on the application of cluster.
func even(n int64, took time.Duration, bytes int64) *Stage {
	ms := took.Milliseconds()
	busy := time.Duration(n) * took
	s := &Stage{
		ID: 1, Query: -1, Submitted: moment(10_000), Completed: moment(10_000).Add(busy / 8), Planned: int(n),
		Sums:    Sums{Tasks: n, Busy: busy, Run: busy, ShuffleRead: n * bytes},
		Took:    Quantiles{N: n, Sum: n * ms, Min: ms, P25: ms, P50: ms, P75: ms, Max: ms},
		Bytes:   Quantiles{N: n, Sum: n * bytes, Min: bytes, P25: bytes, P50: bytes, P75: bytes, Max: bytes},
		Longest: Longest{Took: took, Bytes: bytes},
	}
	return s
}

// cluster is an application of two executors with four cores, which ran one stage and hardly more.
func cluster(s *Stage, conf map[string]string) *Application {
	a := &Application{Version: "4.1.1", Start: moment(9_000), End: s.Completed.Add(time.Second), Ended: true, Conf: conf, Stages: []*Stage{s}}
	if conf == nil {
		a.Conf = map[string]string{}
	}
	for _, id := range []string{"1", "2"} {
		a.Executors = append(a.Executors, &Executor{ID: id, Host: "h" + id, Cores: 4, Added: moment(9_000)})
	}
	return a
}

const mib, gib = 1 << 20, 1 << 30

// thresholds are stages on both sides of the thresholds of rules, with what is to be said of them:
// rules and their settings.
var thresholds = []struct {
	name  string
	stage func() *Stage
	edit  func(*Application)
	want  string // rule and its settings
}{
	{"a good stage", func() *Stage { return even(64, 10*time.Second, 128*mib) }, nil, ""},
	{"garbage at 9 %", func() *Stage { s := even(64, 10*time.Second, mib); s.GC = s.Run * 9 / 100; return s }, nil, ""},
	{"garbage at 20 %", func() *Stage { s := even(64, 10*time.Second, mib); s.GC = s.Run / 5; return s }, nil, "gc spark.executor.memory=1536m"},
	{"a heap that is nearly empty", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Conf["spark.executor.memory"], a.Heap, a.HeapSeen = "16g", 3*gib, 100
	}, "unused-memory spark.executor.memory=4608m"},
	{"a heap that was hardly looked at", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Conf["spark.executor.memory"], a.Heap, a.HeapSeen = "16g", 3*gib, 99
	}, ""},
	{"waits at 30 %", func() *Stage {
		s := even(64, 10*time.Second, mib)
		s.FetchWait, s.ShuffleRemote = s.Run*3/10, gib
		return s
	}, nil, "fetch-wait spark.reducer.maxSizeInFlight=96m"},
	{"waits for its own machine", func() *Stage { s := even(64, 10*time.Second, mib); s.FetchWait = s.Run / 2; return s }, nil, ""},
	{"delay at 30 %", func() *Stage { s := even(640, time.Second, mib); s.Delay = s.Busy * 3 / 10; return s }, nil, "scheduler-delay spark.driver.cores=4"},
	{"large partitions", func() *Stage { return even(64, 10*time.Second, gib) }, nil, "large-partitions"},
	{"two tasks on eight slots", func() *Stage {
		s := even(2, 30*time.Second, 256*mib)
		s.Completed = s.Submitted.Add(30 * time.Second)
		return s
	}, nil, "idle-executors spark.dynamicAllocation.enabled=true spark.dynamicAllocation.shuffleTracking.enabled=true spark.dynamicAllocation.maxExecutors=1; few-tasks"},
	{"many tiny tasks", func() *Stage {
		s := even(8000, 20*time.Millisecond, 1000)
		s.Delay = s.Busy / 2
		return s
	}, nil, "tiny-tasks"},
	{"as many as the data calls for", func() *Stage {
		s := even(8000, 20*time.Millisecond, 128*mib)
		s.Delay = s.Busy / 2
		return s
	}, nil, ""},
	{"a straggler", func() *Stage {
		s := even(64, 10*time.Second, 128*mib)
		s.Took.Max, s.Longest.Took, s.Completed = 120_000, 2*time.Minute, s.Submitted.Add(2*time.Minute)
		return s
	}, nil, "straggler spark.speculation=true"},
	{"a long task of a long stage", func() *Stage {
		s := even(64, 10*time.Second, 128*mib)
		s.Took.Max, s.Longest.Took = 60_000, time.Minute // the slots were busy all the while
		return s
	}, nil, ""},
	{"a straggler beside another stage", func() *Stage {
		s := even(64, 10*time.Second, 128*mib)
		s.Took.Max, s.Longest.Took, s.Completed = 120_000, 2*time.Minute, s.Submitted.Add(2*time.Minute)
		return s
	}, func(a *Application) {
		o := even(64, 10*time.Second, 128*mib)
		o.ID, o.Completed, o.Planned = 2, a.Stages[0].Completed, 64
		a.Stages = append(a.Stages, o)
	}, ""},
	{"skew of an RDD", func() *Stage {
		s := even(64, 10*time.Second, 128*mib)
		s.Took.Max, s.Completed = 120_000, s.Submitted.Add(2*time.Minute)
		s.Longest = Longest{Took: 2 * time.Minute, Bytes: 2 * gib}
		return s
	}, nil, "skew"},
	{"spilled a little", func() *Stage { s := even(64, 10*time.Second, mib); s.SpilledDisk = 100 * mib; return s }, nil, ""},
	{"spilled", func() *Stage {
		s := even(64, 10*time.Second, 128*mib)
		s.SpilledDisk, s.SpilledMemory, s.PeakMemory = 20*gib, 64*gib, gib
		return s
	}, nil, "spill spark.executor.memory=2048m"},
	{"much is shuffled", func() *Stage { s := even(64, 100*time.Second, 128*mib); s.ShuffleWrite = 500 * gib; return s }, nil, "shuffle-volume spark.io.compression.codec=zstd"},
	{"taken back", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Executors[0].Removed, a.Executors[0].Reason = a.End.Add(-10*time.Second), "Container on host h1 was preempted: spot instance reclaimed"
	}, "lost-executors spark.decommission.enabled=true spark.storage.decommission.enabled=true spark.storage.decommission.shuffleBlocks.enabled=true"},
	{"sent away", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Executors[0].Removed, a.Executors[0].Reason = a.End.Add(-10*time.Second), "Executor killed by driver."
	}, ""},
	{"sent away by dynamic allocation", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Conf["spark.dynamicAllocation.enabled"], a.Conf["spark.decommission.enabled"] = "true", "true"
		a.Executors[0].Removed, a.Executors[0].Reason = a.End.Add(-10*time.Second), "Executor decommission."
	}, ""},
	{"over its memory", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Conf["spark.executor.memory"] = "8g"
		a.Executors[0].Removed, a.Executors[0].Reason = a.End.Add(-10*time.Second), "Container killed by YARN for exceeding physical memory limits."
	}, "lost-executors spark.executor.memoryOverhead=1639m"},
	{"a pause", func() *Stage { return even(64, 10*time.Second, 128*mib) }, func(a *Application) {
		a.Gaps = []Gap{{a.Start, a.Start.Add(9 * time.Second), -1}, {a.End.Add(-12 * time.Second), a.End, 1}}
	}, "driver-gap"},
	{"no executors known", func() *Stage { s := even(2, 30*time.Second, mib); return s }, func(a *Application) { a.Executors = nil }, ""},
}

// Each rule speaks from its threshold on, and not before.
func TestThresholds(t *testing.T) {
	for _, c := range thresholds {
		a := cluster(c.stage(), nil)
		if c.edit != nil {
			c.edit(a)
		}
		got := ""
		for _, f := range Advise(a, Price{}).Findings {
			if got != "" {
				got += "; "
			}
			got += f.Rule
			for _, s := range f.Settings {
				got += " " + s.Key + "=" + s.Value
			}
			if len(f.Settings) == 0 && f.Advice == "" {
				t.Errorf("%s: %s says nothing to do", c.name, f.Rule)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Many stages that are each too small to speak of are spoken of together.
func TestAlike(t *testing.T) {
	a := cluster(even(64, 10*time.Second, 128*mib), nil)
	for i := range int64(200) {
		s := even(200, 20*time.Millisecond, 1000)
		s.ID, s.Name, s.Delay = 100+i, "count at loop.py:7", s.Busy/2
		if i == 7 {
			s.Delay = s.Busy * 3 / 4
		}
		if i%2 == 1 && i != 7 {
			s.Name = fmt.Sprintf("once at line %d", i)
		}
		a.Stages = append(a.Stages, s)
	}
	a.End = a.End.Add(90 * time.Second)
	r := Advise(a, Price{CoreHour: 1})
	if len(r.Findings) != 1 {
		t.Fatalf("got %+v, want one finding", r.Findings)
	}
	f := r.Findings[0]
	last := f.Figures[len(f.Figures)-1]
	if f.Rule != "tiny-tasks" || *f.Stage != 107 || f.Severity == "" || last != (Figure{"stages_alike", 101, "stages"}) || f.Stake.Seconds < 10 || *f.Stake.Cost <= 0 {
		t.Errorf("got %+v with %+v, want tiny-tasks of stage 107 and 100 more", f, f.Stake)
	}
}

// A broadcast is proposed where the type of the join allows it and Spark was not free to choose it.
func TestBroadcastJoin(t *testing.T) {
	for _, c := range []struct {
		kind        string
		left, right int64
		threshold   string
		adaptive    string
		want        string
	}{
		{"Inner", 900 * mib, 50 * mib, "", "", "spark.sql.autoBroadcastJoinThreshold=63m"},
		{"Inner", 50 * mib, 900 * mib, "", "", "spark.sql.autoBroadcastJoinThreshold=63m"},
		{"LeftOuter", 900 * mib, 50 * mib, "", "", "spark.sql.autoBroadcastJoinThreshold=63m"},
		{"LeftOuter", 50 * mib, 900 * mib, "", "", ""},
		{"RightOuter", 50 * mib, 900 * mib, "", "", "spark.sql.autoBroadcastJoinThreshold=63m"},
		{"RightOuter", 900 * mib, 50 * mib, "", "", ""},
		{"FullOuter", 900 * mib, 50 * mib, "", "", ""},
		{"LeftAnti", 900 * mib, 50 * mib, "", "", "spark.sql.autoBroadcastJoinThreshold=63m"},
		{"Inner", 400 * mib, 50 * mib, "", "", ""},
		{"Inner", 9000 * mib, 300 * mib, "", "", ""},
		{"Inner", 900 * mib, mib, "", "", ""},
		{"Inner", 900 * mib, mib, "", "false", "spark.sql.adaptive.enabled=true"},
		{"Inner", 900 * mib, mib, "-1", "false", "spark.sql.autoBroadcastJoinThreshold=10m"},
		{"Inner", 900 * mib, 50 * mib, "100MB", "", ""},
	} {
		a := cluster(even(64, 10*time.Second, 128*mib), map[string]string{})
		q := &Query{ID: 3, Root: 3, Conf: map[string]string{}, Joins: []Join{{"SortMergeJoin", c.kind, c.left, c.right}}}
		for key, value := range map[string]string{"spark.sql.autoBroadcastJoinThreshold": c.threshold, "spark.sql.adaptive.enabled": c.adaptive} {
			if value != "" {
				q.Conf[key] = value
			}
		}
		a.Queries = []*Query{q}
		got := ""
		for _, f := range broadcastJoin(newView(a, Price{})) {
			got = f.Settings[0].Key + "=" + f.Settings[0].Value
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c, got, c.want)
		}
	}
}

// What a run costs is what its executors held; stages and idle cores share it out.
func TestCost(t *testing.T) {
	s := even(8, 30*time.Minute, 0) // all slots for half an hour
	a := cluster(s, nil)
	a.Start, a.End = s.Submitted, s.Submitted.Add(time.Hour)
	a.Executors[0].Added, a.Executors[1].Added = a.Start, a.Start
	for _, p := range []Price{{CoreHour: 0.25}, {ExecutorHour: 1}} {
		r := Advise(a, p)
		if *r.Cost != 2 || *r.IdleCost != 1 || *r.Stages[0].Cost != 1 {
			t.Errorf("at %+v: got %v, idle %v, stage %v; want 2, 1, 1", p, *r.Cost, *r.IdleCost, *r.Stages[0].Cost)
		}
	}
	if r := Advise(a, Price{}); r.Cost != nil || r.Stages[0].Cost != nil {
		t.Error("a cost without a price")
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"512m": 512 << 20, "4g": 4 << 30, "4GB": 4 << 30, " 2t": 2 << 40, "100": 100 << 20, "10k": 10 << 10, "": -1, "-1": -1, "1.5g": -1, "9999999999999p": -1} {
		got, ok := parseSize(text, 1<<20)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{12 * time.Millisecond: "12 ms", 1500 * time.Millisecond: "1.50 s", 90 * time.Second: "1m 30s", 3 * time.Hour: "3h 00m"} {
		if got := human(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 1 << 30: "1.0 GiB", math.MaxInt64: "8.0 EiB"} {
		if got := words.Bytes(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := words.Count(1234567); got != "1,234,567" {
		t.Errorf("got %q", got)
	}
	for n, want := range map[float64]int64{1.2: 2, 10: 10, 11: 11, 123: 130, 4001: 4100} {
		if got := roundUp(n); got != want {
			t.Errorf("roundUp(%v): got %d, want %d", n, got, want)
		}
	}
}
