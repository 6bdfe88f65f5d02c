package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/spec"
)

// fleet is what this process is to keep; nil where another does, or nobody has to.
func (d *Daemon) fleet(ctx context.Context) (*emr.Fleet, error) {
	text, _ := d.Env.Lookup(spec.FleetPlace)
	if text == "" || !d.Env.OnClusters() {
		return nil, nil
	}
	at, url, err := fleet.ParsePlace(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.FleetPlace, err)
	}
	cfg, err := awsx.Load(ctx, awsx.Of(d.Env.Environment))
	if err != nil {
		return nil, err
	}
	a := &d.Env.Environment.AWS
	list, err := price.Beside(d.Env.Dir, a.Region)
	if err != nil {
		return nil, err
	}
	policy, _, err := fleet.New(&d.Env.Spec.Fleet, a.Region, a.Zones, list)
	if err != nil {
		return nil, err
	}
	o := d.Runs.Programs("")
	at.LogURI, at.EventLogURI, at.KMSKey = o.LogURI, d.Env.ProgramRoot()+"/"+runs.EventLogs, o.KMSKey
	return emr.NewFleet(emr.NewClusters(cfg, o), policy, at, awsx.OpenQueue(cfg, url, a.Region)), nil
}

// fleetEvery is how often the fleet is looked at. Spot warns two minutes ahead.
const fleetEvery = 30 * time.Second

// fleetTask keeps the fleet, where it is this process that does; false where it is not.
func (d *Daemon) fleetTask(every time.Duration) (Task, bool) {
	if place, _ := d.Env.Lookup(spec.FleetPlace); place == "" || !d.Env.OnClusters() {
		return Task{}, false
	}
	var keeps *emr.Fleet
	do := func(ctx context.Context, tell func(lake.Event)) (err error) {
		if keeps == nil {
			if keeps, err = d.fleet(ctx); err != nil {
				return err
			}
		}
		actions, err := keeps.Keep(ctx)
		for _, a := range actions {
			tell(lake.Event{Kind: lake.FleetEvent, Name: string(a.Do), State: lake.Built, Note: noted(a)})
		}
		return err
	}
	return Task{Kind: lake.FleetEvent, Name: "fleet", Every: every, Do: do}, true
}

// noted is an action in words.
func noted(a fleet.Action) string {
	what := cmp.Or(a.Job, a.Cluster, a.Zone)
	if a.Do == fleet.Launch || a.Do == fleet.Resize {
		what += fmt.Sprintf(" with %d on demand, %d Spot", a.OnDemand, a.Spot)
	}
	if what == "" {
		return a.Reason
	}
	return what + ": " + a.Reason
}

// Fleet is what is known of the clusters of an environment. Where there never was one it is fs.ErrNotExist.
func (d *Daemon) Fleet(ctx context.Context) (FleetState, error) {
	if !d.Env.OnClusters() {
		return FleetState{}, &noFleetError{errors.New("the environment " + d.Env.Environment.Name + " has no clusters of its own")}
	}
	return emr.ReadState(ctx, d.Env.Storage.Store)
}

// FleetState is what is remembered of the clusters of an environment.
type FleetState = emr.State

// noFleetError says that there are no clusters, and how there would be.
type noFleetError struct{ error }

func (*noFleetError) Hint() string {
	return "write fleet: in lakehouse.yaml, with a mode other than serverless, and aws: in the environment"
}
