package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// sparkStatusCommand says whether a Spark of the lake runs on this machine.
type sparkStatusCommand struct{ *app }

func (c *sparkStatusCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say whether a Spark Connect server runs for the lake",
		Long: `Say whether a server runs that petalake started: since when, where, how much
memory it holds. One that ended by itself is said to have died, and why.`,
		Example: "petalake spark status",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(rooms) })
		},
	}
}

func (c *sparkStatusCommand) run(rooms *assembly.Assembly) error {
	s, err := local.Running(rooms.Links.Server().State)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	row := rowOfServer(s, err)
	if c.output != "text" {
		return one(c.app, row)
	}
	switch row.State {
	case "stopped":
		fmt.Fprintln(c.out, "no Spark runs")
	case "died":
		fmt.Fprintf(c.out, "Spark %s died: %s\n", s.Version, render.Escape(row.Reason))
	default:
		fmt.Fprintf(c.out, "Spark %s, %s, since %s\naddress  sc://%s\nprocess  %d\nmemory   %s, of a heap of %s at most\nlog      %s\n",
			s.Version, row.State, words.Ago(s.Started, c.now()), s.Address, s.PID, words.Bytes(row.Resident), s.Memory, render.Escape(s.Log))
	}
	return nil
}
