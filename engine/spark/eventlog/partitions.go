package eventlog

import (
	"fmt"
	"strconv"
	"time"

	"github.com/petalake/petalake/internal/words"
)

const (
	tinyTask     = 100 * time.Millisecond // Spark's tuning guide: from 200 ms on a task pays; half of that is clear
	tinyTasksMin = 100
	goodBytes    = 128 << 20 // of a partition: spark.sql.files.maxPartitionBytes has the same
	largeBytes   = 1 << 30   // of a partition, as stored or shuffled
	wavesWanted  = 2         // tasks for each slot; the tuning guide says 2 to 3
	fewLeast     = 5 * time.Second
)

// tinyTasks finds stages whose tasks are so short that starting them is the work.
func tinyTasks(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Took.N < tinyTasksMin || millis(s.Took.P50) >= tinyTask {
			continue
		}
		wanted := max(wavesWanted*max(1, v.app.Slots(s)), float64(s.Bytes.Sum)/goodBytes)
		if float64(s.Took.N) < 2*wanted {
			continue
		}
		// What is sure to go away is what the scheduler and the start of each task took.
		over := time.Duration(float64(s.Delay+s.Starting) * (1 - wanted/float64(s.Took.N)))
		f := v.of(s, "tiny-tasks", v.time(v.wallOf(s, over)))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("%s tasks of %s (median), each given %s; starting them took %s", words.Count(s.Took.N), human(millis(s.Took.P50)),
			words.Bytes(s.Bytes.Sum/s.Took.N), human(s.Delay+s.Starting))
		f.Figures = []Figure{
			{"tasks", float64(s.Took.N), "tasks"}, {"median", seconds(millis(s.Took.P50)), "seconds"},
			{"bytes_per_task", float64(s.Bytes.Sum / s.Took.N), "bytes"}, {"overhead", seconds(s.Delay + s.Starting), "seconds"},
		}
		v.cureTiny(s, wanted, &f)
		out = append(out, f)
	}
	return out
}

func (v *view) cureTiny(s *Stage, wanted float64, f *Finding) {
	const coalesce = "spark.sql.adaptive.coalescePartitions."
	switch {
	case s.Input > s.ShuffleRead:
		if now, ok := parseSize(v.setting(s.Query, "spark.sql.files.maxPartitionBytes"), 1); ok && now < goodBytes {
			f.Settings = append(f.Settings, v.set(s.Query, "spark.sql.files.maxPartitionBytes", mebibytes(goodBytes))...)
		}
		if now, ok := parseSize(v.setting(s.Query, "spark.sql.files.openCostInBytes"), 1); ok && now < 4<<20 {
			f.Settings = append(f.Settings, v.set(s.Query, "spark.sql.files.openCostInBytes", "4m")...)
		}
		if f.Settings == nil {
			f.Advice = "compact the files it reads: OPTIMIZE on a Delta table, else write them anew"
		}
	case s.Query < 0:
		f.Advice = fmt.Sprintf("make about %d partitions: coalesce(%d), or the number of partitions given to the shuffle", roundUp(wanted), roundUp(wanted))
	case !v.adaptive(s.Query):
		f.Settings = append(v.set(s.Query, "spark.sql.adaptive.enabled", "true"), v.partitions(s, wanted)...)
	case !v.on(s.Query, coalesce+"enabled"):
		f.Settings = v.set(s.Query, coalesce+"enabled", "true")
	default:
		f.Advice = fmt.Sprintf("Spark may merge partitions and did not: it leaves alone what a program repartitions itself; repartition(%d) there", roundUp(wanted))
	}
}

