package petalake

import (
	"context"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/replicate"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// replicationsEvery is how often replications are looked at.
const replicationsEvery = time.Minute

// replicates says whether this process is to keep the replications of databases going: the one that
// petalake deploy started.
func (l *Lake) replicates() bool {
	account, _ := l.env.Lookup(spec.AccountOf)
	return account != "" && l.env.Environment.InAWS() && len(l.env.Spec.Databases) > 0
}

// keepReplications keeps the replications of databases going until ctx ends. What fails is told once, and
// tried again.
func (l *Lake) keepReplications(ctx context.Context, every time.Duration, tell func(Event)) {
	var keeps *replicate.Replications
	said := map[string]string{}
	for ctx.Err() == nil {
		var events []replicate.Event
		var err error
		if keeps == nil {
			cfg, failed := awsx.Load(ctx, awsx.Of(l.env.Environment))
			if err = failed; err == nil {
				keeps = replicate.Of(cfg, l.env.Spec, l.env.Environment)
			}
		}
		if err == nil {
			events, err = keeps.Keep(ctx)
		}
		if err != nil {
			events = append(events, replicate.Event{Name: "replications", Err: err})
		}
		for _, e := range events {
			switch {
			case ctx.Err() != nil:
			case e.Err == nil:
				delete(said, e.Name)
				tell(Event{Kind: lake.ReplicationEvent, Name: e.Name, State: Built, Note: e.Text})
			case said[e.Name] != e.Err.Error():
				said[e.Name] = e.Err.Error()
				tell(Event{Kind: lake.ReplicationEvent, Name: e.Name, State: Failed, Err: e.Err})
			}
		}
		_ = sleep(ctx, every)
	}
}
