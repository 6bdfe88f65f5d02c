package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// accessListCommand lists who may do what.
type accessListCommand struct {
	*app
	actor string // "": all of them
}

func (c *accessListCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [TABLE]",
		Short: "List who may do what, with all tables or one",
		Long: `List, for petalake itself (daemon), each job (job:NAME), each role and each
member of roles, the tables of lakehouse.yaml that they may read or write, and
of which columns. Nothing is asked of AWS.`,
		Example: "petalake access list bronze.customers",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	cmd.Flags().StringVar(&c.actor, "actor", "", "list what one may: daemon, job:NAME, a role, a member")
	return cmd
}

func (c *accessListCommand) run(args []string) error {
	_, rules, err := c.rules()
	if err != nil {
		return err
	}
	tables, actors := rules.Tables(), rules.Actors()
	if len(args) == 1 {
		table, err := rules.Table(args[0])
		if err != nil {
			return misnamed(err)
		}
		tables = []spec.TableName{table}
	}
	if c.actor != "" {
		one, err := rules.Actor(c.actor)
		if err != nil {
			return misnamed(err)
		}
		actors = []access.Actor{one}
	}
	out := list(c.app, []render.Column{{Name: "who"}, {Name: "table"}, {Name: "may"}, {Name: "columns"}}, accessRow.text)
	for _, r := range rules.Rights(actors, tables) {
		if err := out.add(accessRow{r.Actor.Name(), r.Table.String(), r.Read, r.Write, r.Columns.Only(), r.Columns.Except()}); err != nil {
			return err
		}
	}
	return out.close()
}

// accessRow is what an actor may do with a table.
type accessRow struct {
	Actor  string   `json:"actor"`
	Table  string   `json:"table"`
	Read   bool     `json:"read"`
	Write  bool     `json:"write"`
	Only   []string `json:"columns"` // that it reads, where not all
	Except []string `json:"except"`  // that it does not read
}

func (r accessRow) text() []string {
	may, columns := "read", "all"
	if r.Write {
		may = "read, write"
	}
	switch {
	case r.Only != nil:
		columns = strings.Join(r.Only, ", ")
	case r.Except != nil:
		columns = "all but " + strings.Join(r.Except, ", ")
	}
	return []string{r.Actor, r.Table, may, columns}
}
