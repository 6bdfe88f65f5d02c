package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
)

// runDetail is a run with all that is known of it.
type runDetail struct {
	jobRow
	Steps  []stepRow        `json:"steps"`
	Reads  map[string]int64 `json:"reads"`
	Writes map[string]int64 `json:"writes"`
}

// stepRow is a step of SQL that was done.
type stepRow struct {
	Step      int     `json:"step"`
	Statement string  `json:"statement"`
	Engine    string  `json:"engine"`
	Table     string  `json:"table"`
	Version   *int64  `json:"version"`
	Rows      int64   `json:"rows"`
	Seconds   float64 `json:"seconds"`
}

// jobShowCommand shows a run.
type jobShowCommand struct{ *app }

func (c *jobShowCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Show all that is known of a run",
		Long: `Show a run, as in daily/12, or the last run of a job: how it ended, its steps,
and the versions of the tables that it read and wrote.`,
		Example:           "petalake job show daily",
		Args:              exactly("RUN"),
		ValidArgsFunction: c.completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return c.run(run)
			})
		},
	}
}

func (c *jobShowCommand) run(run job.Run) error {
	d := runDetail{jobRow: jobRowOf(run, c.now()), Reads: run.Reads, Writes: run.Writes}
	for _, s := range run.Steps {
		d.Steps = append(d.Steps, stepRow{s.Index + 1, s.Statement, string(s.Engine), s.Table, s.Version, s.Rows, s.Seconds})
	}
	switch c.output {
	case "json":
		return c.object(d)
	case "csv":
		return one(c.app, d.jobRow)
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, strings.ReplaceAll(render.Escape(strings.ReplaceAll(value, "\n", "\x00")), `\x00`, "\n         "))
		}
	}
	line("run", d.Run)
	line("state", d.State)
	line("why", d.Why)
	line("created", d.Created.Format(time.RFC3339))
	line("took", d.took())
	line("attempt", fmt.Sprint(d.Attempt))
	line("error", d.Error)
	line("reads", versionsText(d.Reads))
	line("writes", versionsText(d.Writes))
	for _, s := range d.Steps {
		text := s.Statement
		if s.Version != nil {
			text = fmt.Sprintf("%s version %d, %s: %s", s.Table, *s.Version, words.Counted(s.Rows, "row"), s.Statement)
		}
		line(fmt.Sprintf("step %d", s.Step), text)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

func versionsText(versions map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%s version %d", name, versions[name]))
	}
	return strings.Join(parts, ", ")
}
