package eventlog

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/words"
)

const (
	idleShare = 0.50 // of the core time that was held
	idleLeast = time.Minute
	gapLeast  = 10 * time.Second // of a single gap
	gapStart  = time.Minute      // before the first stage: the start of executors is nobody's fault
)

// failedTasks speaks of work that was lost and done again.
func failedTasks(v *view) []Finding {
	kinds, again, stages, attempts := map[string]int64{}, time.Duration(0), 0, 0
	for _, s := range v.app.Stages {
		for kind, n := range s.Errors {
			kinds[kind] += n
		}
		if s.Attempt > 0 {
			again += s.Busy
			stages++
			attempts = max(attempts, s.Attempt+1)
		}
	}
	var failed int64
	for _, n := range kinds {
		failed += n
	}
	if failed == 0 && stages == 0 {
		return nil
	}
	var wasted time.Duration
	for _, s := range v.app.Stages {
		if s.Failed > 0 {
			wasted += s.Wasted
		}
	}
	f := Finding{Rule: "failures", Stake: v.cores(wasted + again), Severity: Low}
	if w := worth(f.Stake); w != "" {
		f.Severity = w
	}
	names := slices.SortedFunc(maps.Keys(kinds), func(a, b string) int {
		if kinds[a] != kinds[b] {
			return int(kinds[b] - kinds[a])
		}
		return strings.Compare(a, b)
	})
	var list []string
	for _, name := range names[:min(3, len(names))] {
		list = append(list, fmt.Sprintf("%s %d times", name, kinds[name]))
	}
	f.What = fmt.Sprintf("%s failed and ran again (%s)", words.Counted(failed, "task"), strings.Join(list, ", "))
	if stages > 0 {
		f.What += fmt.Sprintf("; %s ran once more, for %s of task time", words.Counted(int64(stages), "stage"), human(again))
	}
	f.Figures = []Figure{{"failed", float64(failed), "tasks"}, {"stages_again", float64(stages), "stages"}, {"wasted", seconds(wasted + again), "seconds"}}
	switch {
	case kinds["FetchFailed"] > 0 || stages > 0:
		if attempts >= 3 { // the job ends after four
			f.Settings = v.set(-1, "spark.stage.maxConsecutiveAttempts", "8")
		}
		f.Advice = "shuffled data was gone with its executor: see which ones were lost, and why"
	case kinds["java.lang.OutOfMemoryError"] > 0:
		f.Settings = v.moreMemory(-1, 2)
	default:
		f.Advice = "the exception is in the log of the executor: the same task fails again until it is fixed"
	}
	return []Finding{f}
}

// loss is a kind of reason for which executors end before they should.
type loss struct {
	name string
	is   *regexp.Regexp
}

// The reasons as YARN, Kubernetes and the standalone master word them, the first that matches counts.
var (
	wanted = regexp.MustCompile(`(?i)killed by driver|deleted by a user or the framework|idle|application (is )?(finish|stop|shut)|driver (command|stopped|commanded)|exited with code (0|143)\b`)
	losses = []loss{
		{"memory", regexp.MustCompile(`(?i)memory limit|physical memory|OOMKilled|out of memory|OutOfMemory`)},
		{"reclaimed", regexp.MustCompile(`(?i)spot|preempt|decommission|worker (lost|shut)|node.*(lost|removed|terminat|reclaim)|host.*(lost|down)|slave lost|exit status: -100`)},
		{"silent", regexp.MustCompile(`(?i)heartbeat|timed out`)},
		{"killed", regexp.MustCompile(`(?i)exit(ed with)?( code|code| status)?:? ?(137|9)\b`)},
		{"other", regexp.MustCompile(``)},
	}
)

// lostExecutors speaks of executors that went before the end.
func lostExecutors(v *view) []Finding {
	kinds, example, lost := map[string]int{}, "", 0
	scaled := v.app.Conf["spark.dynamicAllocation.enabled"] == "true" && v.app.Conf["spark.decommission.enabled"] == "true"
	for _, e := range v.app.Executors {
		if e.Removed.IsZero() || e.Reason == "" || wanted.MatchString(e.Reason) || v.app.End.Sub(e.Removed) < time.Second {
			continue
		}
		if scaled && strings.Contains(strings.ToLower(e.Reason), "decommission") {
			continue // how an allocation that is dynamic sends them away
		}
		for _, l := range losses {
			if l.is.MatchString(e.Reason) {
				kinds[l.name]++
				break
			}
		}
		if lost++; example == "" {
			example = e.Reason
		}
	}
	if lost == 0 {
		return nil
	}
	f := Finding{Rule: "lost-executors", Severity: Low}
	if v.total.Failed > 0 || 10*lost > len(v.app.Executors) {
		f.Severity = Medium
	}
	f.What = fmt.Sprintf("%d of %s went away before the end: %q", lost, words.Counted(int64(len(v.app.Executors)), "executor"), firstLine(example))
	f.Figures = []Figure{{"lost", float64(lost), "executors"}, {"executors", float64(len(v.app.Executors)), "executors"}}
	if kinds["memory"]+kinds["killed"] > 0 {
		f.Settings = v.moreOverhead()
		f.Advice = "the system killed it, most often for its memory"
	}
	if kinds["reclaimed"] > 0 {
		for _, key := range []string{"spark.decommission.enabled", "spark.storage.decommission.enabled", "spark.storage.decommission.shuffleBlocks.enabled"} {
			f.Settings = append(f.Settings, v.set(-1, key, "true")...)
		}
		f.Advice = "the machine was taken back: with these settings an executor that is told hands its shuffled data on"
	}
	if kinds["silent"] > 0 && f.Advice == "" {
		f.Advice = "it was silent for longer than spark.network.timeout: long garbage collections do that, or an overloaded machine"
	}
	return []Finding{f}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return short([]byte(line), 100)
}

