package cli

import (
	"github.com/spf13/cobra"
)

// sparkCommand holds what there is to do with Apache Spark itself.
func (a *app) sparkCommand() *cobra.Command {
	return commandGroup("spark", "Apache Spark: a server on this machine, and what event logs say", "petalake spark start", a.sparkStartCommand(), a.sparkStopCommand(), a.sparkStatusCommand(), a.sparkLogsCommand(), a.adviseCommand())
}
