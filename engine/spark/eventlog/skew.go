package eventlog

import (
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/words"
)

const (
	skewFactor   = 5 // longest task / median: spark.sql.adaptive.skewJoin.skewedPartitionFactor has the same
	skewTasks    = 5 // a median of fewer says little
	skewedData   = 3 // its data / median
	skewedBytes  = 1 << 20
	skewedRows   = 10_000
	defaultSplit = 256 << 20 // spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes
)

// skew finds stages that wait for one task.
func skew(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Took.N < skewTasks || s.Took.Max < skewFactor*max(s.Took.P50, 1) {
			continue
		}
		// With the same work spread evenly the stage would take busy / slots, and it cannot save more
		// than the longest task is longer than most.
		lost := millis(s.Took.Max - s.Took.P75)
		if slots := v.app.Slots(s); slots > 0 {
			lost = min(lost, s.Wall()-time.Duration(float64(s.Busy)/slots))
		}
		if lost < s.Wall()/100 {
			continue
		}
		lost = min(lost, time.Duration((1-v.besides(s))*float64(s.Wall()))) // others had use for the slots
		f := v.of(s, "skew", v.time(lost))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("task %d took %s, half of the %d tasks %s or less", s.Longest.Index, human(s.Longest.Took), s.Took.N, human(millis(s.Took.P50)))
		f.Figures = []Figure{
			{"longest", seconds(s.Longest.Took), "seconds"}, {"median", seconds(millis(s.Took.P50)), "seconds"}, {"tasks", float64(s.Took.N), "tasks"},
			{"longest_bytes", float64(s.Longest.Bytes), "bytes"}, {"median_bytes", float64(s.Bytes.P50), "bytes"},
		}
		v.whySkew(s, &f)
		out = append(out, f)
	}
	return out
}

// whySkew says why a task took long: more data, garbage collection, or a slow machine.
func (v *view) whySkew(s *Stage, f *Finding) {
	l := s.Longest
	switch {
	case l.Bytes >= skewedBytes && l.Bytes >= skewedData*s.Bytes.P50:
		f.What += fmt.Sprintf("; it was given %s, the median is %s", words.Bytes(l.Bytes), words.Bytes(s.Bytes.P50))
		v.cureSkew(s, f)
	case l.Rows >= skewedRows && l.Rows >= skewedData*s.Rows.P50:
		f.What += fmt.Sprintf("; it was given %s rows, the median is %s", words.Count(l.Rows), words.Count(s.Rows.P50))
		v.cureSkew(s, f)
	case l.GC*2 > l.Took:
		f.Rule, f.What = "straggler", f.What+fmt.Sprintf("; %s of it were garbage collection", human(l.GC))
		f.Settings = v.moreMemory(s.Query, 2)
	case s.Bytes.P50 > 0 || s.Rows.P50 > 0:
		f.Rule, f.What = "straggler", f.What+fmt.Sprintf("; it had no more data than others: executor %s was slow, or its rows are dear", l.Executor)
		f.Settings = v.set(s.Query, "spark.speculation", "true")
	default:
		f.Rule, f.What = "straggler", f.What+"; the log does not say what it was given"
		f.Advice = "make the partitions even where the program creates them"
	}
}

// cureSkew says what splits a partition that is too large.
func (v *view) cureSkew(s *Stage, f *Finding) {
	const prefix = "spark.sql.adaptive."
	q := v.queries[s.Query]
	switch {
	case s.Input > s.ShuffleRead:
		f.Advice = "the files are of very different sizes, or cannot be split (gzip): write them anew in even sizes"
	case q == nil:
		f.Advice = "give the largest key a random suffix (salt) and join or reduce in two steps; the settings that split partitions are for SQL and DataFrames"
	case len(q.Joins) == 0:
		f.Advice = "no setting splits the groups of an aggregate or window: group by the key and a random suffix first, then by the key"
	default:
		if !v.adaptive(s.Query) {
			f.Settings = append(f.Settings, v.set(s.Query, prefix+"enabled", "true")...)
		}
		if !v.on(s.Query, prefix+"skewJoin.enabled") {
			f.Settings = append(f.Settings, v.set(s.Query, prefix+"skewJoin.enabled", "true")...)
		}
		if s.Longest.Bytes < 2*defaultSplit {
			// Parts so many that every slot gets two, and none smaller than other partitions are.
			piece := max(s.Longest.Bytes/int64(2*max(1, v.app.Slots(s))), s.Bytes.P75)
			f.Settings = append(f.Settings, v.set(s.Query, prefix+"skewJoin.skewedPartitionThresholdInBytes", mebibytes(s.Longest.Bytes/2))...)
			f.Settings = append(f.Settings, v.set(s.Query, prefix+"advisoryPartitionSizeInBytes", mebibytes(min(piece, s.Longest.Bytes/2)))...)
		}
		if f.Settings == nil {
			f.Advice = "Spark was free to split it and did not: an outer join cannot split its kept side; handle the largest key apart"
		}
	}
}
