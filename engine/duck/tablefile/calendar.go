package tablefile

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// Calendars say in which calendar each of some files keeps dates and times. The zero value is the Gregorian one, for all of them.
type Calendars struct {
	kinds []calendarKind // that are not Gregorian, each once
	files []int64        // for each file the position of its kind, from 1; 0 is Gregorian
}

// calendarKind is a calendar, with a file that has it.
type calendarKind struct {
	datafile.Calendar
	file string
}

// ReadCalendars reads the calendars of files on this machine from their footers. Each file is called what the function returns, and
// left out, as Gregorian, where that is false.
func ReadCalendars(ctx context.Context, paths []string, names func(int) (string, bool)) (Calendars, error) {
	found := make([]datafile.Calendar, len(paths))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	const together = 64
	for from := 0; from < len(paths); from += together {
		g.Go(func() error {
			for i := from; i < min(from+together, len(paths)); i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				name, wanted := names(i)
				if !wanted {
					continue
				}
				var err error
				if found[i], err = datafile.FileCalendar(paths[i]); err != nil {
					return calendarFault(name, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Calendars{}, err
	}
	return calendarsOf(found, names), nil
}

func calendarsOf(found []datafile.Calendar, names func(int) (string, bool)) Calendars {
	var c Calendars
	numbers := map[string]int64{}
	for i, f := range found {
		if !f.Hybrid() {
			continue
		}
		key := fmt.Sprintf("%v %v %q %q", f.Dates, f.Times, f.ZoneName, f.DateColumns)
		if numbers[key] == 0 {
			name, _ := names(i)
			c.kinds = append(c.kinds, calendarKind{f, name})
			numbers[key] = int64(len(c.kinds))
		}
		if c.files == nil {
			c.files = make([]int64, len(found))
		}
		c.files[i] = numbers[key]
	}
	return c
}

// CalendarError says that a file's dates or times cannot be read as they were meant.
type CalendarError struct {
	File string
	Err  error
}

func (e *CalendarError) Error() string { return e.File + ": " + e.Err.Error() }

func (e *CalendarError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *CalendarError) Hint() string { return (&datafile.HybridError{}).Hint() }

func calendarFault(file string, err error) error {
	if errors.As(err, new(*datafile.HybridError)) {
		return &CalendarError{file, err}
	}
	return err
}

// Any says whether any file has another calendar than the Gregorian one.
func (c Calendars) Any() bool { return len(c.kinds) > 0 }

// Hybrid says whether a file has another calendar than the Gregorian one.
func (c Calendars) Hybrid(file int) bool { return c.files != nil && c.files[file] != 0 }

// Files has a number for each file; the expressions of Rebase look it up in an SQL variable that holds them.
func (c Calendars) Files() []int64 { return c.files }

// Rebase is the SQL of a column with the dates and times that were meant, where it is read from the files in their order: an
// expression over it, and the name of a variable that holds Files. It is false where nothing in the column has to be changed.
func (c Calendars) Rebase(expression, column string, t schema.Type, variable string) (string, bool, error) {
	var whens []string
	for i, k := range c.kinds {
		r := rebasing{calendarKind: k, column: column}
		changed, ok := r.value(expression, t, strings.ToLower(column), 0)
		if r.err != nil {
			return "", false, calendarFault(k.file, r.err)
		}
		if ok {
			whens = append(whens, fmt.Sprintf("WHEN %d THEN %s", i+1, changed))
		}
	}
	if len(whens) == 0 {
		return expression, false, nil
	}
	return fmt.Sprintf("CASE getvariable(%s)[file_index::BIGINT + 1] %s ELSE %s END", duckdb.Quote(variable), strings.Join(whens, " "), expression), true, nil
}

// rebasing writes the expressions for one kind of file.
type rebasing struct {
	calendarKind
	column string
	err    error
}

// value is the expression for a value of a type, and whether it differs from the one that is given. The path is that of the leaf in
// the footer; depth counts the lambdas around it.
func (r *rebasing) value(x string, t schema.Type, path string, depth int) (string, bool) {
	switch t := t.(type) {
	case *schema.Struct:
		var members []string
		any := false
		for _, f := range t.Fields {
			m, ok := r.value(x+"."+duckdb.QuoteIdent(f.Name), f.Type, path+"."+strings.ToLower(f.Name), depth)
			members, any = append(members, duckdb.QuoteIdent(f.Name)+" := "+m), any || ok
		}
		return "CASE WHEN " + x + " IS NOT NULL THEN struct_pack(" + strings.Join(members, ", ") + ") END", any
	case *schema.Array:
		e := fmt.Sprintf("petalake_e%d", depth)
		m, ok := r.value(e, t.Element, path+".list.element", depth+1)
		return "list_transform(" + x + ", lambda " + e + ": " + m + ")", ok
	case *schema.Map:
		e := fmt.Sprintf("petalake_e%d", depth)
		key, ok := r.value(e+".key", t.Key, path+".key_value.key", depth+1)
		value, ok2 := r.value(e+".value", t.Value, path+".key_value.value", depth+1)
		return "map_from_entries(list_transform(map_entries(" + x + "), lambda " + e + ": struct_pack(key := " + key + ", value := " + value + ")))", ok || ok2
	}
	switch {
	case t == schema.Date && r.Dates:
		return hybridDate(x), true
	case (t == schema.TimestampNTZ || t == schema.Timestamp) && r.Dates && r.holdsDate(path):
		r.err = &datafile.HybridError{Column: r.column, Reason: "it has dates before the column became one of times, and in the calendar that Spark had before 3.0"}
	case t == schema.Timestamp && r.Times:
		return r.moment(x), true
	}
	return x, false
}

func (r *rebasing) holdsDate(path string) bool {
	for _, p := range r.DateColumns {
		if p == path {
			return true
		}
	}
	return false
}

// cycle is a number of years and of days that is added so that divisions are of positive numbers, which SQL does not round down. The
// calendars drift apart by cycleDrift days in it.
const (
	cycleYears = 400_000
	cycleDays  = cycleYears / 4 * 1461
	cycleDrift = cycleYears/100 - cycleYears/400
)

// drift is by how many days a day before 1582-10-15 has to be moved back, the day being a number of days since 1970.
func drift(day string) string {
	year := fmt.Sprintf("((4 * (%s + %d) + 3) // 1461)", day, datafile.JulianMarch+cycleDays)
	return fmt.Sprintf("(%s // 100 - %s // 400 - %d)", year, year, cycleDrift+2)
}

func hybridDate(x string) string {
	return fmt.Sprintf("CASE WHEN %s < DATE '1582-10-15' AND isfinite(%s) THEN %s - CAST(%s AS INTEGER) ELSE %s END",
		x, x, x, drift("("+x+" - DATE '1970-01-01')"), x)
}

// moment is the expression of a time with a zone. Sessions are in UTC.
func (r *rebasing) moment(x string) string {
	const day = 86_400_000_000
	micros := "epoch_us(" + x + ")"
	at := func(add int64, more string) string {
		return fmt.Sprintf("CAST(make_timestamp(%s + %d%s) AS TIMESTAMP WITH TIME ZONE)", micros, add, more)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CASE WHEN %s IS NULL OR NOT isfinite(%s) OR %s >= %d THEN %s ", x, x, micros, datafile.Micros1900, x)
	if r.Zone == nil {
		text := unreadable + fmt.Sprintf("%q %q %q", r.file, r.column, r.UnknownZone())
		return b.String() + "ELSE error(" + duckdb.Quote(text) + ") END"
	}
	steps := r.Zone.Steps
	for i := len(steps) - 1; i > 0; i-- {
		fmt.Fprintf(&b, "WHEN %s >= %d THEN %s ", micros, steps[i].From, at(steps[i].Add, ""))
	}
	local := fmt.Sprintf("(%s + %d)", micros, r.Zone.Offset)
	days := fmt.Sprintf("((%s - (%s %% %d + %d) %% %d) // %d)", local, local, day, day, day, day)
	fmt.Fprintf(&b, "WHEN %s >= %d THEN %s ", local, datafile.GregorianDay*day, at(steps[0].Add, ""))
	return b.String() + "ELSE " + at(steps[0].Add, fmt.Sprintf(" - %d * %s", day, drift(days))) + " END"
}

// unreadable begins the messages by which an expression of Rebase names what it cannot read.
const unreadable = "petalake calendar "

// CalendarFault recognises the error of an expression of Rebase.
func CalendarFault(err error) (*CalendarError, bool) {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return nil, false
	}
	_, text, ok := strings.Cut(e.Message, unreadable)
	if !ok {
		return nil, false
	}
	var file, column, reason string
	if n, _ := fmt.Sscanf(text, "%q %q %q", &file, &column, &reason); n != 3 {
		return nil, false
	}
	return &CalendarError{file, &datafile.HybridError{Column: column, Reason: reason}}, true
}
