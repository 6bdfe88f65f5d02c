package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/words"
)

// adviseCommand says from event logs what to change in Spark programs.
type adviseCommand struct {
	*app
	price eventlog.Price
	top   int // stages and queries that are listed
}

func (c *adviseCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "advise [LOG...]",
		Short: "Say from event logs what to change in a Spark program",
		Long: `Read event logs of Spark 3 or 4, and say what made a run slow or dear: skew,
spill, garbage collection, tiny tasks and files, idle and lost executors, and
more; each with its figures and the setting to change. LOG is a file, an
eventlog_v2_ folder or a folder of logs, here or in s3://; or the name of a job,
for its last run. Without one it is what ran last on the lake's own Spark. The
rules are in docs/spark-advise.md.`,
		Example:     "petalake spark advise events --price-per-core-hour 0.05",
		Annotations: map[string]string{formatsKey: "text json"},
		RunE:        func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Float64Var(&c.price.CoreHour, "price-per-core-hour", 0, "`PRICE` of a core of an executor")
	flags.Float64Var(&c.price.ExecutorHour, "price-per-executor-hour", 0, "`PRICE` of one with a machine of its own")
	flags.IntVar(&c.top, "top", 8, "stages and queries to list, as text")
	return cmd
}

func (c *adviseCommand) run(ctx context.Context, places []string) error {
	if c.price.CoreHour < 0 || c.price.ExecutorHour < 0 {
		return &usageError{errors.New("a price below zero"), ""}
	}
	logs, err := c.logs(ctx, places)
	if err != nil {
		return err
	}
	reports, err := c.read(ctx, logs)
	if err != nil {
		return err
	}
	switch {
	case c.output == "json":
		for _, r := range reports {
			if err := c.object(r); err != nil {
				return err
			}
		}
		return nil
	case len(reports) == 1:
		return (&adviceText{c.app, reports[0], c.top}).write()
	}
	return c.list(reports)
}

// findLogs finds the logs of places, or by the names of jobs.
func (c *adviseCommand) logs(ctx context.Context, places []string) ([]*eventlog.Log, error) {
	file, unfound := c.find() // "" where there is none
	if len(places) == 0 {
		if unfound != nil {
			return nil, &usageError{fmt.Errorf("LOG is missing, and %w", unfound), "name an event log of Spark"}
		}
		places = []string{""}
	}
	var logs []*eventlog.Log
	for _, place := range places {
		found, err := []*eventlog.Log(nil), error(fs.ErrNotExist)
		if place != "" {
			found, err = runs.FindLogs(ctx, place, file, lake.Options{Environment: c.environment, Getenv: c.getenv})
		}
		if errors.Is(err, fs.ErrNotExist) && file != "" && !strings.ContainsAny(place, `/\.`) {
			found, err = c.runLog(ctx, place)
		}
		if err != nil {
			return nil, err
		}
		logs = append(logs, found...)
	}
	return logs, nil
}

func (c *adviseCommand) runLog(ctx context.Context, name string) (found []*eventlog.Log, err error) {
	err = c.withLake(ctx, func(rooms *assembly.Assembly) error {
		log, err := rooms.Runs.RunLog(ctx, name)
		found = []*eventlog.Log{log}
		return err
	})
	return found, err
}

// readLogs reads logs one after the other. Of a folder, what is no log is spoken of and left out.
func (c *adviseCommand) read(ctx context.Context, logs []*eventlog.Log) ([]*eventlog.Report, error) {
	var reports []*eventlog.Report
	var first error
	for _, l := range logs {
		label := "reading " + l.Name
		wait := c.progress(label)
		app, err := eventlog.Read(ctx, l, func(done, total int64) {
			wait.set(amount{label: label, part: float64(done) / float64(max(total, 1)), bytes: done})
		})
		wait.end()
		var other *eventlog.NotLogError
		switch {
		case err == nil:
			r := eventlog.Advise(app, c.price)
			r.Log = l.Name
			reports = append(reports, r)
		case len(logs) > 1 && errors.As(err, &other):
			c.say("left out: %s", render.Escape(err.Error()))
			first = errors.Join(first, err)
		default:
			return nil, err
		}
	}
	if len(reports) == 0 {
		return nil, first
	}
	return reports, nil
}

// runRow is an application in a list of several.
type runRow struct{ cells []string }

// showRuns lists applications, when there are several.
func (c *adviseCommand) list(reports []*eventlog.Report) error {
	out := list(c.app, []render.Column{{Name: "application"}, {Name: "id"}, {Name: "started", Whole: true}, {Name: "took", Right: true, Whole: true},
		{Name: "cost", Right: true, Whole: true}, {Name: "high", Right: true, Whole: true}, {Name: "medium", Right: true, Whole: true}, {Name: "first finding"}},
		func(r runRow) []string { return r.cells })
	for _, r := range reports {
		var high, medium int
		for _, f := range r.Findings {
			switch f.Severity {
			case eventlog.High:
				high++
			case eventlog.Medium:
				medium++
			}
		}
		worst, started := "", ""
		if len(r.Findings) > 0 {
			worst = r.Findings[0].Rule
		}
		if r.Started != nil {
			started = r.Started.Format("2006-01-02 15:04")
		}
		cells := []string{r.Application, r.ID, started, words.Duration(span(r.Seconds)), money(r.Cost), fmt.Sprint(high), fmt.Sprint(medium), worst}
		if err := out.add(runRow{cells}); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	c.say("\nfor the findings of one of them give its log alone")
	return nil
}
