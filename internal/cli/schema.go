package cli

import (
	"github.com/spf13/cobra"

	"github.com/petalake/petalake/spec"
)

// schemaCommand prints the JSON Schema of lakehouse.yaml.
type schemaCommand struct{ *app }

func (c *schemaCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of lakehouse.yaml, for editors",
		Long: `Print the JSON Schema of lakehouse.yaml. An editor that is given it completes
keys and marks mistakes. For the YAML language server, begin lakehouse.yaml with

  # yaml-language-server: $schema=lakehouse.schema.json`,
		Example: "petalake schema > lakehouse.schema.json",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(spec.JSONSchema())
			return err
		},
	}
}
