package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// Fleets keeps the clusters of an environment's fleet.
type Fleets interface {
	// Fleet prepares to keep the fleet at a place, which is the text that petalake deploy leaves in spec.FleetPlace. Keep
	// looks, decides and acts once, and tells of what it did, and why; what it remembers is in the lake, so that another
	// process goes on where one ended. One process keeps a fleet at a time, and keep is not safe for concurrent use.
	Fleet(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, place string, o job.Remote) (keep func(ctx context.Context, tell func(did, note string)) error, err error)
}

// fleetEvery is how often the fleet is looked at. Spot warns two minutes ahead.
const fleetEvery = 30 * time.Second

// fleetTask keeps the fleet, where it is this process that does; false where it is not.
func (d *Daemon) fleetTask(every time.Duration) (Task, bool) {
	place, _ := d.Env.Lookup(spec.FleetPlace)
	if place == "" || !d.Env.OnClusters() {
		return Task{}, false
	}
	var keep func(context.Context, func(did, note string)) error
	do := func(ctx context.Context, tell func(lake.Event)) (err error) {
		if d.Fleets == nil {
			return d.Env.NoServices("it has a fleet of clusters")
		}
		if keep == nil {
			if keep, err = d.Fleets.Fleet(ctx, d.Env.Spec, d.Env.Environment, place, d.Runs.Remote("")); err != nil {
				return err
			}
		}
		return keep(ctx, func(did, note string) {
			tell(lake.Event{Kind: lake.FleetEvent, Name: did, State: lake.Built, Note: note})
		})
	}
	return Task{Kind: lake.FleetEvent, Name: "fleet", Every: every, Do: do}, true
}

// Fleet is what is known of the clusters of an environment. Where there never was one it is fs.ErrNotExist.
func (d *Daemon) Fleet(ctx context.Context) (r fleet.Record, err error) {
	if !d.Env.OnClusters() {
		return r, &noFleetError{errors.New("the environment " + d.Env.Environment.Name + " has no clusters of its own")}
	}
	body, err := d.Env.Storage.Store.Get(ctx, fleet.RecordKey, 0, -1)
	if err != nil {
		return r, fmt.Errorf("fleet: %w", err)
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&r); err != nil {
		return r, fmt.Errorf("fleet: %s: %w", fleet.RecordKey, err)
	}
	return r, nil
}

// noFleetError says that there are no clusters, and how there would be.
type noFleetError struct{ error }

func (*noFleetError) Hint() string {
	return "write fleet: in lakehouse.yaml, with a mode other than serverless, and aws: in the environment"
}
