package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/cli/render"
)

// destroyCommand takes a lakehouse in AWS down.
type destroyCommand struct {
	*app
	data        string // its name, where the data is deleted too
	yes, verify bool
}

func (c *destroyCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Take a lakehouse in AWS down, but for its data",
		Long: `Take all stacks of an environment down. Buckets, keys, streams and logs stay,
with what is in them and what they cost; the next deploy takes them up again.
With --data and its name (lakehouse-environment, or that of a bucket that
storage names) they are deleted, too, for good: all versions of all objects; the
key ends 30 days later. With --verify it then looks for whatever still has the
tag of the environment.`,
		Example: "petalake destroy -e prod --yes --verify",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.data, "data", "", "delete the data, too: its name, such as shop-prod")
	cmd.Flags().BoolVar(&c.verify, "verify", false, "look for what is left, and exit with 1 where something costs")
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask; says nothing of data")
	return cmd
}

func (c *destroyCommand) run(ctx context.Context) error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	if data := deploy.DataName(l, e); c.data != "" && c.data != data {
		return &usageError{fmt.Errorf("--data %s: this is %s: nothing was done", c.data, data), "say --data " + data + " to delete its data for good"}
	}
	p, err := rollout.Removal(ctx, l, e, c.data != "")
	if err != nil {
		return err
	}
	if p.Empty() {
		c.say("nothing of %s is in account %s, %s", render.Escape(e.Name), p.Account, e.AWS.Region)
	} else if err := c.end(ctx, p); err != nil {
		return err
	}
	if !c.verify {
		return nil
	}
	return c.left(ctx, p.Rollout())
}

// end shows what is taken down, asks, and takes it down.
func (c *destroyCommand) end(ctx context.Context, p *rollout.Plan) error {
	if err := c.show(p); err != nil {
		return err
	}
	name := p.Lakehouse.Name + "-" + p.Environment.Name
	if err := c.ask(fmt.Sprintf("Destroy %s in account %s?", name, p.Account), name, c.yes); err != nil {
		return err
	}
	err := p.Run(ctx, rollout.Consent{}, planText{c.app}.event)
	if err != nil && c.data != "" {
		return fmt.Errorf("%w; what is left is deleted when it is said again", err)
	}
	return err
}

// show shows what is taken down, and what is deleted for good. What holds data leaves its stack before it is deleted,
// which is not shown then.
func (c *destroyCommand) show(p *rollout.Plan) error {
	if c.output != "text" || c.quiet {
		return nil
	}
	var ends, erased []deploy.Step
	for _, s := range p.Steps {
		switch {
		case s.Kind.Erases():
			erased = append(erased, s)
		case c.data == "" || s.Verb != deploy.Leave:
			ends = append(ends, s)
		}
	}
	if len(ends) > 0 {
		if err := (planText{c.app}).steps(ends); err != nil {
			return err
		}
	}
	for _, s := range erased {
		fmt.Fprintf(c.out, "%s for good: %s %s\n", c.style(c.out).Bold("DELETED"), strings.TrimPrefix(s.Type, "AWS::"), render.Escape(s.Object))
	}
	planText{c.app}.notes(p.Notes)
	return nil
}

// leftRow is something that still has the tag of the environment.
type leftRow struct {
	ARN  string     `json:"arn"`
	Kept bool       `json:"kept"` // it holds data
	Ends *time.Time `json:"ends"` // of a key: when AWS deletes it; until then it costs nothing
}

func (l leftRow) text() []string {
	switch {
	case l.Ends != nil:
		return []string{l.ARN, "it costs nothing, and is gone on " + l.Ends.UTC().Format(time.DateOnly)}
	case l.Kept:
		return []string{l.ARN, "it holds data"}
	}
	return []string{l.ARN, "it should be gone"}
}

// leftError is what should be gone and is not.
type leftError struct{ n int }

func (e *leftError) Error() string {
	return fmt.Sprintf("%d things are left that should be gone", e.n)
}

// Hint says what to do.
func (e *leftError) Hint() string {
	return "AWS lists what was deleted for up to an hour: look again then, and after that in its console"
}

// left shows what is there after the end, and is an error where something costs that should not: data does
// once it was to be deleted.
func (c *destroyCommand) left(ctx context.Context, r *rollout.Rollout) error {
	all, err := r.Left(ctx)
	if err != nil {
		return err
	}
	out := list(c.app, []render.Column{{Name: "left"}, {Name: "why"}}, leftRow.text)
	costs := 0
	for _, one := range all {
		row := leftRow{ARN: one.ARN, Kept: one.Type != "" && c.data == ""}
		if !one.Ends.IsZero() {
			row.Ends = &one.Ends
		} else if !row.Kept {
			costs++
		}
		if err := out.add(row); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	if costs > 0 {
		return &leftError{costs}
	}
	return nil
}
