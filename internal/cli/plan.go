package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/spec"
)

// planRow is a plan, for programs.
type planRow struct {
	Lakehouse   string        `json:"lakehouse"`
	Environment string        `json:"environment"`
	Region      string        `json:"region"`
	Steps       []deploy.Step `json:"steps"`
	Month       *price.Range  `json:"month"` // all of it, in US dollars
	Security    securityRow   `json:"security"`
	// What the plan compares with: account, templates or nothing.
	Against rollout.Against `json:"against"`
	Account string          `json:"account"` // where the plan is against it
	Notes   []noteRow       `json:"notes"`
}

// noteRow is what is to be known of a plan besides.
type noteRow struct {
	Stack string `json:"stack"` // its layer, or ""
	Note  string `json:"note"`
}

// securityRow is the verdict of petalake audit in short.
type securityRow struct {
	Profile  string `json:"profile"`
	Pass     int    `json:"pass"`
	Excepted int    `json:"excepted"`
	Fail     int    `json:"fail"`
}

// planCommand shows what a lakehouse is in AWS, or would be.
type planCommand struct {
	*app
	against, template string
	exitCode, offline bool
}

func (c *planCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a lakehouse is in AWS, or would be; deploy makes it",
		Long: `Show what petalake would make or change in AWS for an environment with the key
aws: each step, why, and what it costs a month (low - likely - high, in US
dollars). With credentials it compares with what is in the account, as change
sets of CloudFormation tell it, and changes nothing. Without, or --offline,
it compares with the templates of the last deployment in --against, or nothing.`,
		Example: "petalake plan -e prod",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.against, "against", "", "a folder with the templates of the last deployment")
	cmd.Flags().BoolVar(&c.exitCode, "exit-code", false, "exit with 5 where there is something to do")
	cmd.Flags().BoolVar(&c.offline, "offline", false, "ask nothing of AWS; so does --against")
	cmd.Flags().StringVar(&c.template, "template", "", "a folder to write the templates to, one file a stack")
	return cmd
}

// errChanges is a plan that is not empty, for --exit-code.
var errChanges = errors.New("the plan has changes")

func (c *planCommand) run(ctx context.Context) error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	from, err := deployed(c.against)
	if err != nil {
		return err
	}
	t := planText{c.app}
	p, err := rollout.Planned(ctx, l, e, rollout.Options{Offline: c.offline, Templates: from, From: c.against, Asking: t.asking})
	if err != nil {
		return err
	}
	t.warn(p)
	if err := writeTemplates(c.template, p.Stacks); err != nil {
		return err
	}
	if err := t.show(p); err != nil {
		return err
	}
	if err := p.Problems(); err != nil {
		return err
	}
	if c.exitCode && !p.Empty() {
		return &shownError{errChanges}
	}
	return nil
}

// cloud is the lakehouse, and its environment in AWS: the one that was named, or the only one.
func (a *app) cloud() (*spec.Lakehouse, *spec.Environment, error) {
	path, err := a.find()
	if err != nil {
		return nil, nil, err
	}
	l, err := spec.Load(path)
	if err != nil {
		return nil, nil, err
	}
	name := a.environment
	if name == "" {
		var names []string
		for _, e := range l.Environments {
			if e.InAWS() {
				names = append(names, e.Name)
			}
		}
		if len(names) > 1 {
			return nil, nil, &usageError{errors.New("which environment?"), "name one with --env: " + strings.Join(names, ", ")}
		}
		if len(names) == 1 {
			name = names[0]
		}
	}
	e, err := l.Environment(name)
	if err != nil {
		return nil, nil, err
	}
	e, err = e.Resolve(func(name string) (string, bool) { v := a.getenv(name); return v, v != "" })
	return l, e, err
}

// deployed reads the templates of a folder, by the names of their files.
func deployed(dir string) (map[string][]byte, error) {
	if dir == "" {
		return nil, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok || f.IsDir() {
			continue
		}
		if all[name], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
	}
	if len(all) == 0 {
		return nil, &usageError{fmt.Errorf("--against %s: %w: no templates in it", dir, fs.ErrNotExist), "petalake plan --template writes them"}
	}
	return all, nil
}

func writeTemplates(dir string, stacks []*deploy.Stack) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--template: %w", err)
	}
	for _, s := range stacks {
		if err := os.WriteFile(filepath.Join(dir, s.Name+".json"), s.Template, 0o644); err != nil {
			return fmt.Errorf("--template: %w", err)
		}
	}
	return nil
}

// planCSVRow is a step, as CSV has it.
type planCSVRow struct {
	Verb     string   `json:"verb"`
	Stack    string   `json:"stack"`
	Object   string   `json:"object"`
	Type     string   `json:"type"`
	Low      *float64 `json:"low"`
	Likely   *float64 `json:"likely"`
	High     *float64 `json:"high"`
	Stateful bool     `json:"stateful"`
	Why      string   `json:"why"`
}