// moreOverhead is memory beside the heap: twice of what there is, which by default is a tenth of the
// heap and at least 384 MiB.
func (v *view) moreOverhead() []Setting {
	if v.app.Local() {
		return nil
	}
	const key = "spark.executor.memoryOverhead"
	now, ok := parseSize(v.app.Conf[key], 1<<20)
	if !ok {
		heap, ok := parseSize(v.app.Conf["spark.executor.memory"], 1<<20)
		if !ok {
			heap = 1 << 30
		}
		now = max(heap/10, 384<<20)
	}
	return v.set(-1, key, mebibytes(2*now))
}

// idleExecutors compares the cores that were held with those that worked.
func idleExecutors(v *view) []Finding {
	busy := time.Duration(float64(v.total.Busy) * v.app.coresPerTask())
	idle := v.allocated - busy
	if v.app.Local() || v.allocated < idleLeast || float64(idle) < idleShare*float64(v.allocated) || v.perExecutor <= 0 {
		return nil
	}
	f := Finding{Rule: "idle-executors", Severity: Medium, Stake: v.cores(idle)}
	if float64(idle) >= 0.7*float64(v.allocated) {
		f.Severity = High
	}
	f.What = fmt.Sprintf("the executors held cores for %s and worked for %s of it: %.0f %%", human(v.allocated), human(busy), 100*float64(busy)/float64(v.allocated))
	f.Figures = []Figure{{"allocated", seconds(v.allocated), "core seconds"}, {"busy", seconds(busy), "core seconds"}, {"executors", float64(len(v.app.Executors)), "executors"}}
	// As many executors as are busy on average while stages run, and half as many again.
	running := v.wall
	for _, g := range v.app.Gaps {
		running -= g.Length()
	}
	need := int(math.Ceil(1.5 * float64(busy) / float64(max(running, time.Second)) / v.perExecutor))
	if v.app.Conf["spark.dynamicAllocation.enabled"] != "true" {
		f.Settings = append(f.Settings, v.set(-1, "spark.dynamicAllocation.enabled", "true")...)
		if v.app.Conf["spark.shuffle.service.enabled"] != "true" {
			f.Settings = append(f.Settings, v.set(-1, "spark.dynamicAllocation.shuffleTracking.enabled", "true")...)
		}
	}
	if need < len(v.app.Executors) {
		f.Settings = append(f.Settings, v.set(-1, "spark.dynamicAllocation.maxExecutors", strconv.Itoa(max(1, need)))...)
	}
	if timeout := v.app.Conf["spark.dynamicAllocation.executorIdleTimeout"]; timeout != "" {
		f.Settings = append(f.Settings, v.set(-1, "spark.dynamicAllocation.executorIdleTimeout", "60s")...) // the default
	}
	if len(f.Settings) == 0 {
		f.Advice = "the pauses between its jobs, or a few long tasks, hold them: start the jobs one after the other, or cure the skew"
	}
	return []Finding{f}
}

// driverGaps speaks of the time in which the driver alone worked, or nobody.
func driverGaps(v *view) []Finding {
	var sum time.Duration
	var longest Gap
	n := 0
	for _, g := range v.app.Gaps {
		if g.Length() < gapLeast || g.After < 0 && g.Length() < gapStart || !v.app.Ended && g.To.Equal(v.app.End) {
			continue
		}
		sum += g.Length()
		n++
		if g.Length() > longest.Length() {
			longest = g
		}
	}
	f := Finding{Rule: "driver-gap", Stake: v.time(sum)}
	if n == 0 || len(v.app.Stages) == 0 || v.app.OtherStages > 0 && longest.Length() < time.Minute {
		return nil
	}
	if f.Severity = worth(f.Stake); f.Severity == "" {
		return nil
	}
	where := "before the first stage"
	if longest.After >= 0 {
		id := longest.After
		where, f.Stage = fmt.Sprintf("after stage %d", id), &id
	}
	f.What = fmt.Sprintf("no stage ran for %s in all, the longest time for %s %s", human(sum), human(longest.Length()), where)
	f.Figures = []Figure{{"gaps", float64(n), "gaps"}, {"all", seconds(sum), "seconds"}, {"longest", seconds(longest.Length()), "seconds"}}
	f.Advice = "the driver works alone (collect, toPandas, listing files, committing output, plain Python) or waits: move it to the executors, or end the session"
	return []Finding{f}
}
