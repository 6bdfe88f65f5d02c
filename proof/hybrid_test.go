package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
)

// oldTimes is a SELECT of dates and times around every change of the calendars and of the clocks of their zones, and of others, some
// before the year 1; those inside of lists, maps and structs too.
const oldTimes = `select id, d, t, named_struct('d', d, 'n', named_struct('t', t)) as s, array(t, null) as l, map('k', d, 'n', null) as m, array(named_struct('t', t)) as ls
	from (select id, date_add(date_from_unix_date(-719700 + cast(id / 5 as int) * 36524), cast(id %% 5 as int) - 2 + shift) as d,
		timestamp_micros(cast(-2208988800000000 - (id * 113 + 7) * 3600 * 24 * 3652425 / 100 * 37 - id as bigint)) as t
		from (select id, %d as shift from range(%d)))
	union all select -1, null, null, null, null, null, null
	union all select -2, date '1500-01-01', timestamp '1500-01-01 00:00:00.123456', null, null, null, null
	union all select -3, date '-0044-03-15', timestamp '1883-11-18 12:01:02', null, array(), map(), null
	union all select -4, date '1582-10-15', timestamp '1582-10-15 00:00:00', null, null, null, null
	union all select -5, date '1582-10-04', timestamp '1582-10-04 23:59:59.999999', null, null, null, null
	union all select -6, date '2024-02-29', timestamp '2024-02-29 12:00:00', null, null, null, null`

// legacy are the settings by which Spark writes as its versions before 3.0 did.
func legacy(mode, zone, kind string) []string {
	return []string{
		"set spark.sql.parquet.datetimeRebaseModeInWrite = " + mode, "set spark.sql.parquet.int96RebaseModeInWrite = " + mode,
		"set spark.sql.session.timeZone = " + zone, "set spark.sql.parquet.outputTimestampType = " + kind,
	}
}

func modern() []string {
	return legacy("CORRECTED", "UTC", "TIMESTAMP_MICROS")
}

// TestHybridCalendar promises that dates and times which Spark keeps in the calendar that it had before 3.0 are read as Spark reads
// them: in tables whose files have different calendars and zones, by rows and by SQL, with conditions, and as raw files.
func TestHybridCalendar(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	t.Cleanup(func() { o.spark(t, modern()...) })
	first := true
	for _, zone := range []string{"UTC", "America/Los_Angeles", "Europe/Amsterdam", "Asia/Kolkata", "Asia/Manila"} {
		for _, kind := range []string{"TIMESTAMP_MICROS", "INT96"} {
			for _, mode := range []string{"LEGACY", "CORRECTED"} {
				o.spark(t, legacy(mode, zone, kind)...)
				do := "insert into " + p.sql()
				if first {
					do = "create table " + p.sql() + " using delta as"
				}
				first = false
				o.spark(t, do+" "+fmt.Sprintf(oldTimes, len(zone), 60))
			}
		}
	}
	o.spark(t, modern()...)
	want := p.by(t, "spark", latest)
	p.scan(t, latest, nil).want(t, want, "rows: ")
	p.query(t, "select * from t").want(t, want, "sql: ")
	p.sound(t)
	for _, where := range []string{
		"d = date '1500-01-01'", "d < date '1500-01-02' and id > 3", "t < timestamp '1500-01-01 12:00:00'", "t >= timestamp '1883-01-01 00:00:00' and t < timestamp '1884-01-01 00:00:00'",
		"d = date '1582-10-04'", "s.d < date '1000-03-01'",
	} {
		want := o.query(t, "select id, d, t from "+p.sql()+" where "+where)
		if len(want.rows) == 0 {
			t.Errorf("%s: no rows", where)
		}
		p.query(t, "select id, d, t from t where "+strings.ReplaceAll(where, "timestamp '", "timestamptz '")).want(t, want, where+": ")
	}
	p.query(t, "select min(d) as a, count(*) as b, max(t) as c from t").want(t, o.query(t, "select min(d) as a, count(*) as b, max(t) as c from "+p.sql()))

	var paths []string
	for f, err := range p.snapshot(t, latest).Files(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, filepath.Join(p.path, f.Path))
	}
	p.load(t, paths, p.named("raw")).want(t, want, "raw: ")
}

// load writes the rows of raw files into a table, and reads them there.
func (p place) load(t *testing.T, paths []string, to place) rows {
	t.Helper()
	files := raw.Files{Format: raw.FormatParquet, Paths: paths}
	found, files, err := raw.Loader{}.Inspect(t.Context(), files, false)
	if err != nil {
		t.Fatal(err)
	}
	to.create(t, delta.Metadata{Schema: found.Schema})
	written, err := raw.Loader{}.Load(t.Context(), files, tablefile.Spec{Store: p.disk, Root: to.table.Root(), Schema: found.Schema})
	if err != nil {
		t.Fatal(err)
	}
	to.update(t, func(x *delta.Txn) error {
		x.Add(written.Files...)
		return nil
	})
	to.sound(t)
	return to.scan(t, latest, nil)
}

// TestFilesOfOldSpark promises that files which an old Spark wrote, without a key that says so, are read as Spark reads them.
func TestFilesOfOldSpark(t *testing.T) {
	o := others(t)
	s := columns(t, "id int, d date, t timestamp, n timestamp_ntz")
	text := `[{"id": 1, "d": "1500-01-10", "t": "1500-01-10 00:00:00Z", "n": "1500-01-10 00:00:00"}, {"id": 2, "d": "0001-01-01", "t": "0900-03-01 12:00:00.000001Z"}, {"id": 3},
		{"id": 4, "d": "1582-10-14", "t": "1890-01-01 00:00:00Z", "n": "1582-10-14 00:00:00"}]`
	rows := batch(t, s, text)
	for _, version := range []string{"", "2.4.8", "3.0.3", "3.5.0", "4.1.1"} {
		p := newPlace(t)
		path := filepath.Join(p.lake, "old.parquet")
		keep(t, path, rows, version)
		want := o.query(t, "select * from parquet.`"+path+"`")
		if was := expect(t, s, text); slices.Equal(want.rows, was.rows) != (version != "2.4.8") {
			t.Errorf("%s: Spark reads %q", version, want.rows)
		}
		p.load(t, []string{path}, p).want(t, want, "version "+version+": ")
	}
}

func keep(t *testing.T, path string, rows arrow.RecordBatch, version string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := pqarrow.NewFileWriter(rows.Schema(), f, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if version != "" {
		if err := w.AppendKeyValueMetadata("org.apache.spark.version", version); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
