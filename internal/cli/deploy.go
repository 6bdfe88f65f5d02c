package cli

import (
	"bufio"
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

// deployOptions are the flags of deploy.
type deployOptions struct {
	binary       string
	yes, replace bool
	unchecked    bool
}

func (a *app) deployCommand() *cobra.Command {
	o := &deployOptions{}
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Make or change a lakehouse in AWS, as planned",
		Long: `Make in AWS what petalake plan shows, with the credentials that the AWS tools
find: the plan against what is there, a question, then stack by stack. What
fails is rolled back by AWS; what was cut off is taken up by the next deploy.`,
		Example: "petalake deploy -e prod --yes",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.deploy(c.Context(), o) },
	}
	c.Flags().StringVar(&o.binary, "binary", "", "the petalake that runs in AWS; default: this one")
	c.Flags().BoolVar(&o.replace, "allow-replace", false, "replace what holds data, too: the new one is empty")
	c.Flags().BoolVar(&o.unchecked, "unchecked", false, "deploy although quotas or permissions seem to be missing")
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) deploy(ctx context.Context, o *deployOptions) error {
	l, e, err := a.cloud()
	if err != nil {
		return err
	}
	p, err := rollout.Deployment(ctx, l, e, o.binary, rollout.Options{Asking: a.asking, Tell: a.told})
	if err != nil {
		return err
	}
	a.warn(p)
	if a.output == "text" {
		if err := a.showPlan(p); err != nil {
			return err
		}
	}
	consent := rollout.Consent{Replace: o.replace, Unchecked: o.unchecked}
	if err := p.Agreed(consent); err != nil {
		return err
	}
	if err := a.ask(fmt.Sprintf("Deploy to account %s in %s?", p.Account, e.AWS.Region), "yes", o.yes); err != nil {
		return err
	}
	if err := p.Run(ctx, consent, a.told); err != nil {
		return err
	}
	return a.status(ctx, p.Rollout(), e, false)
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

// told shows what happens to a stack, a line each.
func (a *app) told(t rollout.Told) {
	e := t.Event
	if e.Resource == "" {
		a.say("%s  %-10s  %s", a.now().Format(time.TimeOnly), t.Layer, render.Escape(t.Text))
		return
	}
	reason := ""
	if e.Reason != "" {
		reason = ": " + e.Reason
	}
	a.say("%s  %-10s  %-20s  %s%s", e.Time.Local().Format(time.TimeOnly), t.Layer, strings.ToLower(strings.ReplaceAll(e.Status, "_", " ")), render.Escape(e.Resource), render.Escape(reason))
}

func (a *app) statusCommand() *cobra.Command {
	var drift bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Say what there is in AWS of a lakehouse",
		Long: `Say which stacks of an environment there are in AWS and how they are; with
--drift also what was changed by hand since, which takes some minutes.`,
		Example: "petalake status -e prod",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			l, e, err := a.cloud()
			if err != nil {
				return err
			}
			r, err := rollout.Connect(c.Context(), l, e)
			if err != nil {
				return err
			}
			return a.status(c.Context(), r, e, drift)
		},
	}
	c.Flags().BoolVar(&drift, "drift", false, "find what was changed by hand")
	return c
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

func (a *app) status(ctx context.Context, r *rollout.Rollout, e *spec.Environment, drift bool) error {
	all, err := r.Status(ctx, drift)
	if err != nil {
		return err
	}
	if len(all) == 0 && a.output == "text" {
		fmt.Fprintf(a.out, "nothing of %s is in account %s, %s\n", render.Escape(e.Name), r.Account, e.AWS.Region)
		return nil
	}
	out := list(a, []render.Column{{Name: "stack"}, {Name: "name"}, {Name: "status"}, {Name: "changed"}}, func(s stackRow) []string {
		return []string{s.Stack, s.Name, strings.ToLower(strings.ReplaceAll(s.Status, "_", " ")), s.Changed.Local().Format(time.DateTime)}
	})
	for _, s := range all {
		changed := s.State.Change
		if changed.IsZero() {
			changed = s.State.Created
		}
		row := stackRow{Stack: s.Layer, Name: s.State.Name, Status: s.State.Status, Changed: changed, Outputs: s.State.Outputs}
		if drift {
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
	return a.drifted(all, drift)
}

// errDrift is an environment that is not as it was deployed.
var errDrift = errors.New("it was changed by hand")

func (a *app) drifted(all []rollout.Status, asked bool) error {
	found := false
	for _, s := range all {
		for _, d := range s.Drift {
			found = true
			what := d.Property + ": " + d.Actual + ", deployed as " + d.Expected
			if d.Property == "" {
				what = "it is gone"
			}
			a.say("%s  %s (%s)  %s", s.Layer, d.Resource, d.Type, render.Escape(what))
		}
	}
	if found {
		return &toldError{errDrift}
	}
	if asked {
		a.say("nothing was changed by hand")
	}
	return nil
}
