package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
)

// catalogCommand makes the Glue Data Catalog show the tables.
type catalogCommand struct{ *app }

func (c *catalogCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "catalog",
		Short: "Show the tables of a lake in AWS in the Glue Data Catalog, now",
		Long: `Make the Glue Data Catalog of the account show the tables of the lake, where
Athena and Spark find them by name, and Lake Formation grant what access says.
The petalake that runs in AWS does the same as tables change.`,
		Example: "petalake catalog -e prod",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
}

// catalogRow is something that was done in the catalog.
type catalogRow struct {
	Do       string `json:"do"`
	Database string `json:"database"`
	Table    string `json:"table"` // "" for the database itself
	Why      string `json:"why"`
}

// noCatalogError says that an environment has no catalog.
type noCatalogError struct{ error }

func (*noCatalogError) Hint() string {
	return "name an environment that is in AWS with -e, without catalog: none"
}

func (c *catalogCommand) run(ctx context.Context) error {
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		sync, err := rooms.Daemon.Catalog(ctx)
		if err != nil {
			return err
		}
		if sync == nil {
			return &noCatalogError{errors.New("the environment has no catalog in AWS")}
		}
		steps, failed := sync.Sync(ctx)
		if len(steps) == 0 && failed == nil && c.output == "text" {
			c.say("the catalog shows all tables as they are")
			return nil
		}
		out := list(c.app, []render.Column{{Name: "what"}, {Name: "name"}, {Name: "why"}}, func(s catalogRow) []string {
			name := s.Database
			if s.Table != "" {
				name += "." + s.Table
			}
			return []string{s.Do, name, s.Why}
		})
		for _, s := range steps {
			if err := out.add(catalogRow{string(s.Do), s.Database, s.Table, s.Why}); err != nil {
				return err
			}
		}
		return errors.Join(out.close(), failed)
	})
}
