package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// LosingError says that a change would take what is kept out of reach.
type LosingError struct {
	Stack   string
	Changes []StackChange
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

// OvertakenError says that a stack would change although its plan says nothing of it: what it is given by the stacks
// before it became something else than the plan knew.
type OvertakenError struct{ Stack, Value string }

func (e *OvertakenError) Error() string {
	return fmt.Sprintf("stack %s: it is given another %s than the plan knew", e.Stack, e.Value)
}

// Hint says what to do.
func (e *OvertakenError) Hint() string {
	return "deploy again: the next plan says what follows from it"
}

// makeStack makes or changes the stack of a step, with all steps of this kind of the stack.
func (x *execution) makeStack(ctx context.Context, step deploy.Step) error {
	if x.done[step.Stack] {
		return nil
	}
	x.done[step.Stack] = true
	s := x.stackOf(step)
	outputs, err := x.change(ctx, s, step)
	if err != nil {
		return err
	}
	return x.recordOutputs(ctx, s.Layer, outputs)
}

// stackOf is the stack of a step, as it should be.
func (x *execution) stackOf(step deploy.Step) *deploy.Stack {
	return x.stacks[slices.IndexFunc(x.stacks, func(s *deploy.Stack) bool { return s.Layer == step.Stack })]
}

// change makes one stack as it should be, and returns its outputs.
func (x *execution) change(ctx context.Context, s *deploy.Stack, step deploy.Step) (map[string]string, error) {
	want, err := x.wanted(s, x.plan.program.given())
	if err != nil {
		return nil, err
	}
	events := x.events(step)
	set, err := x.driver.Plan(ctx, want, events)
	if err != nil {
		return nil, err
	}
	losing := set.Losing(deploy.HoldsData)
	if len(losing) > 0 && !x.replace {
		x.driver.Discard(ctx, set)
		return nil, &LosingError{s.Name, losing}
	}
	if set.Empty() {
		x.say(step, "nothing to do")
	}
	if len(losing) == 0 {
		return x.driver.Execute(ctx, set, events)
	}
	// The stack's own policy would refuse it. It is in force again afterwards, however that ends.
	if err := x.driver.SetPolicy(ctx, s.Name, unlocked); err != nil {
		return nil, err
	}
	outputs, err := x.driver.Execute(ctx, set, events)
	if err != nil {
		err = errors.Join(err, x.driver.SetPolicy(context.WithoutCancel(ctx), s.Name, s.Policy))
	}
	return outputs, err
}

// clearStack removes a stack whose making failed.
func (x *execution) clearStack(ctx context.Context, step deploy.Step) error {
	err := x.driver.Delete(ctx, x.name(step.Stack), x.events(step))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeStack removes the stack of a step, with all steps of this kind of the stack.
func (x *execution) removeStack(ctx context.Context, step deploy.Step) error {
	if x.done[step.Stack] {
		return nil
	}
	x.done[step.Stack] = true
	return x.clearStack(ctx, step)
}

// protectStack sets the policy and the protection of a stack that is as it should be otherwise.
func (x *execution) protectStack(ctx context.Context, step deploy.Step) error {
	x.say(step, "the stack is protected again")
	return x.driver.Protect(ctx, protected(x.stackOf(step)))
}

// protected is a stack as far as it is protected.
func protected(s *deploy.Stack) stack {
	return stack{Name: s.Name, Policy: s.Policy, Protected: s.Protected}
}

// overtaken is an *OvertakenError where a stack that the plan leaves as it is should be given other values than it has: by
// the stacks that the plan changed, or by deploy.
func (x *execution) overtaken(ctx context.Context) error {
	given := x.plan.program.given()
	for _, s := range x.plan.Stacks {
		if x.done[s.Layer] {
			continue
		}
		want := map[string]string{}
		for _, in := range s.Parameters {
			if in.Given != "" {
				want[in.Name] = given[in.Given]
			} else if x.done[in.Layer] {
				want[in.Name] = x.outputs[in.Layer][in.Output]
			}
		}
		if len(want) == 0 {
			continue
		}
		state, err := x.driver.State(ctx, s.Name)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if want[name] != state.Parameters[name] {
				return &OvertakenError{s.Name, name}
			}
		}
	}
	return nil
}

// wanted is a stack with the values that its template is given: outputs of the stacks before it, and what
// the one who deploys gives. One that is not there is a *MissingError.
func (r *Rollout) wanted(s *deploy.Stack, given map[string]string) (stack, error) {
	want := stack{Name: s.Name, Template: s.Template, Tags: s.Tags, Policy: s.Policy, Protected: s.Protected, Parameters: map[string]string{}}
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
