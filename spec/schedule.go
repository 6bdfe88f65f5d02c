package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones are the same on every machine
	"unicode/utf8"
)

// Schedule is a cron expression of five fields: minute, hour, day of the month, month, day of the
// week. A field is *, numbers, ranges (1-5), steps (*/10), and lists of them; months and days of the
// week have English names too, and Sunday is 0 or 7. Where both days are restricted one of them
// suffices, as in cron.
type Schedule string

// shorthands are the names of schedules.
var shorthands = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// cronField is one of the five fields: what it is called, and which numbers it takes.
type cronField struct {
	name        string
	least, most int
	names       []string // of the numbers from least
}

var cronFields = [5]cronField{
	{"minute", 0, 59, nil}, {"hour", 0, 23, nil}, {"day of the month", 1, 31, nil},
	{"month", 1, 12, strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")},
	{"day of the week", 0, 7, strings.Fields("sun mon tue wed thu fri sat")},
}

// times is a schedule, parsed: bit n of a field is set where n fits.
type times struct {
	fields   [5]uint64
	anyDay   bool // the day of the month is not restricted
	anyWeek  bool // nor the day of the week
	allHours bool
}

func (s *Schedule) parse(text string) error {
	_, err := parseSchedule(text)
	*s = Schedule(text)
	return err
}

func (*Schedule) shape() shape {
	return shape{says: "cron schedule", examples: []string{"0 6 * * *", "@hourly"}}
}

const scheduleHint = `write minute, hour, day, month and day of the week, as in "30 6 * * mon-fri", or @daily`

func parseSchedule(text string) (times, error) {
	var t times
	expression := text
	if strings.HasPrefix(text, "@") {
		known := strings.ToLower(text)
		switch {
		case shorthands[known] != "":
			expression = shorthands[known]
		case strings.HasPrefix(known, "@every "):
			return t, faultf("write every: "+text[len("@every "):], "a schedule has no @every")
		default:
			return t, faultf("write @hourly, @daily, @weekly, @monthly or @yearly", "unknown schedule %q", text)
		}
	}
	words := strings.Fields(expression)
	if len(words) != 5 {
		return t, faultf(scheduleHint, "a schedule has 5 fields, this one has %d", len(words))
	}
	from := 0
	for i, word := range words {
		at := from + strings.Index(expression[from:], word)
		from = at + len(word)
		bits, err := cronFields[i].parse(word)
		if err != nil {
			err.offset = utf8.RuneCountInString(expression[:at])
			return t, err
		}
		t.fields[i] = bits
	}
	t.anyDay, t.anyWeek = strings.HasPrefix(words[2], "*"), strings.HasPrefix(words[4], "*")
	t.allHours = t.fields[1] == 1<<24-1
	if t.fields[4]&(1<<7) != 0 {
		t.fields[4] |= 1 // Sunday
	}
	return t, nil
}

// parse reads one field.
func (f cronField) parse(word string) (bits uint64, _ *fault) {
	for _, part := range strings.Split(word, ",") {
		span, step, stepped := strings.Cut(part, "/")
		every := 1
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				return 0, faultf("write a number from 1, as in */10", "%s: bad step %q", f.name, step)
			}
			every = n
		}
		from, to := f.least, f.most
		if f.most == 7 {
			to = 6
		}
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			var err *fault
			if from, err = f.number(first); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if to, err = f.number(last); err != nil {
					return 0, err
				}
				if to < from {
					return 0, faultf("write the smaller one first, or two ranges with a comma", "%s: the range %s ends before it begins", f.name, span)
				}
			case !stepped:
				to = from
			}
		}
		for n := from; n <= to; n += every {
			bits |= 1 << n
		}
	}
	return bits, nil
}

func (f cronField) number(word string) (int, *fault) {
	for i, name := range f.names {
		if strings.EqualFold(word, name) {
			return f.least + i, nil
		}
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < f.least || n > f.most {
		return 0, faultf(fmt.Sprintf("write a number from %d to %d", f.least, f.most), "%s: bad value %q", f.name, word)
	}
	return n, nil
}

// Next is the first time after another that fits, in a time zone. It is zero where none comes within
// five years, as on the 30th of February.
//
// Where clocks are set back, the hour that is there twice counts once, and where they are set
// forward, a time in the hour that is left out is one later; but a schedule of every hour follows
// the hours that pass.
func (s Schedule) Next(after time.Time, zone *time.Location) time.Time {
	t, err := parseSchedule(string(s))
	if err != nil {
		return time.Time{}
	}
	local := after.In(zone)
	if t.allHours {
		return t.next(local.Add(-time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond())))
	}
	// The clock on the wall, as if it were UTC: no hour is missing there, and none comes twice.
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	real := func(wall time.Time) time.Time {
		at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
		if first := at.Add(-time.Hour); first.Hour() == at.Hour() && first.Day() == at.Day() {
			return first
		}
		return at
	}
	for range 200 { // an hour has 60 minutes
		if wall = t.next(wall); wall.IsZero() || real(wall).After(after) {
			break
		}
	}
	if wall.IsZero() {
		return wall
	}
	return real(wall)
}

// next is the first minute after another whose parts fit.
func (t *times) next(at time.Time) time.Time {
	at = at.Add(time.Minute)
	for end := at.AddDate(5, 0, 0); at.Before(end); {
		switch {
		case !t.has(3, int(at.Month())):
			at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, at.Location())
		case !t.day(at):
			at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, at.Location())
		case !t.has(1, at.Hour()):
			at = at.Add(time.Duration(60-at.Minute()) * time.Minute)
		case !t.has(0, at.Minute()):
			at = at.Add(time.Minute)
		default:
			return at
		}
	}
	return time.Time{}
}

func (t *times) has(field, n int) bool { return t.fields[field]&(1<<n) != 0 }

func (t *times) day(at time.Time) bool {
	day, week := t.has(2, at.Day()), t.has(4, int(at.Weekday()))
	if t.anyDay || t.anyWeek {
		return day && week
	}
	return day || week
}

// TimeZone is the name of a time zone, such as Europe/Berlin.
type TimeZone string

// Location is the time zone itself.
func (z TimeZone) Location() *time.Location {
	if l, err := time.LoadLocation(string(z)); err == nil && z != "" {
		return l
	}
	return time.UTC
}

func (z *TimeZone) parse(text string) error {
	*z = TimeZone(text)
	if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" {
		return faultf("write a name such as Europe/Berlin, or UTC", "unknown time zone %q", text)
	}
	return nil
}

func (*TimeZone) shape() shape { return shape{says: "time zone", examples: []string{"Europe/Berlin"}} }
