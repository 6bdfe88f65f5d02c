package rollout

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/stack"
)

// Status is a stack as it is.
type Status struct {
	Layer string
	State stack.State // without Name where there is none
	Drift []stack.Drift
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

// Destroy removes what is in the catalog, and all stacks, the last first. What holds data stays, with what it costs: see Left.
func (r *Rollout) Destroy(ctx context.Context, tell func(Told)) error {
	for _, layer := range slices.Backward(deploy.Layers) {
		if layer == deploy.Compute {
			if err := r.rest(ctx, tell); err != nil {
				return err
			}
		}
		if layer == deploy.Ingest { // after the daemon is gone, which would show the tables again
			if err := r.uncatalog(ctx, tell); err != nil {
				return err
			}
			if err := r.unreplicate(ctx, tell); err != nil {
				return err
			}
		}
		err := r.driver.Delete(ctx, r.name(layer), func(e stack.Event) { tell(Told{Layer: layer, Event: e}) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
