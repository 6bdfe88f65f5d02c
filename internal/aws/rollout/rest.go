package rollout

import (
	"context"
	"errors"
	"io/fs"
	"net/url"

	"github.com/petalake/petalake/ingest/dms"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/aws/glue"
)

// stopDaemon takes the machine, or the container, of petalake away, so that it makes no more clusters. What makes it
// stays, until its stack goes.
func (x *execution) stopDaemon(ctx context.Context, step deploy.Step) error {
	outputs := x.outputs[deploy.Compute]
	x.say(step, "petalake is stopped")
	err := x.stop(ctx, outputs["Daemon"], outputs["DaemonCluster"])
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// endClusters ends the clusters of the fleet before the stack goes whose security groups and roles they have.
func (x *execution) endClusters(ctx context.Context, step deploy.Step) error {
	return emr.End(ctx, x.cfg, deploy.FleetName(x.lakehouse, x.environment), x.poll, func(id string) { x.say(step, "cluster %s is ended", id) })
}

// clearCatalog takes the tables out of the catalog of the account. They stay in the lake.
func (x *execution) clearCatalog(ctx context.Context, step deploy.Step) error {
	return x.catalog().Remove(ctx, func(s glue.Step) { x.say(step, "%s is taken out of the catalog", s.Name()) })
}

// catalog is the catalog of the account, as far as it is the environment's.
func (r *Rollout) catalog() *glue.Catalog {
	return glue.New(r.cfg, r.environment.AWS.Region, glue.Owner(r.lakehouse.Name, r.environment.Name))
}

// stopReplications stops the replications of databases: one that runs cannot be removed.
func (x *execution) stopReplications(ctx context.Context, step deploy.Step) error {
	return dms.Of(x.cfg, x.lakehouse, x.environment).Stop(ctx, x.poll, func(name string) { x.say(step, "the replication of %s is stopped", name) })
}

// stop sets the number of machines of a group, or of containers of a service in a cluster, to none, and waits for the
// machines to go.
func (x *execution) stop(ctx context.Context, name, cluster string) error {
	region := x.environment.AWS.Region
	if cluster != "" {
		return awsx.JSON(ctx, x.cfg, "ecs", region, "AmazonEC2ContainerServiceV20141113.UpdateService",
			map[string]any{"cluster": cluster, "service": name, "desiredCount": 0}, nil)
	}
	form := url.Values{"Version": {"2011-01-01"}, "Action": {"UpdateAutoScalingGroup"}, "AutoScalingGroupName": {name}, "MinSize": {"0"}, "DesiredCapacity": {"0"}}
	if err := awsx.Query(ctx, x.cfg, "autoscaling", region, form, nil); err != nil {
		return err
	}
	look := url.Values{"Version": {"2011-01-01"}, "Action": {"DescribeAutoScalingGroups"}, "AutoScalingGroupNames.member.1": {name}}
	for {
		var groups struct {
			Instances []string `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member>Instances>member>InstanceId"`
		}
		if err := awsx.Query(ctx, x.cfg, "autoscaling", region, look, &groups); err != nil || len(groups.Instances) == 0 {
			return err
		}
		if err := awsx.Sleep(ctx, x.poll); err != nil {
			return err
		}
	}
}
