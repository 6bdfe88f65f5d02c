package rollout

import (
	"context"
	"errors"
	"io/fs"
	"net/url"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/aws/glue"
	"github.com/petalake/petalake/internal/aws/replicate"
)

// rest ends the clusters of the fleet before the stack goes whose security groups and roles they have: first
// the daemon, so that it makes no more of them, then the clusters.
func (r *Rollout) rest(ctx context.Context, tell func(Told)) error {
	state, err := r.driver.State(ctx, r.name(deploy.Compute))
	if errors.Is(err, fs.ErrNotExist) || err == nil && state.Outputs[deploy.Interruptions] == "" {
		return nil
	}
	if err != nil {
		return err
	}
	say := func(text string) { tell(Told{Layer: deploy.Compute, Text: text}) }
	say("petalake is stopped")
	if err := r.stopDaemon(ctx, state.Outputs["Daemon"], state.Outputs["DaemonCluster"]); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return emr.End(ctx, r.cfg, deploy.FleetName(r.lakehouse, r.environment), r.poll, func(id string) { say("cluster " + id + " is ended") })
}

// uncatalog takes the tables out of the catalog of the account. They stay in the lake.
func (r *Rollout) uncatalog(ctx context.Context, tell func(Told)) error {
	owner := glue.Owner(r.lakehouse.Name, r.environment.Name)
	return glue.Remove(ctx, r.cfg, r.environment.AWS.Region, owner, func(s glue.Step) {
		tell(Told{Layer: deploy.Compute, Text: s.Name() + " is taken out of the catalog"})
	})
}

// unreplicate stops the replications of databases: one that runs cannot be removed.
func (r *Rollout) unreplicate(ctx context.Context, tell func(Told)) error {
	if len(r.lakehouse.Databases) == 0 {
		return nil
	}
	return replicate.Of(r.cfg, r.lakehouse, r.environment).Stop(ctx, r.poll, func(name string) {
		tell(Told{Layer: deploy.Ingest, Text: "the replication of " + name + " is stopped"})
	})
}

// stopDaemon takes the machine, or the container, of petalake away. What makes it stays.
func (r *Rollout) stopDaemon(ctx context.Context, name, cluster string) error {
	region := r.environment.AWS.Region
	if cluster != "" {
		return awsx.JSON(ctx, r.cfg, "ecs", region, "AmazonEC2ContainerServiceV20141113.UpdateService",
			map[string]any{"cluster": cluster, "service": name, "desiredCount": 0}, nil)
	}
	form := url.Values{"Version": {"2011-01-01"}, "Action": {"UpdateAutoScalingGroup"}, "AutoScalingGroupName": {name}, "MinSize": {"0"}, "DesiredCapacity": {"0"}}
	if err := awsx.Query(ctx, r.cfg, "autoscaling", region, form, nil); err != nil {
		return err
	}
	look := url.Values{"Version": {"2011-01-01"}, "Action": {"DescribeAutoScalingGroups"}, "AutoScalingGroupNames.member.1": {name}}
	for {
		var groups struct {
			Instances []string `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member>Instances>member>InstanceId"`
		}
		if err := awsx.Query(ctx, r.cfg, "autoscaling", region, look, &groups); err != nil || len(groups.Instances) == 0 {
			return err
		}
		if err := awsx.Sleep(ctx, r.poll); err != nil {
			return err
		}
	}
}
