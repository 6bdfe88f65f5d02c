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
	smallFile  = 16 << 20 // average bytes; a good file has 128 MiB and more
	tinyFile   = 1 << 20
	smallFiles = 100 // so many of them matter
)

// smallInputs finds queries that read many small files.
func smallInputs(v *view) []Finding {
	var out []Finding
	for _, q := range v.app.Queries {
		for _, s := range q.Scans {
			if f, ok := v.small(q, s, "small-inputs", "read"); ok {
				f.Advice = "compact them: OPTIMIZE on a Delta table, else write them anew"
				out = append(out, f)
			}
		}
	}
	return out
}

// smallOutputs finds queries that write many small files.
func smallOutputs(v *view) []Finding {
	var out []Finding
	for _, q := range v.app.Queries {
		for _, w := range q.Writes {
			f, ok := v.small(q, w, "small-outputs", "written")
			if !ok {
				continue
			}
			n := max(1, roundUp(float64(w.Bytes)/goodBytes))
			f.Advice = fmt.Sprintf("before the write: repartition(%d), or the hint /*+ REBALANCE */ where Spark shall choose", n)
			if v.deltaLake() {
				f.Settings = v.set(q.ID, "spark.databricks.delta.optimizeWrite.enabled", "true")
			}
			out = append(out, f)
		}
	}
	return out
}

// large says whether a query is a tenth of the run.
func (v *view) large(q *Query) bool {
	return v.total.Busy > 0 && float64(v.busy[*v.asked(q.ID)]) >= highShare*float64(v.total.Busy)
}

func (v *view) small(q *Query, x Files, rule, done string) (Finding, bool) {
	average := x.Bytes / max(1, x.Files)
	if x.Files < smallFiles || x.Bytes <= 0 || average >= smallFile {
		return Finding{}, false
	}
	f := Finding{Rule: rule, Severity: Low, Query: v.asked(q.ID)}
	if average < tinyFile && v.large(q) {
		f.Severity = Medium
	}
	f.What = fmt.Sprintf("%s files of %s (average) were %s", words.Count(x.Files), words.Bytes(average), done)
	f.Figures = []Figure{{"files", float64(x.Files), "files"}, {"average", float64(average), "bytes"}}
	return f, true
}

// deltaWork finds what Delta calls its reading of a table's log.
var deltaWork = regexp.MustCompile(`Compute snapshot|Filtering files`)

const (
	snapshotTasks = 50       // the default of spark.databricks.delta.snapshotPartitions
	snapshotBytes = 64 << 10 // for a task that is none
)

// deltaSnapshots finds tables whose log is small, and yet read in as many tasks as a large one's.
func deltaSnapshots(v *view) []Finding {
	var busy, saved time.Duration
	var tasks int64
	n, slots := 0, 1.0
	for _, s := range v.stages() {
		if !deltaWork.MatchString(s.Description) || s.Tasks < snapshotTasks || s.Input+s.ShuffleRead > s.Tasks*snapshotBytes {
			continue
		}
		slots = max(slots, math.Round(v.app.Slots(s)))
		busy += s.Busy
		saved += v.wallOf(s, time.Duration(float64(s.Busy)*max(0, 1-slots/float64(s.Tasks))))
		tasks += s.Tasks
		n++
	}
	f := Finding{Rule: "delta-snapshots", Stake: v.time(saved)}
	if f.Severity = worth(f.Stake); n < 2 || f.Severity == "" {
		return nil
	}
	f.What = fmt.Sprintf("Delta read the logs of its tables in %s of %d tasks, almost without data, for %s of task time", words.Counted(int64(n), "stage"), tasks/int64(n), human(busy))
	f.Figures = []Figure{{"stages", float64(n), "stages"}, {"tasks", float64(tasks), "tasks"}, {"busy", seconds(busy), "seconds"}}
	f.Settings = v.set(-1, "spark.databricks.delta.snapshotPartitions", strconv.Itoa(int(slots)))
	return []Finding{f}
}

// deltaLake says whether the session knows Delta tables.
func (v *view) deltaLake() bool {
	return strings.Contains(v.app.Conf["spark.sql.extensions"], "DeltaSparkSessionExtension")
}
