package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/words"
)

// sparkStartCommand starts the Spark of the lake on this machine.
type sparkStartCommand struct {
	*app
	token bool // show the token
}

func (c *sparkStartCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start a Spark Connect server for the lake, on this machine",
		Long: `Start the Spark of this environment and wait until it is ready. Where there is
none it is installed first, into the cache folder of this user: Apache Spark
from PyPI, Delta Lake from Maven Central. The server outlives this command.`,
		Example: "petalake spark start",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&c.token, "token", false, "show the token that the server asks for")
	return cmd
}

func (c *sparkStartCommand) run(ctx context.Context) error {
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		if !rooms.Env.Environment.Spark.Managed() {
			return &usageError{errors.New("the Spark of this environment has an address: it is not petalake's to start"), "choose an environment without spark.address"}
		}
		start := c.now()
		s, began, err := local.Start(ctx, rooms.Links.Server(), c.starting())
		c.started()
		if err != nil {
			return err
		}
		row := rowOfServer(s, nil)
		if c.token {
			row.Token = s.Token
		}
		if c.output != "text" {
			return one(c.app, row)
		}
		if began {
			fmt.Fprintf(c.out, "Spark %s is ready after %s\n", s.Version, words.Duration(c.now().Sub(start)))
		} else {
			fmt.Fprintf(c.out, "Spark %s runs already, since %s\n", s.Version, words.Ago(s.Started, c.now()))
		}
		fmt.Fprintf(c.out, "address  sc://%s\n", s.Address)
		if c.token {
			fmt.Fprintf(c.out, "token    %s\n", s.Token)
		} else {
			c.say("%s", c.style(c.err).Dim("next: petalake sql --engine spark; --token shows the token for programs of your own"))
		}
		return nil
	})
}
