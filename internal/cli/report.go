package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
)

// upReport shows the events of a run as they happen. Events that are not Running come from one
// goroutine.
type upReport struct {
	*app
	bar    *progress
	once   bool
	rows   rows[eventRow]
	loaded int64    // rows
	built  []string // tables with a new version
	models []string // tables of models, new or not
	tables []string // the other tables
	failed error    // set where an event could not be written
	shown  []error  // failures that were printed
}

func (u *upReport) tell(e lake.Event) {
	if e.State == lake.Running {
		u.bar.set(amountOf(e))
		return
	}
	u.bar.set(amount{})
	if e.State == lake.Current && e.Note == "" && !u.once {
		return
	}
	if e.Err != nil && u.once && u.output == "text" {
		u.shown = append(u.shown, e.Err)
	}
	if e.State == lake.Built && e.Kind != lake.JobEvent {
		u.loaded += e.Rows
		u.built = appendNew(u.built, e.Table.String())
	}
	u.note(e)
	if !u.once && u.output == "text" && e.State != lake.Failed {
		fmt.Fprint(u.out, u.now().Format("15:04:05 "))
	}
	if err := u.event(e, u.rows); err != nil && u.failed == nil {
		u.failed = err
	}
}

// note remembers the tables, for what is shown at the end.
func (u *upReport) note(e lake.Event) {
	name := e.Table.String()
	if e.State == lake.Failed || name == "" {
		return
	}
	if e.Kind == lake.ModelEvent {
		u.models = appendNew(u.models, name)
	} else {
		u.tables = appendNew(u.tables, name)
	}
}

func appendNew(names []string, name string) []string {
	for _, n := range names {
		if n == name {
			return names
		}
	}
	return append(names, name)
}

// markShown marks those errors of the run that were printed when they happened: shownError.
func (u *upReport) markShown(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range many.Unwrap() {
			all = append(all, u.markShown(e))
		}
		return errors.Join(all...)
	}
	for _, shown := range u.shown {
		if errors.Is(err, shown) || errors.Is(shown, err) {
			return &shownError{err}
		}
	}
	return err
}

// shownError is an error that was shown already; it still counts for the exit code.
type shownError struct{ error }

func (e *shownError) Unwrap() error { return e.error }

func (u *upReport) total(took time.Duration) string {
	text := "nothing new"
	if len(u.built) > 0 {
		text = words.Counted(u.loaded, "row") + " in " + words.Counted(int64(len(u.built)), "table")
	}
	return text + ", " + words.Duration(took)
}

// show prints the first rows of every model.
func (u *upReport) show(ctx context.Context, rooms *assembly.Assembly, n int) error {
	for _, name := range u.models {
		fmt.Fprintf(u.out, "\n%s\n", u.style(u.out).Bold(render.Escape(name)))
		reader, err := rooms.Engines.Query(ctx, fmt.Sprintf("SELECT * FROM %s LIMIT %d", quoteName(name), n))
		if err != nil {
			return err
		}
		table := render.NewTable(u.out, reader.Schema(), u.style(u.out))
		_, _, err = copyRows(table, reader, 0, nil)
		reader.Release()
		if err == nil {
			err = table.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next says what to type next.
func (u *upReport) next() {
	command := u.name
	if u.file != "" {
		command += " -f " + u.file
	}
	from := append(u.models, u.tables...)
	if len(from) == 0 {
		u.say("\nnothing to load: name sources in %s, or type\n  %s load TABLE FILES", lakefile, command)
		return
	}
	u.say("\nnext:")
	u.say("  %s sql \"select * from %s limit 10\"", command, typedName(from[0]))
	u.say("  %s sql       a shell; Tab completes names", command)
	u.say("  %s up        keep loading what arrives", command)
}
