package cli

import (
	"github.com/spf13/cobra"
)

// command is what a person can type: a small value that holds its flags and what it needs.
type command interface {
	// command makes what cobra runs, with its flags bound to the value.
	command() *cobra.Command
}

// commands are all of petalake's.
func (a *app) commands() []command {
	return []command{
		&initCommand{a}, &upCommand{app: a}, &sqlCommand{app: a}, &loadCommand{app: a},
		group{"job", "Run jobs, and see what they did", "petalake job list", []command{
			&jobRunCommand{app: a}, &jobListCommand{app: a}, &jobShowCommand{a}, &jobLogsCommand{app: a}, &jobCancelCommand{a}, &jobAttendCommand{a},
		}},
		&sourcesCommand{a}, &quarantineCommand{a}, &tablesCommand{a}, &describeCommand{a}, &historyCommand{app: a}, &filesCommand{app: a}, &checkCommand{app: a}, &verifyCommand{a},
		group{"spark", "Apache Spark: a server on this machine, and what event logs say", "petalake spark start", []command{
			&sparkStartCommand{app: a}, &sparkStopCommand{a}, &sparkStatusCommand{a}, &sparkLogsCommand{app: a}, &adviseCommand{app: a},
		}},
		&planCommand{app: a},
		group{"export", "Write a lakehouse in AWS for other tools", "petalake export terraform -e prod", []command{&terraformCommand{app: a}}},
		&rehearseCommand{app: a}, &estimateCommand{app: a}, &pricesCommand{a}, &deployCommand{app: a}, &statusCommand{app: a},
		&fleetCommand{app: a}, &catalogCommand{a}, &destroyCommand{app: a}, &auditCommand{app: a},
		group{"access", "Who may read and write which tables and columns", "petalake access list", []command{
			&accessListCommand{app: a}, &accessCheckCommand{a}, &accessPolicyCommand{a}, &accessGrantsCommand{a},
		}},
		&schemaCommand{a}, &completionCommand{a}, &versionCommand{a},
	}
}

// built makes what cobra runs of each.
func built(commands []command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range commands {
		all = append(all, c.command())
	}
	return all
}

// group is a command that does nothing but hold others.
type group struct {
	use, short, example string
	commands            []command
}

func (g group) command() *cobra.Command {
	cmd := &cobra.Command{
		Use: g.use, Short: g.short, Example: g.example, Args: usage(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(built(g.commands)...)
	return cmd
}
