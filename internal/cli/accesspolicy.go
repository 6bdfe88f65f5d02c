package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/deploy"
)

// accessPolicyCommand shows the policies of IAM that an actor gets.
type accessPolicyCommand struct{ *app }

func (c *accessPolicyCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "policy ACTOR",
		Short: "Show the policies of IAM that somebody gets for tables",
		Long: `Show, as JSON, what petalake deploy lets petalake itself (daemon), a job
(job:NAME) or a role do with tables: policies of IAM, each within its limit of
6,144 characters. What only AWS knows is left as ${Key} and the like.`,
		Example:     "petalake access policy analyst -e prod",
		Args:        exactly("ACTOR"),
		Annotations: map[string]string{formatsKey: "text json"},
		RunE:        func(_ *cobra.Command, args []string) error { return c.run(args[0]) },
	}
}

func (c *accessPolicyCommand) run(name string) error {
	l, e, err := c.inAWS()
	if err != nil {
		return err
	}
	rules := access.New(l)
	if !rules.On() {
		c.say("lakehouse.yaml has no access: petalake deploy writes its own policies")
		return nil
	}
	who, err := rules.Actor(name)
	if err != nil {
		return &usageError{err, hintOf(err)}
	}
	policies, err := deploy.AccessPolicies(l, e)
	if err != nil {
		return err
	}
	role := ""
	if has := who.Roles(); len(has) == 1 {
		role = access.RoleName(l, e, has[0].Name)
	} else if len(has) > 1 {
		var names []string
		for _, r := range has {
			names = append(names, r.Name)
		}
		return &usageError{fmt.Errorf("%s has %d roles, and IAM one at a time", name, len(has)), "name one: " + strings.Join(names, ", ")}
	}
	for _, p := range policies {
		if p.Role != role {
			continue
		}
		for _, d := range p.Documents {
			if d, err = d.Filled(l, e); err != nil {
				return err
			}
			if err := c.document(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// document writes a policy: on a line for programs, else over many.
func (c *accessPolicyCommand) document(d access.Document) error {
	out := newEncoder(c.out)
	if c.output == "text" {
		out.SetIndent("", "  ")
	}
	return out.Encode(d)
}
