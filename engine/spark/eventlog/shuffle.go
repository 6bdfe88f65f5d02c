package eventlog

import (
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/words"
)

const (
	waitShare     = 0.20
	remoteShuffle = 500 << 30 // bytes from which a shuffle service of its own pays
	broadcastMost = 200 << 20 // bytes of a side that every executor can hold
	broadcastWins = 10        // the other side is so many times as large
	bigSide       = 64 << 20
)

// fetchWait finds stages that waited for the other side of a shuffle.
func fetchWait(v *view) []Finding {
	var out []Finding
	for _, s := range v.stages() {
		if s.Run < time.Second || float64(s.FetchWait) < waitShare*float64(s.Run) || s.ShuffleRemote == 0 {
			continue
		}
		f := v.of(s, "fetch-wait", v.time(v.wallOf(s, s.FetchWait)))
		if none(f.Stake) {
			continue
		}
		f.What = fmt.Sprintf("%.0f %% of the time of its tasks was waiting for %s of shuffled data from other executors", 100*float64(s.FetchWait)/float64(s.Run), words.Bytes(s.ShuffleRemote))
		f.Figures = []Figure{{"fetch_wait", seconds(s.FetchWait), "seconds"}, {"run", seconds(s.Run), "seconds"}, {"remote", float64(s.ShuffleRemote), "bytes"}}
		f.Settings = v.set(-1, "spark.reducer.maxSizeInFlight", "96m")
		f.Advice = "fewer, larger executors keep more of a shuffle on one machine"
		out = append(out, f)
	}
	return out
}

// shuffleVolume speaks of the whole of what was shuffled, where it is very much.
func shuffleVolume(v *view) []Finding {
	if v.total.ShuffleWrite < remoteShuffle {
		return nil
	}
	f := Finding{Rule: "shuffle-volume", Severity: Low}
	f.What = fmt.Sprintf("%s were shuffled, for %s that were read", words.Bytes(v.total.ShuffleWrite), words.Bytes(v.total.Input))
	f.Figures = []Figure{{"shuffle_write", float64(v.total.ShuffleWrite), "bytes"}, {"input", float64(v.total.Input), "bytes"}}
	f.Settings = v.set(-1, "spark.io.compression.codec", "zstd")
	f.Advice = "filter and aggregate before joins, broadcast small sides; from this size on a shuffle service of its own (Celeborn) can pay"
	return []Finding{f}
}

// broadcastJoin finds joins that shuffled a large side to meet one that fits into every executor.
func broadcastJoin(v *view) []Finding {
	var out []Finding
	for _, q := range v.app.Queries {
		for _, j := range q.Joins {
			small, big := j.Right, j.Left
			if j.Left < j.Right && (j.Type == "Inner" || j.Type == "Cross" || j.Type == "RightOuter") {
				small, big = j.Left, j.Right
			} else if j.Type == "RightOuter" {
				continue
			}
			if j.Type == "FullOuter" || small <= 0 || small > broadcastMost || big < broadcastWins*small || big < bigSide {
				continue
			}
			if f, ok := v.broadcast(q, j, small, big); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

func (v *view) broadcast(q *Query, j Join, small, big int64) (Finding, bool) {
	const threshold, adaptive = "spark.sql.autoBroadcastJoinThreshold", "spark.sql.adaptive.enabled"
	limit := int64(10 << 20)
	if now, ok := parseSize(v.setting(q.ID, threshold), 1); ok {
		limit = now
	} else if v.setting(q.ID, threshold) != "" {
		limit = -1
	}
	f := Finding{Rule: "broadcast-join", Severity: Low, Query: v.asked(q.ID)}
	switch {
	case limit < small:
		f.Settings = v.set(q.ID, threshold, mebibytes(max(small+small/4, 10<<20)))
	case !v.adaptive(q.ID):
		f.Settings = v.set(q.ID, adaptive, "true")
	default:
		return f, false // Spark was free to, and had a reason that the log does not give
	}
	if v.large(q) {
		f.Severity = Medium
	}
	f.What = fmt.Sprintf("%s shuffled %s of rows to join them with %s, which every executor can hold", j.Operator, words.Bytes(big), words.Bytes(small))
	f.Figures = []Figure{{"large_side", float64(big), "bytes"}, {"small_side", float64(small), "bytes"}}
	return f, true
}
