package runs

import (
	"context"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/job"
)

// clusters runs programs on clusters of the fleet, which the petalake that was deployed keeps.
func (rs *Runs) clusters(ctx context.Context) (job.Runner, error) {
	cfg, err := awsx.Load(ctx, awsx.Of(rs.Env.Environment))
	if err != nil {
		return nil, err
	}
	return emr.NewClusters(cfg, rs.Programs("")), nil // as the role that the fleet has for them
}

// EventLogs is the folder of the lake that Spark on a cluster leaves its event logs in, a folder an attempt.
const (
	EventLogs   = "_petalake/events"
	eventLogDir = "spark.eventLog.dir"
)
