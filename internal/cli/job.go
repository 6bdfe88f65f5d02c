package cli

import (
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
)

// jobRow is a run of a job.
type jobRow struct {
	Run     string     `json:"run"`
	Job     string     `json:"job"`
	State   string     `json:"state"`
	Attempt int        `json:"attempt"`
	Why     string     `json:"why"`
	Created time.Time  `json:"created"`
	Started *time.Time `json:"started"`
	Ended   *time.Time `json:"ended"`
	Seconds *float64   `json:"seconds"`
	Exit    int        `json:"exit"`
	Error   string     `json:"error"`
}

func jobRowOf(r job.Run, now time.Time) jobRow {
	row := jobRow{Run: r.ID(), Job: r.Job, State: string(r.State), Attempt: r.Attempt, Why: r.Why, Created: r.Created.UTC(), Exit: r.Outcome.Exit, Error: r.Outcome.Error}
	if r.State == job.Succeeded {
		row.Error = ""
	}
	known := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	row.Started, row.Ended = known(r.Begun), known(r.Ended)
	if row.Started != nil {
		end := now
		if row.Ended != nil {
			end = *row.Ended
		}
		took := end.Sub(*row.Started).Seconds()
		row.Seconds = &took
	}
	return row
}

func (r jobRow) took() string {
	if r.Seconds == nil {
		return ""
	}
	return words.Duration(time.Duration(*r.Seconds * float64(time.Second)))
}

// showRun shows one run: a line, or a row.
func (a *app) showRun(run job.Run) error {
	row := jobRowOf(run, a.now())
	if a.output != "text" {
		return one(a, row)
	}
	line := fmt.Sprintf("%s %s", row.Run, row.State)
	if took := row.took(); took != "" {
		line += ", " + took
	}
	if row.Attempt > 1 {
		line += fmt.Sprintf(", attempt %d", row.Attempt)
	}
	_, err := fmt.Fprintln(a.out, render.Escape(line))
	return err
}
