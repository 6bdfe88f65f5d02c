package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/terraform"
	"github.com/petalake/petalake/internal/cli/render"
)

// terraformCommand writes a lakehouse in AWS as Terraform.
type terraformCommand struct {
	*app
	to string // the folder
}

func (c *terraformCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "terraform",
		Short: "Write what petalake deploy makes as Terraform",
		Long: `Write what petalake deploy would make as a module of Terraform in JSON, a file a
layer, for the AWS provider 5. Where Terraform makes it, petalake deploy is not
used; program and lakehouse are then uploaded by you, and named by variables.`,
		Example: "petalake export terraform -e prod --to infra",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	cmd.Flags().StringVar(&c.to, "to", "terraform", "the folder to write to; default: terraform")
	return cmd
}

func (c *terraformCommand) run() error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	files, left, err := terraform.Export(l, e, c.to)
	if err != nil {
		return err
	}
	out := list(c.app, []render.Column{{Name: "file"}, {Name: "bytes", Right: true}}, func(f terraform.File) []string { return []string{f.Path, fmt.Sprint(f.Bytes)} })
	for _, f := range files {
		if err := out.add(f); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	for _, what := range left {
		c.say("left out: %s", what)
	}
	return nil
}
