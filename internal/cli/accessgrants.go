package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/cli/render"
)

// accessGrantsCommand lists the grants of Lake Formation.
type accessGrantsCommand struct{ *app }

func (c *accessGrantsCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "grants",
		Short: "List the grants of Lake Formation that the roles come to",
		Long: `List who is granted what by Lake Formation in an environment in AWS: on
databases, on tables, or on some of a table's columns. IAM knows no columns, so
this is how AWS lets somebody read a part of a table. Nothing is asked of AWS.`,
		Example: "petalake access grants -e prod",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
}

func (c *accessGrantsCommand) run() error {
	l, e, err := c.inAWS()
	if err != nil {
		return err
	}
	columns := []render.Column{{Name: "to"}, {Name: "database"}, {Name: "table"}, {Name: "columns"}, {Name: "may"}}
	out := list(c.app, columns, func(g access.Grant) []string {
		columns := accessRow{Only: g.Columns, Except: g.Excluded}.text()[3]
		if g.Table == "" {
			columns = ""
		}
		return []string{g.Actor, g.Database, g.Table, columns, strings.Join(g.Permissions, ", ")}
	})
	for _, g := range access.Grants(l, e) {
		if err := out.add(g); err != nil {
			return err
		}
	}
	return out.close()
}
