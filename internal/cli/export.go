package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/terraform"
	"github.com/petalake/petalake/internal/cli/render"
)

// exportCommand holds the forms in which a lakehouse is written down for others.
func (a *app) exportCommand() *cobra.Command {
	to := ""
	t := &cobra.Command{
		Use:   "terraform",
		Short: "Write what petalake deploy makes as Terraform",
		Long: `Write what petalake deploy would make as a module of Terraform in JSON, a file a
layer, for the AWS provider 5. Where Terraform makes it, petalake deploy is not
used; program and lakehouse are then uploaded by you, and named by variables.`,
		Example: "petalake export terraform -e prod --to infra",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return a.exportTerraform(to) },
	}
	t.Flags().StringVar(&to, "to", "terraform", "the folder to write to; default: terraform")
	return commandGroup("export", "Write a lakehouse in AWS for other tools", "petalake export terraform -e prod", t)
}

// exportedRow is a file that was written.
type exportedRow struct {
	File  string `json:"file"`
	Bytes int    `json:"bytes"`
}

func (a *app) exportTerraform(to string) error {
	_, e, stacks, err := a.rendered()
	if err != nil {
		return err
	}
	files, err := terraform.Write(stacks, e.AWS.Region)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	// A layer that the lakehouse has no more leaves no file behind.
	old, err := filepath.Glob(filepath.Join(to, "*.tf.json"))
	if err != nil {
		return err
	}
	out := list(a, []render.Column{{Name: "file"}, {Name: "bytes", Right: true}}, func(f exportedRow) []string { return []string{f.File, fmt.Sprint(f.Bytes)} })
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(to, name)
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
		old = slices.DeleteFunc(old, func(o string) bool { return o == file })
		if err := out.add(exportedRow{file, len(files[name])}); err != nil {
			return err
		}
	}
	for _, file := range old {
		if slices.Contains(terraform.Files, filepath.Base(file)) {
			if err := os.Remove(file); err != nil {
				return errors.Join(err, out.close())
			}
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	for _, what := range terraform.LeftOut(stacks) {
		a.say("left out: %s", what)
	}
	return nil
}
