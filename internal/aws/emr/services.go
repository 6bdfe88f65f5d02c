package emr

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// Services is EMR as the rooms of an open lakehouse ask for it: link for sessions, runs for runners of programs,
// daemon for the fleet. These rooms name what they need in interfaces of theirs, so that a program without EMR
// does not link its clients.
type Services struct{}

// sessionPoll is how often a session that starts is looked at; on AWS it takes a minute or two.
const sessionPoll = 2 * time.Second

// Session implements link.Sessions. The session's token is asked for anew before it ends.
func (Services) Session(ctx context.Context, e *spec.Environment, tell func()) (o spark.Options, done func(), err error) {
	cfg, err := awsx.Load(ctx, awsx.Of(e))
	if err != nil {
		return o, nil, err
	}
	at := &e.Spark.EMR
	name := "petalake-" + uuid.NewString()
	starting := func(string) { tell() }
	var session *Session
	if at.Cluster != "" {
		session, err = OpenCluster(ctx, cfg, string(at.Cluster), string(at.Role), name, sessionPoll, starting)
	} else {
		session, err = OpenServerless(ctx, cfg, string(at.Application), string(at.Role), name, sessionPoll, starting)
	}
	if err != nil {
		return o, nil, err
	}
	done = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = session.Close(ctx) // it ends by itself when it is idle
	}
	endpoint, err := session.Endpoint(ctx)
	if err != nil {
		done()
		return o, nil, err
	}
	o = spark.Options{Address: endpoint.Address}
	o.Metadata = spark.Renewing(Header, time.Now, func(ctx context.Context) (string, time.Time, error) {
		e, err := session.Endpoint(ctx)
		return e.Token, e.Ends, err
	})
	return o, done, nil
}

// Runner implements runs.Programs: on the clusters of the fleet where the environment has them, else as steps of the
// cluster that it names, else on its application of EMR Serverless.
func (Services) Runner(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, o job.Remote) (job.Runner, error) {
	cfg, err := awsx.Load(ctx, awsx.Of(e))
	if err != nil {
		return nil, err
	}
	at := &e.Spark.EMR
	switch {
	case l.OnClusters(e):
		return NewClusters(cfg, Options(o)), nil
	case at.Cluster != "":
		return NewSteps(cfg, string(at.Cluster), Options(o)), nil
	}
	return NewServerless(cfg, string(at.Application), Options(o)), nil
}

// EventLogs implements runs.Programs. (User Guide of EMR Serverless, "Storing logs": where logs go to S3, event logs
// do, too.)
func (Services) EventLogs(handle string) (folder string, ok bool) {
	application, run, err := parse(serverlessScheme, handle)
	return "applications/" + application + "/jobs/" + run + "/sparklogs", err == nil
}

// Fleet implements daemon.Fleets.
func (Services) Fleet(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, place string, o job.Remote) (keep func(context.Context, func(did, note string)) error, err error) {
	at, url, err := fleet.ParsePlace(place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.FleetPlace, err)
	}
	cfg, err := awsx.Load(ctx, awsx.Of(e))
	if err != nil {
		return nil, err
	}
	list, err := price.Beside(filepath.Dir(l.File), e.AWS.Region)
	if err != nil {
		return nil, err
	}
	policy, _, err := fleet.New(&l.Fleet, e.AWS.Region, e.AWS.Zones, list)
	if err != nil {
		return nil, err
	}
	at.LogURI, at.EventLogURI, at.KMSKey = o.LogURI, o.EventLogURI, o.KMSKey
	f := NewFleet(NewClusters(cfg, Options(o)), policy, at, awsx.OpenQueue(cfg, url, e.AWS.Region))
	return func(ctx context.Context, tell func(did, note string)) error {
		actions, err := f.Keep(ctx)
		for _, a := range actions {
			tell(string(a.Do), noted(a))
		}
		return err
	}, nil
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
