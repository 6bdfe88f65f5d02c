package text

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Layout is a form of dates or timestamps, as strptime has it.
type Layout struct {
	text  string
	parts []layoutPart
	zoned bool
}

type layoutPart struct {
	verb    byte // 0 for a literal
	literal string
}

// verbs are the letters that a layout may have behind a percent sign.
const verbs = "YymdHIMSfpzZbBaAj"

// NewLayout reads a layout.
func NewLayout(text string) (*Layout, error) {
	l := &Layout{text: text}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		if before != "" {
			l.parts = append(l.parts, layoutPart{literal: before})
		}
		if !found {
			break
		}
		after = strings.TrimPrefix(after, "-") // %-d is %d: both read one digit or two
		switch {
		case strings.HasPrefix(after, "%"):
			l.parts = append(l.parts, layoutPart{literal: "%"})
		case strings.HasPrefix(after, "T"):
			for i, verb := range []byte("HMS") {
				if i > 0 {
					l.parts = append(l.parts, layoutPart{literal: ":"})
				}
				l.parts = append(l.parts, layoutPart{verb: verb})
			}
		case strings.HasPrefix(after, "F"):
			for i, verb := range []byte("Ymd") {
				if i > 0 {
					l.parts = append(l.parts, layoutPart{literal: "-"})
				}
				l.parts = append(l.parts, layoutPart{verb: verb})
			}
		case after != "" && strings.IndexByte(verbs, after[0]) >= 0:
			l.parts = append(l.parts, layoutPart{verb: after[0]})
			l.zoned = l.zoned || after[0] == 'z' || after[0] == 'Z'
		default:
			return nil, fmt.Errorf("the form %q: %%%s is not known; these are: %%Y %%y %%m %%d %%H %%I %%M %%S %%f %%p %%z %%Z %%b %%B %%a %%A %%j %%T %%F", text, first(after))
		}
		rest = after[1:]
	}
	return l, nil
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// String is the layout as it was written.
func (l *Layout) String() string { return l.text }

// reading is what the parts of a layout have read.
type reading struct {
	year, month, day, yearDay  int
	hour, minute, second       int
	micros                     int64
	afternoon, twelve, hasYear bool
	lost, time, zoned          bool
	zone                       []byte
}

// parse reads a whole text.
func (l *Layout) parse(text []byte) (m moment, ok bool) {
	r := reading{year: 1970, month: 1, day: 1}
	for _, p := range l.parts {
		if p.verb == 0 {
			if !bytes.HasPrefix(text, []byte(p.literal)) {
				return m, false
			}
			text = text[len(p.literal):]
			continue
		}
		if text, ok = r.verb(p.verb, text); !ok {
			return m, false
		}
	}
	if len(text) > 0 {
		return m, false
	}
	return r.moment()
}

func (r *reading) verb(verb byte, text []byte) ([]byte, bool) {
	number := func(into *int, most int) ([]byte, bool) {
		v, n := digits(text, most)
		*into = v
		return text[n:], n > 0
	}
	switch verb {
	case 'Y':
		r.hasYear = true
		v, n := digits(text, 4)
		r.year = v
		return text[n:], n == 4 && v > 0
	case 'y':
		r.hasYear = true
		rest, ok := number(&r.year, 2)
		if r.year += 1900; r.year < 1969 { // as POSIX has it
			r.year += 100
		}
		return rest, ok
	case 'm':
		return number(&r.month, 2)
	case 'd':
		return number(&r.day, 2)
	case 'j':
		rest, ok := number(&r.yearDay, 3)
		return rest, ok && r.yearDay > 0
	case 'H', 'I':
		r.time, r.twelve = true, verb == 'I'
		rest, ok := number(&r.hour, 2)
		return rest, ok && (verb == 'H' && r.hour < 24 || verb == 'I' && r.hour >= 1 && r.hour <= 12)
	case 'M':
		rest, ok := number(&r.minute, 2)
		return rest, ok && r.minute < 60
	case 'S':
		rest, ok := number(&r.second, 2)
		return rest, ok && r.second < 60
	case 'f':
		if len(text) == 0 || text[0] < '0' || text[0] > '9' {
			return nil, false
		}
		var rest []byte
		r.micros, rest, r.lost = fractionOf(text)
		return rest, true
	case 'p':
		if len(text) < 2 || text[1]|0x20 != 'm' || text[0]|0x20 != 'a' && text[0]|0x20 != 'p' {
			return nil, false
		}
		r.afternoon = text[0]|0x20 == 'p'
		return text[2:], true
	case 'z', 'Z':
		end := bytes.IndexAny(text, " )]")
		if end < 0 {
			end = len(text)
		}
		r.zoned, r.zone = true, text[:end]
		return text[end:], end > 0
	}
	return r.name(verb, text)
}

// name reads the English name of a month or of a day of the week.
func (r *reading) name(verb byte, text []byte) ([]byte, bool) {
	months := verb == 'b' || verb == 'B'
	count := 7
	if months {
		count = 12
	}
	for i := range count {
		long := time.Weekday(i).String()
		if months {
			long = time.Month(i + 1).String()
		}
		for _, name := range []string{long, long[:3]} {
			if len(text) >= len(name) && strings.EqualFold(string(text[:len(name)]), name) {
				if months {
					r.month = i + 1
				}
				return text[len(name):], true
			}
		}
	}
	return nil, false
}

func (r *reading) moment() (m moment, ok bool) {
	days, ok := dayOf(r.year, r.month, r.day)
	if r.yearDay > 0 {
		days, _ = dayOf(r.year, 1, 1)
		days += int32(r.yearDay) - 1
		next, _ := dayOf(r.year+1, 1, 1)
		ok = days < next
	}
	if !ok || !r.hasYear {
		return m, false
	}
	hour := r.hour
	if r.twelve {
		hour %= 12
	}
	if r.afternoon && hour < 12 {
		hour += 12
	}
	m = moment{time: r.time, zoned: r.zoned, lost: r.lost}
	m.micros = int64(days)*microsPerDay + int64(hour*3600+r.minute*60+r.second)*microsPerSecond + r.micros
	if r.zoned {
		m.micros, ok = inZone(m.micros, r.zone)
	}
	return m, ok
}
