package datafile

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// tableOfSpark is the table by which Spark rebases times, of the Spark that the tools bring.
func tableOfSpark(t *testing.T) (zones []struct {
	Tz              string
	Switches, Diffs []int64
}) {
	t.Helper()
	found, _ := filepath.Glob("../../.tools/venv/lib/python3*/site-packages/pyspark/jars/spark-sql-api_*.jar")
	if len(found) == 0 {
		t.Skip("no Spark: run scripts/tools python")
	}
	jar, err := zip.OpenReader(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer jar.Close()
	f, err := jar.Open("julian-gregorian-rebase-micros.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&zones); err != nil {
		t.Fatal(err)
	}
	return zones
}

// TestHybridZones promises that a time becomes what Spark makes of it, in every zone that Spark knows.
func TestHybridZones(t *testing.T) {
	zones := tableOfSpark(t)
	known, err := parseHybridZones()
	if err != nil {
		t.Fatal(err)
	}
	if len(zones) != len(known) {
		t.Errorf("got %d zones, Spark has %d", len(known), len(zones))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, z := range zones {
		spark := func(micros int64) int64 {
			i := len(z.Switches) - 1
			for i > 0 && micros < z.Switches[i]*1e6 {
				i--
			}
			return micros + z.Diffs[i]*1e6
		}
		moments := []int64{0, Micros1900 - 1, Micros1900}
		for _, s := range z.Switches {
			moments = append(moments, s*1e6, s*1e6+1)
			if s != z.Switches[0] {
				moments = append(moments, s*1e6-1)
			}
		}
		for first := z.Switches[0] * 1e6; len(moments) < 300; {
			moments = append(moments, first+random.Int64N(-first))
		}
		c := Calendar{Times: true, ZoneName: z.Tz}
		if c.Zone, err = hybridZone(z.Tz); err != nil || c.Zone == nil {
			t.Errorf("%s: not known: %v", z.Tz, err)
			continue
		}
		for _, m := range moments {
			if got, _ := c.Moment(m); got != spark(m) {
				t.Errorf("%s: %d: got %d, Spark has %d", z.Tz, m, got, spark(m))
				break
			}
		}
	}
}

// TestHybridDays promises that a day gets the name it has in the Julian calendar, by its rules: a year of 366 days every four.
func TestHybridDays(t *testing.T) {
	year, month, day := 1582, 10, 4
	lengths := [12]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for n := int64(GregorianDay - 1); year > -400; n-- {
		want := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / 86400 // February 29 of 1500 is March 1
		if got := rebaseDay(n); got != want {
			t.Fatalf("%d-%d-%d: day %d: got %d, want %d", year, month, day, n, got, want)
		}
		if day--; day > 0 {
			continue
		}
		if month--; month == 0 {
			year, month = year-1, 12
		}
		day = lengths[month-1]
		if month == 2 && (year%4+4)%4 == 0 {
			day = 29
		}
	}
	if got := rebaseDay(GregorianDay); got != GregorianDay {
		t.Errorf("1582-10-15: got %d", got)
	}
}

// hybridFile is a file of Parquet with a date and a time of 1500, and these keys in its footer.
func hybridFile(t *testing.T, keys map[string]string) []byte {
	t.Helper()
	s := &schema.Struct{Fields: []schema.Field{{Name: "d", Type: schema.Date, Nullable: true}, {Name: "t", Type: schema.Timestamp, Nullable: true}}}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema.ToArrow(s))
	defer b.Release()
	day := time.Date(1500, 1, 10, 0, 0, 0, 0, time.UTC)
	b.Field(0).(*array.Date32Builder).AppendValues([]arrow.Date32{arrow.Date32(day.Unix() / 86400), 0}, []bool{true, false})
	b.Field(1).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{arrow.Timestamp(day.UnixMicro()), 0}, []bool{true, false})
	rows := b.NewRecordBatch()
	defer rows.Release()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(rows.Schema(), &out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range keys {
		if err := w.AppendKeyValueMetadata(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestFileCalendar promises that what is decided from the bytes of a footer is what its keys say, and that a time in a zone of which
// nothing is known is an error with its column.
func TestFileCalendar(t *testing.T) {
	for _, version := range []string{"", "2.4.0", "3.0.0", "3.0.3", "3.1.0", "3.5.1", "4.1.1", "10.0"} {
		for _, zone := range []string{"", "Europe/Berlin", "Mars/Olympus"} {
			for _, legacy := range []string{"", datetimeKey, int96Key} {
				keys := map[string]string{"other": "x"}
				for key, value := range map[string]string{versionKey: version, zoneKey: zone, legacy: legacy} {
					if key != "" && value != "" {
						keys[key] = value
					}
				}
				body := hybridFile(t, keys)
				path := filepath.Join(t.TempDir(), "f.parquet")
				if err := os.WriteFile(path, body, 0o600); err != nil {
					t.Fatal(err)
				}
				quick, err := FileCalendar(path)
				if err != nil {
					t.Fatal(err)
				}
				r, err := file.NewParquetReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				whole, err := CalendarOf(r.MetaData())
				if err != nil || quick.Hybrid() != whole.Hybrid() || quick.Hybrid() && !reflect.DeepEqual(quick, whole) {
					t.Errorf("%v: got %+v, %v from the bytes, %+v from the keys", keys, quick, err, whole)
				}
				hybrid := version != "" && (version < "3.0.0" || legacy == datetimeKey)
				if quick.Dates != hybrid || quick.Times != hybrid {
					t.Errorf("%v: got dates %v, times %v, want %v", keys, quick.Dates, quick.Times, hybrid)
				}
				readHybrid(t, body, hybrid, zone)
			}
		}
	}
}

func readHybrid(t *testing.T, body []byte, hybrid bool, zone string) {
	t.Helper()
	s := store.NewMem()
	if err := s.Put(t.Context(), "f", bytes.NewReader(body), store.Always); err != nil {
		t.Fatal(err)
	}
	want := &schema.Struct{Fields: []schema.Field{{Name: "d", Type: schema.Date, Nullable: true}, {Name: "t", Type: schema.Timestamp, Nullable: true}}}
	for rows, err := range Read(t.Context(), s, "f", int64(len(body)), want, ReadOptions{}) {
		if unknown := hybrid && zone == "Mars/Olympus"; err != nil || unknown {
			if !unknown || err == nil || !strings.Contains(err.Error(), "column t") || !strings.Contains(err.Error(), zone) {
				t.Errorf("zone %q: got %v", zone, err)
			}
			return
		}
		day := rows.Column(0).(*array.Date32).Value(0).ToTime().Format(time.DateOnly)
		if (day == "1500-01-01") != hybrid {
			t.Errorf("hybrid %v: got %s", hybrid, day)
		}
		rows.Release()
	}
}
