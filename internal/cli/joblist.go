package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/words"
)

// jobListCommand lists jobs, or the runs of one.
type jobListCommand struct {
	*app
	limit int // most runs
}

func (c *jobListCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the jobs, or the runs of one",
		Long: `List the jobs of lakehouse.yaml with their last run, or the runs of one job, the
newest first.`,
		Example:           "petalake job list daily",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: c.completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				if len(args) == 1 {
					return c.runs(cmd.Context(), rooms, args[0])
				}
				return c.jobs(cmd.Context(), rooms)
			})
		},
	}
	cmd.Flags().IntVarP(&c.limit, "limit", "n", 20, "most runs to list")
	return cmd
}

func (c *jobListCommand) jobs(ctx context.Context, rooms *assembly.Assembly) error {
	states, err := rooms.Runs.JobStates(ctx)
	if err != nil {
		return err
	}
	now := c.now()
	out := list(c.app, []render.Column{{Name: "job"}, {Name: "kind"}, {Name: "due"}, {Name: "last run"}, {Name: "state"}, {Name: "ended"}},
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
		c.say("no jobs: write one under jobs: in %s", lakefile)
	}
	return out.close()
}

func (c *jobListCommand) runs(ctx context.Context, rooms *assembly.Assembly, name string) error {
	runs, err := rooms.Runs.JobRuns(ctx, name, c.limit)
	if err != nil {
		return err
	}
	now := c.now()
	out := list(c.app, []render.Column{{Name: "run"}, {Name: "state"}, {Name: "created"}, {Name: "took", Right: true}, {Name: "attempt", Right: true}, {Name: "what"}},
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
