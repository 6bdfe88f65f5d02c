package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// example is a small lakehouse that runs: one source, one model.
//
//go:embed example
var example embed.FS

// initCommand makes a new lakehouse.
type initCommand struct{ *app }

func (c *initCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a new lakehouse.yaml, with an example that runs",
		Long: `Make a new lakehouse in a folder, by default this one: a lakehouse.yaml with one
source and one model, and the few rows they need. Nothing is overwritten.`,
		Example: "petalake init shop",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.run(dir)
		},
	}
}

// existsError refuses to overwrite.
type existsError struct{ path string }

func (e *existsError) Error() string { return fmt.Sprintf("%s is already there", e.path) }
func (e *existsError) Unwrap() error { return fs.ErrExist }
func (e *existsError) Hint() string {
	return "name a folder that is new, as in `petalake init shop`; nothing was written"
}

// created is a file that init wrote.
type created struct {
	File string `json:"file"`
}

func (c *initCommand) run(dir string) error {
	root := dir
	if !filepath.IsAbs(root) {
		root = filepath.Join(c.dir, dir)
	}
	files, err := exampleFiles(filepath.Base(root))
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.path))
		if _, err := os.Lstat(path); err == nil {
			return &existsError{filepath.Join(dir, f.path)}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	out := list[created](c.app, nil, nil)
	for _, f := range files {
		if err := writeNew(filepath.Join(root, filepath.FromSlash(f.path)), f.body); err != nil {
			return err
		}
		if err := c.created(filepath.Join(dir, f.path), out); err != nil {
			return err
		}
	}
	c.say("\nnext:")
	if dir != "." {
		c.say("  cd %s", dir)
	}
	command := "petalake"
	if filepath.IsAbs(c.name) {
		command = c.name
	}
	c.say("  %s up --once", command)
	return nil
}

func (c *initCommand) created(path string, out rows[created]) error {
	if c.output == "text" {
		_, err := fmt.Fprintf(c.out, "made %s\n", path)
		return err
	}
	if err := out.add(created{path}); err != nil {
		return err
	}
	return out.flush()
}

type exampleFile struct {
	path string // relative, with slashes
	body string
}

// exampleFiles is the example under the name of a lakehouse.
func exampleFiles(folder string) ([]exampleFile, error) {
	var all []exampleFile
	err := fs.WalkDir(example, "example", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := example.ReadFile(path)
		text := string(body)
		if d.Name() == lakefile {
			text = strings.Replace(text, "NAME", lakehouseName(folder), 1)
		}
		all = append(all, exampleFile{strings.TrimPrefix(path, "example/"), text})
		return err
	})
	return all, err
}

// lakehouseName makes the name of a lakehouse from that of its folder.
func lakehouseName(folder string) string {
	notInName := regexp.MustCompile(`[^a-z0-9_-]+`)
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(folder), "-"), "-_")
	name = strings.TrimLeft(name, "0123456789-_")
	if name == "" {
		return "lakehouse"
	}
	return name
}

// writeNew writes a file that is not there yet, and the folders above it.
func writeNew(path, body string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	_, err = f.WriteString(body)
	return err
}
