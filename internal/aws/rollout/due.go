package rollout

import (
	"context"
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// dueChecks find out whether a call is to be made that templates say nothing of: it was cut off, or somebody undid it. What
// the account does not tell (known is false) is left to the templates.
var dueChecks = map[deploy.Kind]func(r *Rollout, ctx context.Context, p *Program) (due, known bool, err error){
	deploy.UploadProgram: func(r *Rollout, ctx context.Context, p *Program) (due, known bool, err error) {
		return r.missing(ctx, p, deploy.BinaryKey)
	},
	deploy.UploadBundle: func(r *Rollout, ctx context.Context, p *Program) (due, known bool, err error) {
		return r.missing(ctx, p, deploy.BundleKey)
	},
	deploy.MakeCertificate: func(r *Rollout, ctx context.Context, _ *Program) (due, known bool, err error) {
		there, err := r.uploaded(ctx, certificateKey)
		return !there, err == nil, err
	},
	deploy.CloseGroup: func(r *Rollout, ctx context.Context, _ *Program) (due, known bool, err error) {
		open, err := r.defaultRules(ctx)
		return true, len(open) > 0, err
	},
	deploy.RegisterLake: func(r *Rollout, ctx context.Context, _ *Program) (due, known bool, err error) {
		folder := r.lakeFolder()
		if strings.HasPrefix(folder, "/") {
			return false, false, nil
		}
		there, err := r.formation().Registered(ctx, r.lakeARN(folder))
		return true, err == nil && !there, err
	},
	deploy.ActivateTag: func(r *Rollout, ctx context.Context, _ *Program) (due, known bool, err error) {
		inactive, known := r.tagInactive(ctx)
		return inactive, known, nil
	},
}

// missing says whether what deploy uploads is to be uploaded; not known without a program.
func (r *Rollout) missing(ctx context.Context, p *Program, key string) (due, known bool, err error) {
	if p == nil {
		return false, false, nil
	}
	there, err := r.uploaded(ctx, p.given()[key])
	return !there, true, err
}

// due takes the account's word on the calls of the stacks. What it may not be asked is a note.
func (r *Rollout) due(ctx context.Context, plan *Plan, states map[string]StackState, p *Program) error {
	for _, s := range r.stacks {
		for _, kind := range s.Calls() {
			due, known, err := dueChecks[kind](r, ctx, p)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				plan.Notes = append(plan.Notes, Note{s.Layer, fmt.Sprintf("whether %s is due could not be asked: %v", kind, err)})
			}
			if known {
				plan.SetDue(s, kind, due)
			}
		}
		if err := r.checkProtection(ctx, plan, s, states); err != nil {
			return err
		}
	}
	return nil
}

// checkProtection adds the step that protects a stack again, where it lost its policy or its protection, and is not changed
// otherwise.
func (r *Rollout) checkProtection(ctx context.Context, plan *Plan, s *deploy.Stack, states map[string]StackState) error {
	state, ok := states[s.Layer]
	if !ok || !state.Steady() || plan.makes(s.Layer) {
		return nil
	}
	guarded, err := r.driver.HasProtection(ctx, protected(s), state)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		plan.Notes = append(plan.Notes, Note{s.Layer, "whether it is protected could not be asked: " + strings.TrimPrefix(err.Error(), "stack "+s.Name+": ")})
	case !guarded:
		plan.Add(deploy.ProtectStep(s.Layer, s.Name))
	}
	return nil
}

// addRemains adds the steps that remove stacks that never came to be: before they are made anew, or for good where the
// lakehouse has no such stack, or the plan is of an end.
func (r *Rollout) addRemains(plan *Plan, states map[string]StackState) {
	for layer, state := range states {
		wanted := plan.wants(layer)
		switch {
		case wanted && !state.Came():
			plan.Add(deploy.ClearStep(layer, state.Name))
		case !wanted && (!state.Came() || state.Proposed()):
			plan.Add(deploy.RemoveStep(layer, state.Name))
		}
	}
}
