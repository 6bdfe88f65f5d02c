package cli

import (
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
	if !access.New(l).On() {
		c.say("lakehouse.yaml has no access: petalake deploy writes its own policies")
		return nil
	}
	documents, err := deploy.AccessDocuments(l, e, name)
	if err != nil {
		return misnamed(err)
	}
	for _, d := range documents {
		if err := c.document(d); err != nil {
			return err
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
