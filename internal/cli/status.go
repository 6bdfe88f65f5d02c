package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// statusCommand says what there is in AWS of a lakehouse.
type statusCommand struct {
	*app
	drift bool // what was changed by hand, too
}

func (c *statusCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what there is in AWS of a lakehouse",
		Long: `Say which stacks of an environment there are in AWS and how they are; with
--drift also what was changed by hand since, which takes some minutes.`,
		Example: "petalake status -e prod",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, e, err := c.cloud()
			if err != nil {
				return err
			}
			r, err := rollout.Connect(cmd.Context(), l, e)
			if err != nil {
				return err
			}
			return c.show(cmd.Context(), r, e)
		},
	}
	cmd.Flags().BoolVar(&c.drift, "drift", false, "find what was changed by hand")
	return cmd
}

func (c *statusCommand) show(ctx context.Context, r *rollout.Rollout, e *spec.Environment) error {
	all, err := r.Status(ctx, c.drift)
	if err != nil {
		return err
	}
	if len(all) == 0 && c.output == "text" {
		fmt.Fprintf(c.out, "nothing of %s is in account %s, %s\n", render.Escape(e.Name), r.Account, e.AWS.Region)
		return nil
	}
	out := list(c.app, []render.Column{{Name: "stack"}, {Name: "name"}, {Name: "status"}, {Name: "changed"}}, func(s stackRow) []string {
		return []string{s.Stack, s.Name, strings.ToLower(strings.ReplaceAll(s.Status, "_", " ")), s.Changed.Local().Format(time.DateTime)}
	})
	for _, s := range all {
		changed := s.State.Change
		if changed.IsZero() {
			changed = s.State.Created
		}
		row := stackRow{Stack: s.Layer, Name: s.State.Name, Status: s.State.Status, Changed: changed, Outputs: s.State.Outputs}
		if c.drift {
			row.Drift = []driftRow{}
		}
		for _, d := range s.Drift {
			row.Drift = append(row.Drift, driftRow(d))
		}
		if err := out.add(row); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	return c.drifted(all)
}

func (c *statusCommand) drifted(all []rollout.Status) error {
	found := false
	for _, s := range all {
		for _, d := range s.Drift {
			found = true
			what := d.Property + ": " + d.Actual + ", deployed as " + d.Expected
			if d.Property == "" {
				what = "it is gone"
			}
			c.say("%s  %s (%s)  %s", s.Layer, d.Resource, d.Type, render.Escape(what))
		}
	}
	if found {
		return &shownError{errDrift}
	}
	if c.drift {
		c.say("nothing was changed by hand")
	}
	return nil
}

// stackRow is a stack, for programs.
type stackRow struct {
	Stack   string            `json:"stack"`
	Name    string            `json:"name"`
	Status  string            `json:"status"`
	Changed time.Time         `json:"changed"`
	Outputs map[string]string `json:"outputs"`
	Drift   []driftRow        `json:"drift"` // null where it was not asked for
}

// driftRow is something that was changed by hand. What may be secret is not shown.
type driftRow struct {
	Resource string `json:"resource"`
	Type     string `json:"type"`
	Property string `json:"property"` // "" for a resource that is gone
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

// errDrift is an environment that is not as it was deployed.
var errDrift = errors.New("it was changed by hand")
