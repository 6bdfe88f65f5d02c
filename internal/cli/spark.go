package cli

import (
	"github.com/spf13/cobra"
)

// sparkCommand holds what there is to do with Apache Spark itself.
func (a *app) sparkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "spark",
		Short:   "Apache Spark: a server on this machine, and what event logs say",
		Example: "petalake spark start",
		Args:    usage(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
		SuggestionsMinimumDistance: 2,
	}
	c.AddCommand(a.sparkStartCommand(), a.sparkStopCommand(), a.sparkStatusCommand(), a.sparkLogsCommand(), a.adviseCommand())
	return c
}
