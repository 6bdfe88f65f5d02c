package cli

import (
	"context"
	"fmt"
	"slices"
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
	l, e, r, _, err := a.account(ctx)
	if err != nil {
		return err
	}
	name := l.Name + "-" + e.Name
	if data := dataName(l, e); o.data != "" && o.data != data {
		return &usageError{fmt.Errorf("--data %s: this is %s: nothing was done", o.data, data), "say --data " + data + " to delete its data for good"}
	}
	before, err := r.Deployed(ctx)
	if err != nil {
		return err
	}
	var held []rollout.Remnant
	if o.data != "" {
		if held, err = r.Held(ctx); err != nil {
			return err
		}
		if err := r.Locked(ctx, held); err != nil {
			return err
		}
	}
	there, err := r.Status(ctx, false)
	if err != nil {
		return err
	}
	if len(there) == 0 && len(held) == 0 {
		a.say("nothing of %s is in account %s, %s", render.Escape(e.Name), r.Account, e.AWS.Region)
	} else {
		list, err := prices(l, e.AWS.Region)
		if err != nil {
			return err
		}
		p, err := deploy.NewPlan(nil, before, list.USD)
		if err != nil {
			return err
		}
		if err := a.showEnd(p.Steps, held); err != nil {
			return err
		}
		if err := a.ask(fmt.Sprintf("Destroy %s in account %s?", name, r.Account), name, o.yes); err != nil {
			return err
		}
		if err := r.Destroy(ctx, a.told); err != nil {
			return err
		}
	}
	if o.data != "" {
		if err := r.Erase(ctx, a.told); err != nil {
			return fmt.Errorf("%w; what is left is deleted when it is said again", err)
		}
	}
	if !o.verify {
		return nil
	}
	return a.left(ctx, r, o.data != "")
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

// showEnd shows what is taken down, and what is deleted for good.
func (a *app) showEnd(steps []deploy.Step, held []rollout.Remnant) error {
	if a.output != "text" || a.quiet {
		return nil
	}
	if held != nil {
		steps = slices.DeleteFunc(steps, func(s deploy.Step) bool { return s.Verb == deploy.Leave })
	}
	if len(steps) > 0 {
		if err := a.steps(steps); err != nil {
			return err
		}
	}
	for _, one := range held {
		fmt.Fprintf(a.out, "%s for good: %s %s\n", a.style(a.out).Bold("DELETED"), strings.TrimPrefix(one.Type, "AWS::"), render.Escape(one.Name))
	}
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
