package eventlog

import (
	"fmt"
	"strings"
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

func (v *view) small(q *Query, x Files, rule, done string) (Finding, bool) {
	average := x.Bytes / max(1, x.Files)
	if x.Files < smallFiles || x.Bytes <= 0 || average >= smallFile {
		return Finding{}, false
	}
	f := Finding{Rule: rule, Severity: Low, Query: &q.ID}
	if average < tinyFile && v.total.Busy > 0 && float64(q.Busy) >= highShare*float64(v.total.Busy) {
		f.Severity = Medium
	}
	f.What = fmt.Sprintf("%s files of %s (average) were %s", count(x.Files), size(average), done)
	f.Figures = []Figure{{"files", float64(x.Files), "files"}, {"average", float64(average), "bytes"}}
	return f, true
}

// deltaLake says whether the session knows Delta tables.
func (v *view) deltaLake() bool {
	return strings.Contains(v.app.Conf["spark.sql.extensions"], "DeltaSparkSessionExtension")
}
