// Package words has the words for people: counts, sizes and times, and the name that somebody meant.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size for people, in powers of 1024: "0 B", "812 B", "1.5 KiB", "20 GiB".
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-max(n, -math.MaxInt64))
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, u := float64(n)/1024, 0
	for v >= 1023.95 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if v < 9.95 {
		return fmt.Sprintf("%.1f %s", v, units[u])
	}
	return fmt.Sprintf("%.0f %s", v, units[u])
}

// Count is a number with its thousands separated: "1,234,567".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted is a count with its noun: "1 file", "2 files".
func Counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Duration is a length of time to about three digits: "850 µs", "12 ms", "1.42 s", "3m 05s", "2h 04m".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-max(d, -math.MaxInt64))
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", float64(d.Milliseconds()/10)/100)
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", float64(d.Milliseconds()/100)/10)
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%dh %02dm", d/time.Hour, d%time.Hour/time.Minute)
}

// Ago is how long before now a moment was: "now", "5 min ago", "3 days ago", else its date.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return ""
	case d < -time.Minute:
		return t.UTC().Format("2006-01-02 15:04")
	case d < 10*time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	case d < 30*24*time.Hour:
		return fmt.Sprintf("%d days ago", d/(24*time.Hour))
	}
	return t.UTC().Format("2006-01-02")
}

// Decimal is a size for people, in powers of 1000: "812 B", "1.2 MB".
func Decimal(n int64) string {
	v, i := float64(n), -1
	for ; v >= 1000 && i < 4; i++ {
		v /= 1000
	}
	if i < 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %cB", v, "kMGTP"[i])
}

// FirstLine is a text up to the end of its first line.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
