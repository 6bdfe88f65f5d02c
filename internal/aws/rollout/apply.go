package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/stack"
)

// LosingError says that a change would take what is kept out of reach.
type LosingError struct {
	Stack   string
	Changes []stack.Change
}

func (e *LosingError) Error() string {
	var parts []string
	for _, c := range e.Changes {
		parts = append(parts, fmt.Sprintf("%s (%s)", c.Resource, c.Type))
	}
	return fmt.Sprintf("stack %s: it would replace or remove what holds data: %s", e.Stack, strings.Join(parts, ", "))
}

// Hint says what to do.
func (e *LosingError) Hint() string {
	return "undo the change in lakehouse.yaml, or say --allow-replace: the old one stays, and the new one is empty"
}

// Told is what is told while stacks are made.
type Told struct {
	Layer string
	Event stack.Event // of CloudFormation; without Resource where Text says it all
	Text  string
}

// Apply makes all stacks as they should be, in their order, and removes those that the lakehouse has
// no more. It goes on where an earlier run was cut off.
func (r *Rollout) Apply(ctx context.Context, p *Program, allowReplace bool, tell func(Told)) error {
	for _, s := range r.stacks {
		if s.Layer == deploy.Compute && len(r.givenTo(s)) > 0 {
			if err := r.upload(ctx, p, tell); err != nil {
				return err
			}
		}
		outputs, err := r.one(ctx, s, p, allowReplace, tell)
		if err != nil {
			return err
		}
		if err := r.know(ctx, s.Layer, outputs); err != nil {
			return err
		}
		if err := r.calls(ctx, s, tell); err != nil {
			return err
		}
	}
	return r.prune(ctx, tell)
}

// one makes one stack.
func (r *Rollout) one(ctx context.Context, s *deploy.Stack, p *Program, allowReplace bool, tell func(Told)) (map[string]string, error) {
	events := func(e stack.Event) { tell(Told{Layer: s.Layer, Event: e}) }
	want, err := r.wanted(s, p.given())
	if err != nil {
		return nil, err
	}
	set, err := r.driver.Plan(ctx, want, events)
	if err != nil {
		return nil, err
	}
	losing := set.Losing(deploy.HoldsData)
	if len(losing) > 0 && !allowReplace {
		r.driver.Discard(ctx, set)
		return nil, &LosingError{s.Name, losing}
	}
	if set.Empty() {
		tell(Told{Layer: s.Layer, Text: "nothing to do"})
	}
	if len(losing) == 0 {
		return r.driver.Execute(ctx, set, events)
	}
	// The stack's own policy would refuse it. It is in force again afterwards, however that ends.
	if err := r.driver.SetPolicy(ctx, s.Name, stack.Unlocked); err != nil {
		return nil, err
	}
	outputs, err := r.driver.Execute(ctx, set, events)
	if err != nil {
		err = errors.Join(err, r.driver.SetPolicy(context.WithoutCancel(ctx), s.Name, s.Policy))
	}
	return outputs, err
}

// wanted is a stack with the values that its template is given: outputs of the stacks before it, and what
// the one who deploys gives. One that is not there is a *MissingError.
func (r *Rollout) wanted(s *deploy.Stack, given map[string]string) (stack.Stack, error) {
	want := stack.Stack{Name: s.Name, Template: s.Template, Tags: s.Tags, Policy: s.Policy, Protected: s.Protected, Parameters: map[string]string{}}
	if s.Layer != deploy.Bootstrap {
		want.Role = r.outputs[deploy.Bootstrap]["ExecutionRole"]
	}
	for _, in := range s.Parameters {
		value, ok := r.outputs[in.Layer][in.Output]
		if in.Given != "" {
			value, ok = given[in.Given]
		}
		if !ok {
			return want, &MissingError{Stack: s.Name, From: in.Layer, Value: cmp.Or(in.Output, in.Given)}
		}
		want.Parameters[in.Name] = value
	}
	return want, nil
}

// MissingError says that a stack is to be given what is not there yet.
type MissingError struct {
	Stack, From, Value string // From is the layer whose output it is, "" for what deploy gives
}

func (e *MissingError) Error() string {
	if e.From == "" {
		return fmt.Sprintf("stack %s: it is given %s, by deploy", e.Stack, e.Value)
	}
	return fmt.Sprintf("stack %s: it is given %s, which %s does not have yet", e.Stack, e.Value, e.From)
}

func (r *Rollout) givenTo(s *deploy.Stack) (names []string) {
	for _, in := range s.Parameters {
		if in.Given != "" {
			names = append(names, in.Given)
		}
	}
	return names
}

// upload puts the program and the lakehouse where the machine of the daemon looks.
func (r *Rollout) upload(ctx context.Context, p *Program, tell func(Told)) error {
	given := p.given()
	f, err := os.Open(p.Binary)
	if err != nil {
		return err
	}
	defer f.Close()
	tell(Told{Layer: deploy.Compute, Text: "uploading the program, " + given[deploy.BinaryDigest][:12]})
	if err := r.put(ctx, given[deploy.BinaryKey], f); err != nil {
		return err
	}
	tell(Told{Layer: deploy.Compute, Text: "uploading the lakehouse, " + given[deploy.BundleDigest][:12]})
	return r.put(ctx, given[deploy.BundleKey], reader(p.Bundle))
}

// prune removes stacks that the lakehouse has no more, the last first.
func (r *Rollout) prune(ctx context.Context, tell func(Told)) error {
	for _, layer := range slices.Backward(deploy.Layers) {
		if slices.ContainsFunc(r.stacks, func(s *deploy.Stack) bool { return s.Layer == layer }) {
			continue
		}
		err := r.driver.Delete(ctx, r.name(layer), func(e stack.Event) { tell(Told{Layer: layer, Event: e}) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
