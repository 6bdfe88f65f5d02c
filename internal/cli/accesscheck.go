package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// accessCheckCommand says whether somebody may do something.
type accessCheckCommand struct{ *app }

func (c *accessCheckCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "check ACTOR read|write TABLE[.COLUMN]",
		Short: "Say whether somebody may do something, and why",
		Long: `Say whether an actor (daemon, job:NAME, a role, a member of roles) may read or
write a table or read a column of it, and the line of lakehouse.yaml that lets
it. Exits with 1 where it may not.`,
		Example: "petalake access check ann read bronze.customers.email",
		Args:    exactly("ACTOR", "read or write", "TABLE"),
		RunE:    func(_ *cobra.Command, args []string) error { return c.run(args[0], args[1], args[2]) },
	}
}

func (c *accessCheckCommand) run(name, action, on string) error {
	_, rules, err := c.rules()
	if err != nil {
		return err
	}
	do := access.Action(action)
	if do != access.Read && do != access.Write {
		return &usageError{fmt.Errorf("%q is neither read nor write", action), ""}
	}
	who, err := rules.Actor(name)
	if err != nil && rules.On() {
		return misnamed(err)
	}
	var table spec.TableName
	var column string
	if do == access.Write {
		table, err = rules.Table(on)
	} else {
		table, column, err = rules.Column(on)
	}
	if err != nil {
		return misnamed(err)
	}
	allowed, why := rules.Allows(who, do, table, column)
	if c.output != "text" {
		if err := one(c.app, accessAnswer{name, action, table.String(), column, allowed, why}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.out, "%s: %s\n", map[bool]string{true: "allowed", false: "denied"}[allowed], render.Escape(why))
	}
	if !allowed {
		return &shownError{errDenied}
	}
	return nil
}

// accessAnswer is whether an actor may do something, and why.
type accessAnswer struct {
	Actor   string `json:"actor"`
	Action  string `json:"action"`
	Table   string `json:"table"`
	Column  string `json:"column,omitempty"`
	Allowed bool   `json:"allowed"`
	Why     string `json:"why"`
}

// errDenied is an answer that was shown already.
var errDenied = errors.New("access is denied")
