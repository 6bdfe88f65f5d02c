package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// Preview is what CloudFormation says that deploying would do to one stack.
type Preview struct {
	Layer    string
	Asked    bool              // whether it was; else Reported is empty, and Note says why
	Reported []deploy.Reported // nothing where there is nothing to do
	Note     string            // what else is to be known, or ""
}

// Preview asks CloudFormation what would be done to the stacks that are there, by change sets that are
// forgotten again. Of a stack that is not there nothing is asked: a change set would leave one behind. Without
// a program its present one is meant.
//
// What the credentials may not do, or a stack that is being changed, is a note. What CloudFormation refuses
// is an error: deploy would be refused the same.
func (r *Rollout) Preview(ctx context.Context, p *Program) ([]Preview, error) {
	states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	return r.previews(ctx, states, p)
}

func (r *Rollout) previews(ctx context.Context, states map[string]StackState, p *Program) ([]Preview, error) {
	all := make([]Preview, len(r.stacks))
	group, inner := errgroup.WithContext(ctx)
	for i, s := range r.stacks {
		group.Go(func() (err error) {
			all[i], err = r.preview(inner, s, states, p)
			return err
		})
	}
	return all, group.Wait()
}

func (r *Rollout) preview(ctx context.Context, s *deploy.Stack, states map[string]StackState, p *Program) (Preview, error) {
	out := Preview{Layer: s.Layer}
	state, ok := states[s.Layer]
	if !ok || state.Proposed() {
		return out, nil
	}
	if !state.Came() {
		out.Note = fmt.Sprintf("it is %s: deploy removes what is left of it, and makes it anew", status(state.Status))
		return out, nil
	}
	given := state.Parameters
	if p != nil {
		given = p.given()
	}
	want, err := r.wanted(s, given)
	var missing *MissingError
	if errors.As(err, &missing) {
		out.Note = "CloudFormation is not asked: " + strings.TrimPrefix(err.Error(), "stack "+s.Name+": ")
		return out, nil
	}
	if err != nil {
		return out, err
	}
	set, err := r.driver.Preview(ctx, want)
	var failed *failedError
	switch {
	case errors.As(err, &failed) && !state.Steady():
		out.Note = fmt.Sprintf("CloudFormation is not asked: the stack is %s", status(state.Status))
		return out, nil
	case errors.Is(err, fs.ErrPermission):
		out.Note = "CloudFormation could not be asked: " + strings.TrimPrefix(err.Error(), "stack "+s.Name+": ")
		return out, nil
	case err != nil:
		return out, err
	}
	out.Asked = true
	for _, c := range set.Changes {
		out.Reported = append(out.Reported, reported(c))
	}
	if !set.Empty() && len(set.Changes) == 0 {
		out.Reported = []deploy.Reported{{Object: s.Name, Type: deploy.StackType, Verb: deploy.Change, Why: "no resource changes, but something else of the stack, such as an output"}}
	}
	return out, nil
}

func status(text string) string { return strings.ToLower(strings.ReplaceAll(text, "_", " ")) }

// reported puts a change of a change set into the words of a plan.
func reported(c StackChange) deploy.Reported {
	s := deploy.Reported{Object: c.Resource, Type: c.Type, Why: because(c)}
	switch {
	case c.Action == "Add":
		s.Verb, s.Why = deploy.Create, ""
	case c.Action == "Import":
		s.Verb, s.Why = deploy.Create, "it is there already, and is taken up as it is"
	case c.Action == "Remove" && c.Kept:
		s.Verb, s.Why = deploy.Leave, ""
	case c.Action == "Remove":
		s.Verb, s.Why = deploy.Delete, ""
	case c.InPlace:
		s.Verb = deploy.Change
	case c.Replaced && (!c.Unsure || deploy.HoldsData(c.Type)):
		s.Verb = deploy.Replace
	}
	if c.Unsure && s.Why != "" {
		s.Why += "; whether it is replaced shows when it is done"
	}
	return s
}

// mostReasons is how many properties a plan names.
const mostReasons = 4

// because says which properties change, and which of them replace the resource.
func because(c StackChange) string {
	var reasons []string
	for _, p := range c.Properties {
		text := p.Path
		switch {
		case p.Before != "" && p.After != "":
			text += ": " + p.Before + " -> " + p.After
		case p.After != "":
			text += ": now " + p.After
		case p.Cause != "":
			text += ": as " + p.Cause + " changes"
		}
		if p.Replaces && c.Replaced {
			text += ", which replaces it"
		}
		reasons = append(reasons, text)
	}
	slices.SortStableFunc(reasons, func(a, b string) int {
		return strings.Count(b, "which replaces it") - strings.Count(a, "which replaces it")
	})
	if more := len(reasons) - mostReasons; more > 0 {
		reasons = append(reasons[:mostReasons], fmt.Sprintf("%d more", more))
	}
	return strings.Join(reasons, "; ")
}
