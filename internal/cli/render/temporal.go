package render

import (
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// temporal binds dates, times, timestamps, durations and intervals; nil for anything else.
// A timestamp with a zone is shown in UTC with a Z, one without a zone without.
func (f form) temporal(a arrow.Array) cell {
	switch a := a.(type) {
	case *array.Date32:
		return func(dst []byte, i int) []byte { return appendDate(dst, int64(a.Value(i))) }
	case *array.Date64:
		return func(dst []byte, i int) []byte { return appendDate(dst, floorDiv(int64(a.Value(i)), 86_400_000)) }
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		return func(dst []byte, i int) []byte { return appendTime(dst, int64(a.Value(i)), unit) }
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		return func(dst []byte, i int) []byte { return appendTime(dst, int64(a.Value(i)), unit) }
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		return func(dst []byte, i int) []byte {
			return f.appendTimestamp(dst, int64(a.Value(i)), t.Unit, t.TimeZone != "")
		}
	case *array.Duration:
		unit := a.DataType().(*arrow.DurationType).Unit
		return func(dst []byte, i int) []byte { return appendTime(dst, int64(a.Value(i)), unit) }
	case *array.MonthInterval:
		return func(dst []byte, i int) []byte {
			return appendInterval(dst, arrow.MonthDayNanoInterval{Months: int32(a.Value(i))})
		}
	case *array.DayTimeInterval:
		return func(dst []byte, i int) []byte {
			v := a.Value(i)
			return appendInterval(dst, arrow.MonthDayNanoInterval{Days: v.Days, Nanoseconds: int64(v.Milliseconds) * 1_000_000})
		}
	case *array.MonthDayNanoInterval:
		return func(dst []byte, i int) []byte { return appendInterval(dst, a.Value(i)) }
	}
	return nil
}

// isTime says whether values of a type are dates or times, which are short and end in what matters.
func isTime(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP:
		return true
	}
	return false
}

// perSecond is how many of a unit make a second.
func perSecond(u arrow.TimeUnit) int64 {
	switch u {
	case arrow.Second:
		return 1
	case arrow.Millisecond:
		return 1_000
	case arrow.Microsecond:
		return 1_000_000
	}
	return 1_000_000_000
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendDate(dst []byte, days int64) []byte {
	switch days {
	case math.MaxInt32:
		return append(dst, "infinity"...)
	case -math.MaxInt32:
		return append(dst, "-infinity"...)
	}
	return time.Unix(days*86_400, 0).UTC().AppendFormat(dst, "2006-01-02")
}

func (f form) appendTimestamp(dst []byte, v int64, unit arrow.TimeUnit, zoned bool) []byte {
	switch v {
	case math.MaxInt64:
		return append(dst, "infinity"...)
	case -math.MaxInt64:
		return append(dst, "-infinity"...)
	}
	per := perSecond(unit)
	seconds := floorDiv(v, per)
	t := time.Unix(seconds, 0).UTC()
	dst = append(t.AppendFormat(dst, "2006-01-02"), f.sep)
	dst = appendFraction(t.AppendFormat(dst, "15:04:05"), v-seconds*per, per)
	if zoned {
		dst = append(dst, 'Z')
	}
	return dst
}

// appendFraction appends ".25" for 250 of 1000, and nothing for 0.
func appendFraction(dst []byte, part, of int64) []byte {
	if part == 0 {
		return dst
	}
	dst = append(dst, '.')
	for part > 0 {
		of /= 10
		dst = append(dst, byte('0'+part/of))
		part %= of
	}
	return dst
}

// appendTime appends a time of day or a length of time: "04:05:06.5", "-120:00:00".
func appendTime(dst []byte, v int64, unit arrow.TimeUnit) []byte {
	per := perSecond(unit)
	seconds, part := v/per, v%per
	if v < 0 {
		dst, seconds, part = append(dst, '-'), -seconds, -part
	}
	dst = appendTwo(dst, seconds/3600)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	dst = appendTwo(append(dst, ':'), seconds%60)
	return appendFraction(dst, part, per)
}

func appendTwo(dst []byte, n int64) []byte {
	if n >= 0 && n < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendInterval appends "1 year 2 months 3 days 04:05:06", leaving out what is zero.
func appendInterval(dst []byte, v arrow.MonthDayNanoInterval) []byte {
	start := len(dst)
	part := func(n int64, noun string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = append(append(strconv.AppendInt(dst, n, 10), ' '), noun...)
		if n != 1 && n != -1 {
			dst = append(dst, 's')
		}
	}
	part(int64(v.Months/12), "year")
	part(int64(v.Months%12), "month")
	part(int64(v.Days), "day")
	if v.Nanoseconds != 0 || len(dst) == start {
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = appendTime(dst, v.Nanoseconds, arrow.Nanosecond)
	}
	return dst
}
