package rollout

import (
	"context"
	"errors"
	"io/fs"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// Status is a stack as it is.
type Status struct {
	Layer string
	State StackState // without Name where there is none
	Drift []StackDrift
}

// Status looks at all stacks; with drift also at what was changed by hand since, which takes minutes.
func (r *Rollout) Status(ctx context.Context, drift bool) ([]Status, error) {
	var all []Status
	for _, layer := range deploy.Layers {
		state, err := r.driver.State(ctx, r.name(layer))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := Status{Layer: layer, State: state}
		if drift {
			if s.Drift, err = r.driver.Drift(ctx, state.Name); err != nil {
				return nil, err
			}
		}
		all = append(all, s)
	}
	return all, nil
}
