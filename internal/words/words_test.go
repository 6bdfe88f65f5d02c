package words

import (
	"math"
	"testing"
	"time"
)

func TestHuman(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Bytes(0), "0 B"},
		{Bytes(1023), "1023 B"},
		{Bytes(1024), "1.0 KiB"},
		{Bytes(10*1024 - 1), "10 KiB"},
		{Bytes(1<<20 - 1), "1.0 MiB"},
		{Bytes(math.MaxInt64), "8.0 EiB"},
		{Bytes(math.MinInt64), "-8.0 EiB"},
		{Count(999), "999"},
		{Count(-1000), "-1,000"},
		{Count(-100), "-100"},
		{Count(math.MinInt64), "-9,223,372,036,854,775,808"},
		{Counted(1, "file"), "1 file"},
		{Counted(0, "file"), "0 files"},
		{Duration(0), "0 µs"},
		{Duration(999*time.Microsecond + 999), "999 µs"},
		{Duration(12 * time.Millisecond), "12 ms"},
		{Duration(9999 * time.Millisecond), "9.99 s"},
		{Duration(59999 * time.Millisecond), "59.9 s"},
		{Duration(61 * time.Second), "1m 01s"},
		{Duration(3*time.Hour + 59*time.Minute), "3h 59m"},
		{Ago(now.Add(-3*time.Second), now), "now"},
		{Ago(now.Add(-59*time.Second), now), "59 s ago"},
		{Ago(now.Add(-47*time.Hour), now), "47 h ago"},
		{Ago(now.Add(-48*time.Hour), now), "2 days ago"},
		{Ago(now.Add(-60*24*time.Hour), now), "2025-12-31"},
		{Ago(now.Add(time.Hour), now), "2026-03-01 13:00"},
		{Ago(time.Time{}, now), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// FuzzWords promises a text for any number.
func FuzzWords(f *testing.F) {
	for _, n := range []int64{0, -1, 999, 1023, 1024, math.MinInt64, math.MaxInt64} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		for _, text := range []string{Bytes(n), Count(n), Counted(n, "row"), Decimal(n), Duration(time.Duration(n))} {
			if text == "" {
				t.Errorf("%d: got no text", n)
			}
		}
	})
}
