package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
)

// jobCancelCommand ends a run.
type jobCancelCommand struct{ *app }

func (c *jobCancelCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run, or the last one of a job",
		Long: `Ask for the end of a run, as in daily/12, or of the last run of a job. Whoever
looks after it ends it within seconds.`,
		Example:           "petalake job cancel daily",
		Args:              exactly("RUN"),
		ValidArgsFunction: c.completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if run, err = rooms.Runs.CancelJob(cmd.Context(), run); err != nil {
					return err
				}
				if !run.State.Ended() { // whoever looks after it hears of it soon
					wait, done := context.WithTimeout(cmd.Context(), 30*time.Second)
					defer done()
					if now, err := rooms.Runs.FollowJob(wait, run, io.Discard); err == nil || now.State.Ended() {
						run = now
					}
				}
				return c.showRun(run)
			})
		},
	}
}
