package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/rollout"
)

// deployCommand makes or changes a lakehouse in AWS.
type deployCommand struct {
	*app
	binary       string
	yes, replace bool
	unchecked    bool
}

func (c *deployCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Make or change a lakehouse in AWS, as planned",
		Long: `Make in AWS what petalake plan shows, with the credentials that the AWS tools
find: the plan against what is there, a question, then stack by stack. What
fails is rolled back by AWS; what was cut off is taken up by the next deploy.`,
		Example: "petalake deploy -e prod --yes",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.binary, "binary", "", "the petalake that runs in AWS; default: this one")
	cmd.Flags().BoolVar(&c.replace, "allow-replace", false, "replace what holds data, too: the new one is empty")
	cmd.Flags().BoolVar(&c.unchecked, "unchecked", false, "deploy although quotas or permissions seem to be missing")
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *deployCommand) run(ctx context.Context) error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	t := planText{c.app}
	p, err := rollout.Deployment(ctx, l, e, c.binary, rollout.Options{Asking: t.asking, Tell: t.event})
	if err != nil {
		return err
	}
	t.warn(p)
	if c.output == "text" {
		if err := t.show(p); err != nil {
			return err
		}
	}
	consent := rollout.Consent{Replace: c.replace, Unchecked: c.unchecked}
	if err := p.Agreed(consent); err != nil {
		return err
	}
	if err := c.ask(fmt.Sprintf("Deploy to account %s in %s?", p.Account, e.AWS.Region), "yes", c.yes); err != nil {
		return err
	}
	if err := p.Run(ctx, consent, t.event); err != nil {
		return err
	}
	return (&statusCommand{app: c.app}).show(ctx, p.Rollout(), e)
}

// ask goes on where somebody types the answer, or said it before.
func (a *app) ask(question, answer string, said bool) error {
	if said {
		return nil
	}
	if _, ok := terminal(a.in); !ok {
		return &usageError{errors.New("nobody can be asked here: " + question), "say --yes"}
	}
	fmt.Fprintf(a.err, "%s Type %s: ", question, answer)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != answer {
		return &usageError{errors.New("not confirmed: nothing was done"), "type " + answer + ", or say --yes"}
	}
	return nil
}
