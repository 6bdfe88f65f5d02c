package text

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

const (
	microsPerDay    = 86_400_000_000
	microsPerSecond = 1_000_000
)

// date reads [+-]year-month-day, also with slashes, as it begins a text. A year has four digits; with a sign
// it may have up to six, as ISO 8601 has it.
func date(text []byte) (days int32, rest []byte, ok bool) {
	sign, most := 1, 4
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text, most = text[1:], 6
	}
	year, n := digits(text, most)
	if n < 4 || len(text) < n+4 || text[n] != '-' && text[n] != '/' {
		return 0, nil, false
	}
	separator := text[n]
	text = text[n+1:]
	month, n := digits(text, 2)
	if n == 0 || len(text) < n+2 || text[n] != separator {
		return 0, nil, false
	}
	text = text[n+1:]
	day, n := digits(text, 2)
	if n == 0 || most == 4 && year == 0 {
		return 0, nil, false
	}
	days, ok = dayOf(sign*year, month, day)
	return days, text[n:], ok
}

// digits reads up to so many digits.
func digits(text []byte, most int) (v, n int) {
	for n < len(text) && n < most && text[n] >= '0' && text[n] <= '9' {
		v = v*10 + int(text[n]-'0')
		n++
	}
	return v, n
}

// dayOf counts the days from 1970-01-01 to a day that there is, in the years that a timestamp can say.
func dayOf(year, month, day int) (int32, bool) {
	if year > 0 && year < 10_000 && month >= 1 && month <= 12 && day >= 1 && day <= 28 {
		return daysSince(year, month, day), true
	}
	if year < -290_000 || year > 294_000 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day {
		return 0, false
	}
	return int32(t.Unix() / 86_400), true
}

// clock reads hour:minute[:second[.fraction]] as it begins a text, in microseconds. A fraction of more
// than six digits is one only where the others are zeros: lost says that they are not.
func clock(text []byte) (micros int64, rest []byte, lost, ok bool) {
	var parts [3]int
	for i := range parts {
		v, n := digits(text, 2)
		if n == 0 || i > 0 && n != 2 {
			return 0, nil, false, false
		}
		parts[i], text = v, text[n:]
		if i == 2 || len(text) == 0 || text[0] != ':' {
			if i == 0 {
				return 0, nil, false, false
			}
			break
		}
		text = text[1:]
	}
	whole := parts == [3]int{24}
	if parts[0] > 23 && !whole || parts[1] > 59 || parts[2] > 59 {
		return 0, nil, false, false
	}
	micros = int64(parts[0]*3600+parts[1]*60+parts[2]) * microsPerSecond
	if len(text) > 1 && text[0] == '.' && text[1] >= '0' && text[1] <= '9' {
		var fraction int64
		fraction, text, lost = fractionOf(text[1:])
		if micros += fraction; whole && (fraction > 0 || lost) {
			return 0, nil, false, false
		}
	}
	return micros, text, lost, true
}

// fractionOf reads the digits of a fraction of a second.
func fractionOf(text []byte) (micros int64, rest []byte, lost bool) {
	unit := int64(100_000)
	for len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
		d := int64(text[0] - '0')
		lost = lost || unit == 0 && d != 0
		micros += d * unit
		unit /= 10
		text = text[1:]
	}
	return micros, text, lost
}

// moment is what a text says of a time.
type moment struct {
	micros int64 // since 1970, of the clock on the wall where there is no zone
	zoned  bool  // the text names a zone, which is taken into account
	time   bool  // the text has a time of day
	lost   bool  // digits beyond microseconds
}

// parseMoment reads a date, perhaps with a time of day behind a space or a T, perhaps with a zone behind that.
func parseMoment(text []byte) (m moment, ok bool) {
	days, rest, ok := date(text)
	if !ok {
		return m, false
	}
	m.micros = int64(days) * microsPerDay
	if len(rest) == 0 {
		return m, true
	}
	if rest[0] != ' ' && rest[0] != 'T' && rest[0] != 't' {
		return m, false
	}
	micros, rest, lost, ok := clock(rest[1:])
	if !ok {
		return m, false
	}
	m.micros, m.time, m.lost = m.micros+micros, true, lost
	if rest = bytes.TrimPrefix(rest, []byte(" ")); len(rest) == 0 {
		return m, true
	}
	m.zoned = true
	m.micros, ok = inZone(m.micros, rest)
	return m, ok
}

// inZone takes the zone that a text names from the clock on the wall.
func inZone(micros int64, zone []byte) (int64, bool) {
	if len(zone) == 1 && zone[0]|0x20 == 'z' || bytes.EqualFold(zone, []byte("utc")) || bytes.EqualFold(zone, []byte("gmt")) {
		return micros, true
	}
	if zone[0] == '+' || zone[0] == '-' {
		offset, ok := offsetOf(zone)
		return micros - offset, ok
	}
	location, ok := locationOf(string(zone))
	if !ok {
		return 0, false
	}
	return inLocation(micros, location)
}

// offsetOf reads +hh, +hhmm, +hh:mm or +hh:mm:ss.
func offsetOf(text []byte) (micros int64, ok bool) {
	sign := int64(1)
	if text[0] == '-' {
		sign = -1
	}
	text = text[1:]
	var parts [3]int
	for i := range parts {
		v, n := digits(text, 2)
		if n != 2 || i > 0 && v > 59 || i == 0 && v > 18 {
			return 0, false
		}
		parts[i] = v
		if text = text[2:]; len(text) == 0 {
			return sign * int64(parts[0]*3600+parts[1]*60+parts[2]) * microsPerSecond, true
		}
		if text[0] == ':' {
			text = text[1:]
		}
	}
	return 0, false
}

// locations are those that were asked for, by their names; nil for a name that is none.
var locations sync.Map

// locationOf finds a zone of the IANA database. Abbreviations such as PST name several zones, and are none.
func locationOf(name string) (*time.Location, bool) {
	if found, ok := locations.Load(name); ok {
		l := found.(*time.Location)
		return l, l != nil
	}
	l, err := time.LoadLocation(name)
	if err != nil || !strings.Contains(name, "/") {
		l = nil
	}
	if len(name) < 64 {
		locations.Store(name, l)
	}
	return l, l != nil
}

// inLocation is the moment of a clock on the wall of a place. There is none where the clock was put forward, and
// are two where it was put back.
func inLocation(micros int64, l *time.Location) (int64, bool) {
	wall := time.UnixMicro(micros).UTC()
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), l)
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() || t.Day() != wall.Day() {
		return 0, false
	}
	for _, other := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		_, here := t.Zone()
		_, there := t.Add(other).Zone()
		if u := t.Add(time.Duration(here-there) * time.Second); here != there {
			if _, zone := u.Zone(); zone == there {
				return 0, false // the same clock twice
			}
		}
	}
	return t.UnixMicro(), true
}
