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
	"github.com/petalake/petalake/spec"
)

// destroyOptions are the flags of destroy.
type destroyOptions struct {
	data        string
	yes, verify bool
}

func (a *app) destroyCommand() *cobra.Command {
	o := &destroyOptions{}
	c := &cobra.Command{
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
		RunE:    func(c *cobra.Command, _ []string) error { return a.destroy(c.Context(), o) },
	}
	c.Flags().StringVar(&o.data, "data", "", "delete the data, too: its name, such as shop-prod")
	c.Flags().BoolVar(&o.verify, "verify", false, "look for what is left, and exit with 1 where something costs")
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask; says nothing of data")
	return c
}

func (a *app) destroy(ctx context.Context, o *destroyOptions) error {
	l, e, err := a.cloud()
	if err != nil {
		return err
	}
	if data := dataName(l, e); o.data != "" && o.data != data {
		return &usageError{fmt.Errorf("--data %s: this is %s: nothing was done", o.data, data), "say --data " + data + " to delete its data for good"}
	}
	p, err := rollout.Removal(ctx, l, e, o.data != "")
	if err != nil {
		return err
	}
	if p.Empty() {
		a.say("nothing of %s is in account %s, %s", render.Escape(e.Name), p.Account, e.AWS.Region)
	} else if err := a.end(ctx, p, o); err != nil {
		return err
	}
	if !o.verify {
		return nil
	}
	return a.left(ctx, p.Rollout(), o.data != "")
}

// end shows what is taken down, asks, and takes it down.
func (a *app) end(ctx context.Context, p *rollout.Plan, o *destroyOptions) error {
	if err := a.showEnd(p, o.data != ""); err != nil {
		return err
	}
	name := p.Lakehouse.Name + "-" + p.Environment.Name
	if err := a.ask(fmt.Sprintf("Destroy %s in account %s?", name, p.Account), name, o.yes); err != nil {
		return err
	}
	err := p.Run(ctx, rollout.Consent{}, a.told)
	if err != nil && o.data != "" {
		return fmt.Errorf("%w; what is left is deleted when it is said again", err)
	}
	return err
}

// dataName is what somebody types who wants the data deleted: the lakehouse and the environment, or the bucket
// where it has a name of its own, and so may hold what is of others.
func dataName(l *spec.Lakehouse, e *spec.Environment) string {
	if e.Has("storage") {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(string(e.Storage), "s3://"), "/")
		return bucket
	}
	return l.Name + "-" + e.Name
}

// showEnd shows what is taken down, and what is deleted for good. What holds data leaves its stack before it is deleted,
// which is not shown then.
func (a *app) showEnd(p *rollout.Plan, data bool) error {
	if a.output != "text" || a.quiet {
		return nil
	}
	var ends, erased []deploy.Step
	for _, s := range p.Steps {
		switch {
		case s.Kind.Erases():
			erased = append(erased, s)
		case !data || s.Verb != deploy.Leave:
			ends = append(ends, s)
		}
	}
	if len(ends) > 0 {
		if err := a.steps(ends); err != nil {
			return err
		}
	}
	for _, s := range erased {
		fmt.Fprintf(a.out, "%s for good: %s %s\n", a.style(a.out).Bold("DELETED"), strings.TrimPrefix(s.Type, "AWS::"), render.Escape(s.Object))
	}
	a.showNotes(p.Notes)
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
func (a *app) left(ctx context.Context, r *rollout.Rollout, erased bool) error {
	all, err := r.Left(ctx)
	if err != nil {
		return err
	}
	out := list(a, []render.Column{{Name: "left"}, {Name: "why"}}, leftRow.text)
	costs := 0
	for _, one := range all {
		row := leftRow{ARN: one.ARN, Kept: one.Type != "" && !erased}
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
