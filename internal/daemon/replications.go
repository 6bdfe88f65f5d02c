package daemon

import (
	"context"
	"time"

	"github.com/petalake/petalake/ingest/dms"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// replicationsEvery is how often replications are looked at.
const replicationsEvery = time.Minute

// replicates says whether this process is to keep the replications of databases going: the one that
// petalake deploy started.
func (d *Daemon) replicates() bool {
	account, _ := d.Env.Lookup(spec.AccountOf)
	return account != "" && d.Env.Environment.InAWS() && len(d.Env.Spec.Databases) > 0
}

// replicationsTask keeps the replications of databases going.
func (d *Daemon) replicationsTask() Task {
	var keeps *dms.Replications
	do := func(ctx context.Context, tell func(lake.Event)) error {
		if keeps == nil {
			cfg, err := awsx.Load(ctx, awsx.Of(d.Env.Environment))
			if err != nil {
				return err
			}
			keeps = dms.Of(cfg, d.Env.Spec, d.Env.Environment)
		}
		events, err := keeps.Keep(ctx)
		for _, e := range events {
			event := lake.Event{Kind: lake.ReplicationEvent, Name: e.Name, State: lake.Built, Note: e.Text}
			if e.Err != nil {
				event.State, event.Note, event.Err = lake.Failed, "", e.Err
			}
			tell(event)
		}
		return err
	}
	return Task{Kind: lake.ReplicationEvent, Name: "replications", Every: replicationsEvery, Do: do}
}
