package cli

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
)

// jobLogsCommand prints what a run said.
type jobLogsCommand struct {
	*app
	follow  bool
	attempt int // 0: the last
}

func (c *jobLogsCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs RUN",
		Short: "Print what a run said",
		Long: `Print what a run said, as in daily/12, or the last run of a job: its last
attempt, or the one that is named. With --follow until it ends.`,
		Example:           "petalake job logs daily",
		Args:              exactly("RUN"),
		Annotations:       map[string]string{formatsKey: "text"},
		ValidArgsFunction: c.completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if !c.follow {
					return rooms.Runs.JobLog(cmd.Context(), logWriter(c.out), run, c.attempt)
				}
				_, err = rooms.Runs.FollowJob(cmd.Context(), run, logWriter(c.out))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&c.follow, "follow", false, "go on until the run ends")
	cmd.Flags().IntVar(&c.attempt, "attempt", 0, "the attempt, from 1; default: the last")
	return cmd
}

// logWriter writes logs, which cannot act on a terminal.
func logWriter(w io.Writer) io.Writer {
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