// partitions are the settings by which the input of a stage comes in about n partitions; none where
// no setting does it.
func (v *view) partitions(s *Stage, n float64) []Setting {
	switch {
	case n < 1 || s.Query < 0:
		return nil
	case s.Input > s.ShuffleRead:
		return v.set(s.Query, "spark.sql.files.maxPartitionBytes", mebibytes(int64(float64(s.Input)/n)))
	case s.ShuffleRead == 0:
		return nil
	}
	out := v.set(s.Query, "spark.sql.shuffle.partitions", strconv.FormatInt(roundUp(n), 10))
	if n > float64(s.Planned) && v.adaptive(s.Query) {
		out = append(out, v.set(s.Query, "spark.sql.adaptive.advisoryPartitionSizeInBytes", mebibytes(int64(float64(s.ShuffleRead)/n)))...)
	}
	return out
}

// fewTasks finds stages that left cores without work for want of tasks.
func fewTasks(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Wall() < fewLeast {
			continue
		}
		slots := v.app.Slots(s)
		if slots < 2 || float64(s.Planned) > 0.75*slots || v.besides(s) > 0.2 {
			continue
		}
		f := v.of(s, "few-tasks", v.time(s.Wall()-time.Duration(float64(s.Busy)/slots)))
		if f.Severity == "" || f.Severity == Low { // one such stage is common at the end of a query
			continue
		}
		f.What = fmt.Sprintf("%s for %.0f slots, for %s", words.Counted(int64(s.Planned), "task"), slots, human(s.Wall()))
		f.Figures = []Figure{{"tasks", float64(s.Planned), "tasks"}, {"slots", round(slots, 1), "tasks"}, {"wall", seconds(s.Wall()), "seconds"}}
		switch {
		case s.Planned == 1 && s.ShuffleRead > 0:
			f.Advice = "all rows go to one task: a window without PARTITION BY, a LIMIT, a sort to one file or coalesce(1) does that"
		default:
			if f.Settings = v.partitions(s, wavesWanted*slots); f.Settings == nil {
				f.Advice = fmt.Sprintf("make about %d partitions where the data comes from: repartition(%d)", roundUp(wavesWanted*slots), roundUp(wavesWanted*slots))
			}
		}
		if s.Input > s.ShuffleRead && s.Planned < 4 {
			f.Advice = "if the files are compressed so that they cannot be split (gzip), no setting helps: write them as Parquet"
		}
		out = append(out, f)
	}
	return out
}

// largePartitions finds stages whose typical partition is too large to be safe.
func largePartitions(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Bytes.P50 < largeBytes {
			continue
		}
		f := v.of(s, "large-partitions", nil)
		f.Severity = Low
		if s.SpilledDisk >= spillLeast || len(s.Errors) > 0 {
			f.Severity = Medium
		}
		f.What = fmt.Sprintf("half of its %s tasks were given %s or more", words.Count(s.Took.N), words.Bytes(s.Bytes.P50))
		f.Figures = []Figure{{"median_bytes", float64(s.Bytes.P50), "bytes"}, {"tasks", float64(s.Took.N), "tasks"}}
		if f.Settings = v.partitions(s, float64(s.Bytes.Sum)/goodBytes); f.Settings == nil {
			f.Advice = fmt.Sprintf("make about %d partitions", roundUp(float64(s.Bytes.Sum)/goodBytes))
		}
		out = append(out, f)
	}
	return out
}

// schedulerDelay finds stages whose tasks waited for the driver.
func schedulerDelay(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Busy < time.Second || float64(s.Delay) < 0.2*float64(s.Busy) || millis(s.Took.P50) < tinyTask {
			continue
		}
		f := v.of(s, "scheduler-delay", v.time(v.wallOf(s, s.Delay)))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("%.0f %% of the time of its %s tasks was waiting for the driver", 100*float64(s.Delay)/float64(s.Busy), words.Count(s.Took.N))
		f.Figures = []Figure{{"delay", seconds(s.Delay), "seconds"}, {"busy", seconds(s.Busy), "seconds"}}
		f.Advice = "the driver has too little to run on, or sends too much with each task: more cores for it, smaller closures, fewer tasks"
		if !v.app.Local() {
			if now, err := strconv.Atoi(v.app.Conf["spark.driver.cores"]); err != nil || now < 4 {
				f.Settings = v.set(-1, "spark.driver.cores", "4")
			}
		}
		out = append(out, f)
	}
	return out
}
