package cli

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
)

// sparkStopCommand stops the Spark of the lake on this machine.
type sparkStopCommand struct{ *app }

func (c *sparkStopCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:     "stop",
		Short:   "Stop the Spark Connect server of the lake",
		Long:    "Stop the server that `petalake spark start` started, with all that runs on it.",
		Example: "petalake spark stop",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				switch err := local.Stop(cmd.Context(), rooms.Links.Server().State); {
				case errors.Is(err, fs.ErrNotExist):
					c.say("no Spark runs")
				case err != nil:
					return err
				default:
					c.say("stopped")
				}
				return nil
			})
		},
	}
}
