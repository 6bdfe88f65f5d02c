package cli

import (
	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
)

// jobAttendCommand looks after a run that was detached.
type jobAttendCommand struct{ *app }

func (c *jobAttendCommand) command() *cobra.Command {
	return &cobra.Command{
		Use: "attend RUN", Hidden: true, Args: exactly("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				_, err = rooms.Runs.DriveJob(cmd.Context(), run, nil)
				return err
			})
		},
	}
}
