package rollout

import (
	"context"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// Plan is the plan of a deployment against the account, as petalake deploy makes it.
func (r *Rollout) Plan(ctx context.Context, p *Program) (*Plan, error) {
	plan, err := newPlan(r.lakehouse, r.environment)
	if err != nil {
		return nil, err
	}
	if err := r.await(ctx, nil); err != nil {
		return nil, err
	}
	plan.program = p
	return plan, plan.compare(ctx, r, Options{})
}

// Apply plans and runs the plan, as petalake deploy does where somebody agrees to it.
func (r *Rollout) Apply(ctx context.Context, p *Program, c Consent, tell func(Progress)) error {
	plan, err := r.Plan(ctx, p)
	if err != nil {
		return err
	}
	return plan.Run(ctx, c, tell)
}

// End is the plan of petalake destroy, with data that of --data.
func (r *Rollout) End(ctx context.Context, data bool) (*Plan, error) { return r.removal(ctx, data) }

// TakeDown plans the end and runs that.
func (r *Rollout) TakeDown(ctx context.Context, data bool, tell func(Progress)) error {
	plan, err := r.End(ctx, data)
	if err != nil {
		return err
	}
	return plan.Run(ctx, Consent{}, tell)
}

// Changes are the calls by which steps of a kind change AWS; ok is false for a kind that nothing does.
func Changes(kind deploy.Kind) (calls []string, ok bool) {
	e, ok := executors[kind]
	return e.changes, ok && e.do != nil
}

// Proposals are the calls by which a plan asks what would be done.
func Proposals() []string { return proposals }

// Stack is one stack as it should be, for tests that bring about a state by themselves.
type Stack = stack

// NewStacks prepares to work on stacks.
var NewStacks = newStacks

// Unlocked is a policy that refuses no update.
var Unlocked = unlocked
