package petalake

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
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// clusters runs programs on clusters of the fleet, which the petalake that was deployed keeps.
func (l *Lake) clusters(ctx context.Context) (job.Runner, error) {
	cfg, err := awsx.Load(ctx, awsx.Of(l.env.Environment))
	if err != nil {
		return nil, err
	}
	return emr.NewClusters(cfg, l.programs("")), nil // as the role that the fleet has for them
}

// fleet is what this process is to keep; nil where another does, or nobody has to.
func (l *Lake) fleet(ctx context.Context) (*emr.Fleet, error) {
	text, _ := l.env.Lookup(spec.FleetPlace)
	if text == "" || !l.env.OnClusters() {
		return nil, nil
	}
	at, url, err := fleet.ParsePlace(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.FleetPlace, err)
	}
	cfg, err := awsx.Load(ctx, awsx.Of(l.env.Environment))
	if err != nil {
		return nil, err
	}
	a := &l.env.Environment.AWS
	list, err := price.Beside(l.env.Dir, a.Region)
	if err != nil {
		return nil, err
	}
	policy, _, err := fleet.New(&l.env.Spec.Fleet, a.Region, a.Zones, list)
	if err != nil {
		return nil, err
	}
	o := l.programs("")
	at.LogURI, at.EventLogURI, at.KMSKey = o.LogURI, l.env.ProgramRoot()+"/"+eventLogs, o.KMSKey
	return emr.NewFleet(emr.NewClusters(cfg, o), policy, at, awsx.OpenQueue(cfg, url, a.Region)), nil
}

// eventLogs is the folder of the lake that Spark on a cluster leaves its event logs in, a folder an attempt.
const (
	eventLogs   = "_petalake/events"
	eventLogDir = "spark.eventLog.dir"
)

// fleetEvery is how often the fleet is looked at. Spot warns two minutes ahead.
const fleetEvery = 30 * time.Second

// keepFleet keeps the fleet until ctx ends. What it does is told as events; what fails is told once, and
// tried again.
func (l *Lake) keepFleet(ctx context.Context, every time.Duration, tell func(Event)) {
	var keeps *emr.Fleet
	said := ""
	for ctx.Err() == nil {
		var actions []fleet.Action
		var err error
		if keeps == nil {
			keeps, err = l.fleet(ctx)
		}
		if err == nil {
			actions, err = keeps.Keep(ctx)
		}
		for _, a := range actions {
			tell(Event{Kind: lake.FleetEvent, Name: string(a.Do), State: Built, Note: noted(a)})
		}
		switch {
		case ctx.Err() != nil:
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			tell(Event{Kind: lake.FleetEvent, Name: "fleet", State: Failed, Err: err})
		}
		_ = sleep(ctx, every)
	}
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
func (l *Lake) Fleet(ctx context.Context) (FleetState, error) {
	if !l.env.OnClusters() {
		return FleetState{}, &noFleetError{errors.New("the environment " + l.env.Environment.Name + " has no clusters of its own")}
	}
	return emr.ReadState(ctx, l.env.Storage.Store)
}

// FleetState is what is remembered of the clusters of an environment.
type FleetState = emr.State

// noFleetError says that there are no clusters, and how there would be.
type noFleetError struct{ error }

func (*noFleetError) Hint() string {
	return "write fleet: in lakehouse.yaml, with a mode other than serverless, and aws: in the environment"
}
