package stats

import (
	"fmt"
	"time"
)

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 24 * 3600 * microsPerSecond
)

// String is "2024-01-31".
func (d Date) String() string {
	t := time.Unix(int64(d)*24*3600, 0).UTC()
	return fmt.Sprintf("%s-%02d-%02d", yearText(t.Year()), t.Month(), t.Day())
}

// String is "2024-01-31 12:00:00.123456", without a zone.
func (t Timestamp) String() string { return t.text(' ', 6) }

// text writes the digits of the second's fraction cut off, not rounded.
func (t Timestamp) text(separator byte, digits int) string {
	day, rest := floorDiv(int64(t), microsPerDay)
	second, micros := rest/microsPerSecond, rest%microsPerSecond
	s := fmt.Sprintf("%s%c%02d:%02d:%02d.%06d", Date(day), separator, second/3600, second/60%60, second%60, micros)
	return s[:len(s)-6+digits]
}

func yearText(y int) string {
	switch {
	case y < 0:
		return fmt.Sprintf("-%04d", -y)
	case y > 9999:
		return fmt.Sprintf("+%d", y)
	}
	return fmt.Sprintf("%04d", y)
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		return quotient - 1, rest + b
	}
	return quotient, rest
}

// clock reads the parts of a date and time from text.
type clock struct {
	text string
	bad  bool
}

// digits reads a number of at least lo and at most hi digits.
func (c *clock) digits(lo, hi int) int {
	n, i := 0, 0
	for i < len(c.text) && i < hi && '0' <= c.text[i] && c.text[i] <= '9' {
		n = n*10 + int(c.text[i]-'0')
		i++
	}
	c.bad = c.bad || i < lo
	c.text = c.text[i:]
	return n
}

func (c *clock) take(b byte) bool {
	if c.text == "" || c.text[0] != b {
		return false
	}
	c.text = c.text[1:]
	return true
}

func (c *clock) want(b byte) {
	if !c.take(b) {
		c.bad = true
	}
}

// date reads "[+-]yyyy-mm-dd" as days since the epoch.
func (c *clock) date() int64 {
	negative := c.take('-')
	if !negative {
		c.take('+')
	}
	y := c.digits(4, 6)
	if negative {
		y = -y
	}
	c.want('-')
	m := c.digits(1, 2)
	c.want('-')
	d := c.digits(1, 2)
	if c.bad || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		c.bad = true
		return 0
	}
	return daysFromCivil(int64(y), int64(m), int64(d))
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysFromCivil counts days in the proleptic Gregorian calendar, in years that begin in March.
func daysFromCivil(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era, yearOfEra := floorDiv(y, 400)
	dayOfYear := (153*(m-3)+2)/5 + d - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// ParseDate reads "2024-01-31".
func ParseDate(text string) (Date, bool) {
	c := clock{text: text}
	days := c.date()
	return Date(days), !c.bad && c.text == ""
}

// ParseTimestamp reads a date, or a date and a time with a space or a T between them, up to nine
// digits of a fraction (cut to microseconds), and a zone: none, which means UTC, Z or +hh:mm.
func ParseTimestamp(text string) (Timestamp, bool) {
	t, _, ok := parseTimestamp(text)
	return t, ok
}

// parseTimestamp also returns how many digits the fraction of the second has.
func parseTimestamp(text string) (t Timestamp, digits int, ok bool) {
	c := clock{text: text}
	days := c.date()
	var micros int64
	if c.text != "" {
		if !c.take('T') {
			c.want(' ')
		}
		micros, digits = c.timeOfDay()
		micros -= c.zone()
	}
	// 106,751,990 days fit into 64 bits of microseconds.
	if c.bad || c.text != "" || days < -106_751_990 || days > 106_751_990 {
		return 0, 0, false
	}
	return Timestamp(days*microsPerDay + micros), digits, true
}

func (c *clock) timeOfDay() (micros int64, fraction int) {
	h := c.digits(2, 2)
	c.want(':')
	m := c.digits(2, 2)
	s := 0
	if c.take(':') {
		s = c.digits(2, 2)
	}
	c.bad = c.bad || h > 23 || m > 59 || s > 59
	micros = int64(h*3600+m*60+s) * microsPerSecond
	if c.take('.') {
		before := len(c.text)
		f := c.digits(1, 9)
		fraction = before - len(c.text)
		for i := fraction; i < 6; i++ {
			f *= 10
		}
		for i := fraction; i > 6; i-- {
			f /= 10
		}
		micros += int64(f)
	}
	return micros, fraction
}

// zone reads Z, nothing, or an offset from UTC in microseconds.
func (c *clock) zone() int64 {
	if c.text == "" || c.take('Z') {
		return 0
	}
	sign := int64(1)
	if c.take('-') {
		sign = -1
	} else {
		c.want('+')
	}
	h, m := c.digits(2, 2), 0
	if c.take(':') || c.text != "" {
		m = c.digits(2, 2)
	}
	c.bad = c.bad || h > 18 || m > 59
	return sign * int64(h*60+m) * 60 * microsPerSecond
}
