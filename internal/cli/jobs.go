package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
)

// jobState is a job in the list of all.
type jobState struct {
	Job      string     `json:"job"`
	Kind     string     `json:"kind"`
	Due      string     `json:"due"`
	Next     *time.Time `json:"next"`
	Last     string     `json:"last_run"`
	State    string     `json:"state"`
	Ended    *time.Time `json:"ended"`
	Describe string     `json:"description"`
}

func jobStateOf(s runs.JobState) jobState {
	d := s.Job
	out := jobState{Job: d.Name, Kind: string(d.Kind()), Describe: d.Description}
	var due []string
	if d.Schedule != "" {
		due = append(due, string(d.Schedule))
	}
	if d.Every > 0 {
		due = append(due, "every "+d.Every.String())
	}
	for _, n := range d.DependsOn {
		due = append(due, "after "+n.String())
	}
	if d.Streaming {
		due = append(due, "always")
	}
	if out.Due = strings.Join(due, ", "); out.Due == "" {
		out.Due = "by hand"
	}
	if !s.Next.IsZero() {
		next := s.Next.UTC()
		out.Next = &next
	}
	if s.Last != nil {
		out.Last, out.State = s.Last.ID(), string(s.Last.State)
		if !s.Last.Ended.IsZero() {
			ended := s.Last.Ended.UTC()
			out.Ended = &ended
		}
	}
	return out
}

func (a *app) jobListCommand() *cobra.Command {
	limit := 20
	c := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the jobs, or the runs of one",
		Long: `List the jobs of lakehouse.yaml with their last run, or the runs of one job, the
newest first.`,
		Example:           "petalake job list daily",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: a.completeJob,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				if len(args) == 1 {
					return a.runList(c.Context(), rooms, args[0], limit)
				}
				return a.jobList(c.Context(), rooms)
			})
		},
	}
	c.Flags().IntVarP(&limit, "limit", "n", limit, "most runs to list")
	return c
}

func (a *app) jobList(ctx context.Context, rooms *assembly.Assembly) error {
	states, err := rooms.Runs.JobStates(ctx)
	if err != nil {
		return err
	}
	now := a.now()
	out := list(a, []render.Column{{Name: "job"}, {Name: "kind"}, {Name: "due"}, {Name: "last run"}, {Name: "state"}, {Name: "ended"}},
		func(s jobState) []string {
			ended := ""
			if s.Ended != nil {
				ended = words.Ago(*s.Ended, now)
			}
			return []string{s.Job, s.Kind, s.Due, s.Last, s.State, ended}
		})
	for _, s := range states {
		if err := out.add(jobStateOf(s)); err != nil {
			return err
		}
	}
	if len(states) == 0 {
		a.say("no jobs: write one under jobs: in %s", lakefile)
	}
	return out.close()
}

func (a *app) runList(ctx context.Context, rooms *assembly.Assembly, name string, limit int) error {
	runs, err := rooms.Runs.JobRuns(ctx, name, limit)
	if err != nil {
		return err
	}
	now := a.now()
	out := list(a, []render.Column{{Name: "run"}, {Name: "state"}, {Name: "created"}, {Name: "took", Right: true}, {Name: "attempt", Right: true}, {Name: "what"}},
		func(r jobRow) []string {
			what, _, _ := strings.Cut(r.Error, "\n")
			if what == "" {
				what = r.Why
			}
			return []string{r.Run, r.State, words.Ago(r.Created, now), r.took(), fmt.Sprint(r.Attempt), what}
		})
	for _, r := range runs {
		if err := out.add(jobRowOf(r, now)); err != nil {
			return err
		}
	}
	return out.close()
}

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

func (a *app) jobShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Show all that is known of a run",
		Long: `Show a run, as in daily/12, or the last run of a job: how it ended, its steps,
and the versions of the tables that it read and wrote.`,
		Example:           "petalake job show daily",
		Args:              exactly("RUN"),
		ValidArgsFunction: a.completeJob,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(c.Context(), args[0])
				if err != nil {
					return err
				}
				return a.jobShow(run)
			})
		},
	}
}

func (a *app) jobShow(run job.Run) error {
	d := runDetail{jobRow: jobRowOf(run, a.now()), Reads: run.Reads, Writes: run.Writes}
	for _, s := range run.Steps {
		d.Steps = append(d.Steps, stepRow{s.Index + 1, s.Statement, s.Engine, s.Table, s.Version, s.Rows, s.Seconds})
	}
	switch a.output {
	case "json":
		return a.object(d)
	case "csv":
		return one(a, d.jobRow)
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
	_, err := io.WriteString(a.out, b.String())
	return err
}

func versionsText(versions map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%s version %d", name, versions[name]))
	}
	return strings.Join(parts, ", ")
}

func (a *app) jobLogsCommand() *cobra.Command {
	follow, attempt := false, 0
	c := &cobra.Command{
		Use:   "logs RUN",
		Short: "Print what a run said",
		Long: `Print what a run said, as in daily/12, or the last run of a job: its last
attempt, or the one that is named. With --follow until it ends.`,
		Example:           "petalake job logs daily",
		Args:              exactly("RUN"),
		Annotations:       map[string]string{formatsKey: "text"},
		ValidArgsFunction: a.completeJob,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(c.Context(), args[0])
				if err != nil {
					return err
				}
				if !follow {
					return rooms.Runs.JobLog(c.Context(), a.logWriter(a.out), run, attempt)
				}
				_, err = rooms.Runs.FollowJob(c.Context(), run, a.logWriter(a.out))
				return err
			})
		},
	}
	c.Flags().BoolVar(&follow, "follow", false, "go on until the run ends")
	c.Flags().IntVar(&attempt, "attempt", 0, "the attempt, from 1; default: the last")
	return c
}

// logWriter writes logs, which cannot act on a terminal.
func (a *app) logWriter(w io.Writer) io.Writer {
	if _, ok := terminal(w); ok {
		return escaping{w}
	}
	return w
}

type escaping struct{ to io.Writer }

func (e escaping) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		text, end, _ := bytes.Cut(line, []byte("\n"))
		out := render.Escape(strings.ReplaceAll(strings.TrimRight(string(text), "\r"), "\t", "    "))
		if len(text) < len(line) {
			out += "\n"
		}
		if _, err := io.WriteString(e.to, out+string(end)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// completeJob completes the name of a job.
func (a *app) completeJob(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	err := a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
		for _, j := range rooms.Env.Spec.Jobs {
			names = append(names, j.Name)
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
