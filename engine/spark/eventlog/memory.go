package eventlog

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/words"
)

const (
	spillLeast = 16 << 20 // bytes on disk
	spillSpeed = 200e6    // bytes a second that a task writes and reads spilled data with: an assumption
	gcShare    = 0.10     // of the run time of tasks: where Spark's own pages turn red
	gcHealthy  = 0.05
	heapUnused = 0.40 // of the heap
	heapSeen   = 100  // looks at it, for the largest to mean something
)

// spill finds stages whose tasks did not fit into memory.
func spill(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.SpilledDisk < spillLeast {
			continue
		}
		again := time.Duration(2 * float64(s.SpilledDisk) / spillSpeed * float64(time.Second))
		f := v.of(s, "spill", v.time(v.wallOf(s, min(again, s.Busy/2))))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("%s were spilled to disk (%s in memory) by %d tasks", words.Bytes(s.SpilledDisk), words.Bytes(s.SpilledMemory), s.Tasks)
		f.Figures = []Figure{
			{"spilled_disk", float64(s.SpilledDisk), "bytes"}, {"spilled_memory", float64(s.SpilledMemory), "bytes"},
			{"peak_memory", float64(s.PeakMemory), "bytes"}, {"tasks", float64(s.Tasks), "tasks"},
		}
		v.cureSpill(s, &f)
		out = append(out, f)
	}
	return out
}

// cureSpill asks for as much memory a task as its data needs, or for so many more tasks.
func (v *view) cureSpill(s *Stage, f *Finding) {
	if fraction, err := strconv.ParseFloat(v.setting(s.Query, "spark.memory.fraction"), 64); err == nil && fraction < 0.5 {
		f.Settings = v.set(s.Query, "spark.memory.fraction", "0.6")
		return
	}
	if s.Bytes.P50 > 0 && s.Bytes.Max >= skewFactor*s.Bytes.P50 && s.Took.N >= skewTasks {
		f.Advice = fmt.Sprintf("the largest partition is %s times the median: cure the skew first", times(s.Bytes.Max, s.Bytes.P50))
		return
	}
	if s.PeakMemory <= 0 {
		f.Settings = v.moreMemory(s.Query, 2)
		return
	}
	factor := math.Ceil(1 + float64(s.SpilledMemory)/float64(s.Tasks)/float64(s.PeakMemory))
	f.Settings = append(v.partitions(s, float64(s.Planned)*factor), v.moreMemory(s.Query, min(factor, 4))...)
	f.Advice = "either one does: more partitions cost nothing, more memory does"
	if len(f.Settings) < 2 {
		f.Advice = ""
	}
}

// garbage finds stages that spent their time collecting garbage.
func garbage(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		share := float64(s.GC) / float64(max(s.Run, 1))
		if share < gcShare || s.Run < time.Second {
			continue
		}
		f := v.of(s, "gc", v.time(v.wallOf(s, s.GC-time.Duration(gcHealthy*float64(s.Run)))))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("%.0f %% of the time of its tasks was garbage collection: %s of %s", 100*share, human(s.GC), human(s.Run))
		f.Figures = []Figure{{"gc", seconds(s.GC), "seconds"}, {"run", seconds(s.Run), "seconds"}}
		f.Settings = v.moreMemory(s.Query, 1.5)
		if cores, err := strconv.Atoi(v.app.Conf["spark.executor.cores"]); err == nil && cores > 5 {
			f.Settings = append(f.Settings, v.set(-1, "spark.executor.cores", "5")...)
		}
		out = append(out, f)
	}
	return out
}

// unusedMemory compares the heap of executors with the most that was ever seen in it. Garbage that is
// not collected yet counts as used, so the program needs less than what was seen.
func unusedMemory(v *view) []Finding {
	heap, ok := parseSize(v.app.Conf["spark.executor.memory"], 1<<20)
	if !ok || v.app.Local() || v.app.HeapSeen < heapSeen || float64(v.app.Heap) >= heapUnused*float64(heap) || v.total.SpilledDisk > 0 {
		return nil
	}
	f := Finding{Rule: "unused-memory", Severity: Low}
	f.What = fmt.Sprintf("no executor was seen with more than %s in its heap of %s, in %s looks", words.Bytes(v.app.Heap), words.Bytes(heap), words.Count(v.app.HeapSeen))
	f.Figures = []Figure{{"most", float64(v.app.Heap), "bytes"}, {"heap", float64(heap), "bytes"}, {"seen", float64(v.app.HeapSeen), "times"}}
	f.Settings = v.set(-1, "spark.executor.memory", fmt.Sprintf("%dm", max(1024, (v.app.Heap*3/2>>20+511)/512*512)))
	f.Advice = "with less memory each, more executors fit on a machine, or the machine can be smaller"
	return []Finding{f}
}

// moreMemory is the heap times a factor, of the executors or of a driver that is its own executor.
func (v *view) moreMemory(query int64, factor float64) []Setting {
	key := "spark.executor.memory"
	if v.app.Local() {
		key = "spark.driver.memory"
	}
	now, ok := parseSize(v.app.Conf[key], 1<<20)
	if !ok {
		now = 1 << 30 // the default of both
	}
	more := int64(math.Ceil(float64(now) * factor / (1 << 20)))
	if more >= 4<<10 {
		return v.set(query, key, fmt.Sprintf("%dg", (more+1023)>>10))
	}
	return v.set(query, key, fmt.Sprintf("%dm", more))
}

var sizeText = regexp.MustCompile(`^([0-9]+)([kmgtp]?)b?$`)

// parseSize reads a size as Spark's settings have it; unit is that of a bare number.
func parseSize(text string, unit int64) (int64, bool) {
	m := sizeText.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, false
	}
	if m[2] != "" {
		unit = 1 << (10 * (1 + strings.Index("kmgtp", m[2])))
	}
	if n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}
