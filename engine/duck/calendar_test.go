package duck

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck/tablefile"
)

// oldSpark is the footer of a file that Spark 2.4 wrote.
const oldSpark = "{'org.apache.spark.version': '2.4.8'}"

// TestConditionsOnOldDays promises that a condition on a column of another calendar keeps the rows for which it is true: the same
// condition in the SELECT list is the judge. The statistics of the log have the names of days, as those of Spark do.
func TestConditionsOnOldDays(t *testing.T) {
	t.Parallel()
	for _, many := range []bool{false, true} {
		l := newLake(t)
		var files []file
		copies := 1
		if many {
			copies = installFew
		}
		for i := range copies {
			kept := fmt.Sprintf("SELECT %d + i AS id, DATE '1500-01-10' + i::INT * 20000 AS d, TIMESTAMPTZ '1500-01-10 12:00:00+00' + to_days(i::INT * 20000) AS t, "+
				"{'d': DATE '1500-01-10' + i::INT * 20000} AS s FROM range(10) r(i)", 100*i)
			files = append(files, file{sql: kept}, file{sql: kept, footer: oldSpark})
		}
		f := l.add("t", "id int, d date, t timestamp, s struct<d:date>", files)
		for i := range f.files {
			f.files[i].Stats.Columns = nil
		}
		e := l.open()
		var conditions []string
		for _, day := range []string{"1500-01-01", "1500-01-10", "1554-10-14", "1582-10-15", "1609-07-18"} {
			for _, op := range []string{"=", "<", ">=", "<>"} {
				conditions = append(conditions, fmt.Sprintf("d %s DATE '%s'", op, day), fmt.Sprintf("s.d %s DATE '%s'", op, day), fmt.Sprintf("t %s TIMESTAMPTZ '%s 12:00:00+00'", op, day))
			}
		}
		judge := collect(t, e, "SELECT id, d, "+strings.Join(conditions, ", ")+" FROM t ORDER BY id, d")
		if first := strings.Split(judge[0], "|"); first[1] != "1500-01-01" {
			t.Errorf("got %s as the first day, want 1500-01-01", first[1])
		}
		for i, where := range conditions {
			var want []string
			for _, row := range judge {
				if cells := strings.Split(row, "|"); cells[i+2] == "true" {
					want = append(want, cells[0]+"|"+cells[1])
				}
			}
			if got := collect(t, e, "SELECT id, d FROM t WHERE "+where+" ORDER BY id, d"); !slices.Equal(got, want) {
				t.Errorf("WHERE %s: got %v, want %v", where, got, want)
			}
		}
	}
}

// TestUnknownZone promises an error that names file and column where a time was written in a zone of which nothing is known, and
// that other columns, and times since 1900, are read.
func TestUnknownZone(t *testing.T) {
	l := newLake(t)
	l.add("t", "id int, t timestamp", []file{{
		sql:    "SELECT 1 AS id, TIMESTAMPTZ '1899-01-01 00:00:00+00' AS t UNION ALL SELECT 2, TIMESTAMPTZ '1900-01-01 00:00:00+00'",
		footer: "{'org.apache.spark.version': '2.4.8', 'org.apache.spark.timeZone': 'Mars/Olympus'}",
	}})
	e := l.open()
	if got := collect(t, e, "SELECT id FROM t WHERE id = 1"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("another column: got %v", got)
	}
	reader, err := e.Query(t.Context(), "SELECT t FROM t")
	if err == nil {
		for reader.Next() {
		}
		err = reader.Err()
		reader.Release()
	}
	fault, ok := errors.AsType[*tablefile.CalendarError](err)
	if !ok || fault.File != "v0-0.parquet" || !strings.Contains(err.Error(), "column t") || !strings.Contains(err.Error(), "Mars/Olympus") || fault.Hint() == "" {
		t.Errorf("got %v, want an error with file, column and zone", err)
	}
}

// TestDatesThatBecameTimes promises an error where a column of times was one of dates in the other calendar.
func TestDatesThatBecameTimes(t *testing.T) {
	l := newLake(t)
	f := l.add("t", "id int, v timestamp_ntz", []file{{sql: "SELECT 1 AS id, DATE '1500-01-10' AS v", footer: oldSpark}})
	f.meta.Schema.Fields[1].Metadata = map[string]any{"delta.typeChanges": []any{map[string]any{"fromType": "date", "toType": "timestamp_ntz"}}}
	_, err := l.open().Query(t.Context(), "SELECT v FROM t")
	fault, ok := errors.AsType[*tablefile.CalendarError](err)
	if !ok || fault.File != "v0-0.parquet" || !strings.Contains(err.Error(), "column v") {
		t.Errorf("got %v, want an error with file and column", err)
	}
}
