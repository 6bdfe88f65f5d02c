package datafile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// Calendar says in which calendar a file keeps dates and times. The zero value is the Gregorian one, for all times.
//
// Spark before 3.0, and a later one with LEGACY in datetimeRebaseModeInWrite or int96RebaseModeInWrite, keeps them in the hybrid calendar:
// Julian until 1582-10-04, Gregorian from the next day on, which is 1582-10-15. There the same count of days has another name before
// that day, and the name is what was meant: 1500-01-01 is kept as the day that is 1500-01-10 in the Gregorian calendar. Which files
// these are is decided as Spark decides it, from the keys org.apache.spark.* of the footer (DataSourceUtils, RebaseDateTime).
type Calendar struct {
	Dates    bool        // dates are hybrid
	Times    bool        // times with a zone are hybrid; those without one never are
	ZoneName string      // as the file has it
	Zone     *HybridZone // of hybrid times; nil where nothing is known of it

	// DateColumns are the paths of the leaves that hold dates, as the footer has them, in lower case.
	DateColumns []string
}

// Hybrid says whether anything in the file is hybrid.
func (c Calendar) Hybrid() bool { return c.Dates || c.Times }

// HybridError says that times of a file cannot be read as they were meant.
type HybridError struct{ Column, Reason string }

func (e *HybridError) Error() string { return "column " + e.Column + ": " + e.Reason }

// Hint says what to do.
func (e *HybridError) Hint() string {
	return "have Spark write the file anew: read it with Spark, and write it with spark.sql.parquet.datetimeRebaseModeInWrite=CORRECTED " +
		"and spark.sql.parquet.int96RebaseModeInWrite=CORRECTED"
}

const (
	versionKey  = "org.apache.spark.version"
	datetimeKey = "org.apache.spark.legacyDateTime"
	int96Key    = "org.apache.spark.legacyINT96"
	zoneKey     = "org.apache.spark.timeZone"
)

// newVersion finds the version of a Spark that writes hybrid values only with a key that says so.
var newVersion = regexp.MustCompile(`org\.apache\.spark\.version\x18.(3\.[1-9]|[4-9]\.)`)

// FileCalendar reads the calendar of a file on this machine. Of a file that no old Spark wrote it reads the footer's bytes and
// does not parse them.
func FileCalendar(path string) (c Calendar, err error) {
	defer guard(&err)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) { // whoever reads the rows says so
		return Calendar{}, nil
	}
	if err != nil {
		return Calendar{}, err
	}
	defer f.Close()
	footer, err := readFooter(f)
	if err != nil || !bytes.Contains(footer, []byte(versionKey)) || newVersion.Match(footer) && !bytes.Contains(footer, []byte("org.apache.spark.legacy")) {
		return Calendar{}, err
	}
	m, err := metadata.NewFileMetaData(footer, nil)
	if err != nil {
		return Calendar{}, &CorruptError{err}
	}
	return CalendarOf(m)
}

func readFooter(f *os.File) ([]byte, error) {
	const tail, guess = 8, 16 << 10
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	end := make([]byte, min(size, guess))
	if _, err := f.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return nil, err
	}
	if len(end) < tail || string(end[len(end)-4:]) != "PAR1" {
		return nil, nil // whoever reads the rows says what is wrong
	}
	n := int64(binary.LittleEndian.Uint32(end[len(end)-tail:]))
	switch {
	case n > size-tail:
		return nil, nil
	case n <= int64(len(end)-tail):
		return end[int64(len(end)-tail)-n : len(end)-tail], nil
	}
	footer := make([]byte, n)
	_, err = f.ReadAt(footer, size-tail-n)
	return footer, err
}

// CalendarOf is the calendar of the file with this footer. It decides as Spark does, which compares versions as text. Beside an error it is
// one in whose times nothing is known.
func CalendarOf(m *metadata.FileMetaData) (Calendar, error) {
	find := func(key string) string {
		if v := m.KeyValueMetadata().FindValue(key); v != nil {
			return *v
		}
		return ""
	}
	has := func(key string) bool { return m.KeyValueMetadata().FindValue(key) != nil }
	if !has(versionKey) {
		return Calendar{}, nil
	}
	version := find(versionKey)
	datetime, int96 := version < "3.0.0" || has(datetimeKey), version < "3.1.0" || has(int96Key)
	if !datetime && !int96 {
		return Calendar{}, nil
	}
	c := Calendar{Dates: datetime, ZoneName: find(zoneKey)}
	var times, old string // a column of each kind
	for i := range m.Schema.NumColumns() {
		column := m.Schema.Column(i)
		switch t, isTime := column.LogicalType().(schema.TimestampLogicalType); {
		case column.PhysicalType() == parquet.Types.Int96:
			old, c.Times = column.Path(), c.Times || int96
		case isTime && t.IsAdjustedToUTC():
			times, c.Times = column.Path(), c.Times || datetime
		case column.LogicalType() != nil && column.LogicalType().Equals(schema.DateLogicalType{}):
			c.DateColumns = append(c.DateColumns, strings.ToLower(column.Path()))
		}
	}
	if times != "" && old != "" && datetime != int96 {
		return c, &HybridError{times, "it is in the other calendar than column " + old + ", and one file with both cannot be read"}
	}
	if !c.Times {
		return c, nil
	}
	var err error
	c.Zone, err = hybridZone(c.ZoneName)
	return c, err
}

// UnknownZone is the reason why a time before 1900 cannot be read.
func (c Calendar) UnknownZone() string {
	return fmt.Sprintf("a time before 1900, in the calendar that Spark had before 3.0, in the time zone %q, of which the old rules are not known", c.ZoneName)
}
