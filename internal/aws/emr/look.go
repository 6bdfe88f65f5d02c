package emr

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/fleet"
)

var _ fleet.Cloud = (*Fleet)(nil)

// node is a machine of a cluster.
type node struct {
	typ  fleet.Type
	spot bool
	task bool
}

// Look implements fleet.Cloud.
func (f *Fleet) Look(ctx context.Context) (fleet.World, error) {
	now := f.Now()
	if err := f.adopt(ctx, now); err != nil {
		return fleet.World{}, err
	}
	all, err := f.orders(ctx, now)
	if err != nil {
		return fleet.World{}, err
	}
	s := &f.state
	f.spend(now)
	w := fleet.World{Now: now}
	cluster := s.Cluster
	if cluster != "" {
		if w.Cluster, err = f.cluster(ctx); err != nil {
			return w, err
		}
	} else if s.Starting != "" {
		w.Cluster = &fleet.Cluster{Zone: s.Zone, State: fleet.Starting}
	}
	if s.Status == string(types.ClusterStateTerminated) && !slices.ContainsFunc(all, func(a active) bool { return a.at.Cluster == cluster }) {
		w.Cluster, s.Cluster, s.Status = nil, "", "" // it was idle, and ended by itself
	}
	if all, err = f.running(ctx, all, cluster, w.Cluster); err != nil {
		return w, err
	}
	f.active, s.Jobs, s.Seen, w.MonthUSD = all, len(all), now, s.USD
	if w.Cluster == nil {
		s.RateUSD, s.OnDemand, s.Spot, s.TargetOnDemand, s.TargetSpot = 0, 0, 0, 0, 0
	}
	for _, a := range all {
		w.Jobs = append(w.Jobs, fleet.Job{ID: a.order.Run, Cluster: a.at.Cluster, Step: a.order.Done})
	}
	if c := w.Cluster; c != nil {
		s.RateUSD = c.RateUSD
		if len(all) > 0 {
			c.Work, s.Busy = f.policy.Max, now // what a program can use is for managed scaling to find out
		} else if c.State == fleet.Running {
			c.IdleSince = s.Busy
		}
		if c.State == fleet.Lost {
			s.Cluster, s.Status, s.RateUSD = "", "", 0 // it is lost once
		}
	}
	w.Notices, err = f.notices(ctx, w.Cluster)
	return w, err
}

// adopt finds a cluster that was asked for, whatever became of the answer.
func (f *Fleet) adopt(ctx context.Context, now time.Time) error {
	s := &f.state
	if s.Starting == "" {
		return nil
	}
	after := s.Asked.Add(-10 * time.Minute)
	pages := emr.NewListClustersPaginator(f.client, &emr.ListClustersInput{CreatedAfter: &after})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awsx.Explain(err)
		}
		for _, c := range page.Clusters {
			if aws.ToString(c.Name) == s.Starting {
				s.Cluster, s.Starting = aws.ToString(c.Id), ""
				return nil
			}
		}
	}
	if now.Sub(s.Asked) > adoptWithin {
		s.Starting = "" // EMR never heard of it
	}
	return nil
}

// adoptWithin is how long after a call without an answer the cluster is looked for that it may have made.
const adoptWithin = 3 * time.Minute

// cluster is the cluster as EMR shows it.
func (f *Fleet) cluster(ctx context.Context) (*fleet.Cluster, error) {
	s := &f.state
	out, err := f.client.DescribeCluster(ctx, &emr.DescribeClusterInput{ClusterId: &s.Cluster})
	if err = awsx.Explain(err); gone(err) {
		return &fleet.Cluster{ID: s.Cluster, Zone: s.Zone, State: fleet.Lost}, nil
	}
	if err != nil {
		return nil, err
	}
	c := &fleet.Cluster{ID: s.Cluster, WantOnDemand: s.WantOnDemand, WantSpot: s.WantSpot}
	if at := out.Cluster.Ec2InstanceAttributes; at != nil && aws.ToString(at.Ec2AvailabilityZone) != "" {
		s.Zone = *at.Ec2AvailabilityZone
	}
	c.Zone = s.Zone
	state := types.ClusterState("")
	if out.Cluster.Status != nil {
		state = out.Cluster.Status.State
	}
	s.Status = string(state)
	switch state {
	case types.ClusterStateStarting, types.ClusterStateBootstrapping:
		c.State = fleet.Starting
	case types.ClusterStateRunning, types.ClusterStateWaiting:
		c.State = fleet.Running
	default:
		c.State = fleet.Lost
		return c, nil
	}
	if err := f.targets(ctx, c); err != nil {
		return nil, err
	}
	return c, f.machines(ctx, c)
}

// targets are what EMR asks EC2 for.
func (f *Fleet) targets(ctx context.Context, c *fleet.Cluster) error {
	task, err := f.taskFleet(ctx, c.ID)
	if err != nil || task == nil {
		return err
	}
	c.TargetOnDemand, c.TargetSpot = int(aws.ToInt32(task.TargetOnDemandCapacity)), int(aws.ToInt32(task.TargetSpotCapacity))
	f.state.TargetOnDemand, f.state.TargetSpot = c.TargetOnDemand, c.TargetSpot
	return nil
}

func (f *Fleet) taskFleet(ctx context.Context, cluster string) (*types.InstanceFleet, error) {
	pages := emr.NewListInstanceFleetsPaginator(f.client, &emr.ListInstanceFleetsInput{ClusterId: &cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awsx.Explain(err)
		}
		for i, one := range page.InstanceFleets {
			if one.InstanceFleetType == types.InstanceFleetTypeTask {
				return &page.InstanceFleets[i], nil
			}
		}
	}
	return nil, nil
}

// machines count what is paid for.
func (f *Fleet) machines(ctx context.Context, c *fleet.Cluster) error {
	f.nodes = map[string]node{}
	for _, kind := range []types.InstanceFleetType{types.InstanceFleetTypeMaster, types.InstanceFleetTypeCore, types.InstanceFleetTypeTask} {
		pages := emr.NewListInstancesPaginator(f.client, &emr.ListInstancesInput{
			ClusterId: &c.ID, InstanceFleetType: kind,
			InstanceStates: []types.InstanceState{types.InstanceStateProvisioning, types.InstanceStateBootstrapping, types.InstanceStateRunning},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return awsx.Explain(err)
			}
			for _, i := range page.Instances {
				f.count(c, kind == types.InstanceFleetTypeTask, i)
			}
		}
	}
	f.state.OnDemand, f.state.Spot = c.OnDemand, c.Spot
	return nil
}

func (f *Fleet) count(c *fleet.Cluster, task bool, i types.Instance) {
	n := node{typ: f.typeOf(aws.ToString(i.InstanceType)), spot: i.Market == types.MarketTypeSpot, task: task}
	f.nodes[aws.ToString(i.Ec2InstanceId)] = n
	if n.spot {
		c.RateUSD += n.typ.Spot
	} else {
		c.RateUSD += n.typ.OnDemand
	}
	switch {
	case !task:
	case n.spot:
		c.Spot += n.typ.Units
	default:
		c.OnDemand += n.typ.Units
	}
}

// typeOf is an instance type of the policy; one of an earlier policy is unknown, and taken for the largest.
func (f *Fleet) typeOf(name string) (largest fleet.Type) {
	for _, t := range slices.Concat(f.policy.Task, f.policy.CoreOf, f.policy.Primary) {
		if t.Name == name {
			return t
		}
		if t.Units > largest.Units {
			largest = t
		}
	}
	largest.Name = name
	return largest
}

// running leaves out the orders that are over: their step has ended, or their cluster has.
func (f *Fleet) running(ctx context.Context, all []active, cluster string, c *fleet.Cluster) ([]active, error) {
	here := c != nil && c.State != fleet.Lost
	var open map[string]bool
	var left []active
	for _, a := range all {
		if a.at.Step != "" && here && a.at.Cluster == cluster && open == nil {
			var err error
			if open, err = f.open(ctx, cluster); err != nil {
				return nil, err
			}
		}
		if a.at.Step == "" || here && a.at.Cluster == cluster && open[a.at.Step] {
			left = append(left, a)
			continue
		}
		if err := f.finish(ctx, a.hash); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// open are the steps of a cluster that have not ended.
func (f *Fleet) open(ctx context.Context, cluster string) (map[string]bool, error) {
	ids := map[string]bool{}
	pages := emr.NewListStepsPaginator(f.client, &emr.ListStepsInput{
		ClusterId: &cluster, StepStates: []types.StepState{types.StepStatePending, types.StepStateCancelPending, types.StepStateRunning},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awsx.Explain(err)
		}
		for _, s := range page.Steps {
			ids[aws.ToString(s.Id)] = true
		}
	}
	return ids, nil
}

// notices are the events that the queue has of machines of the cluster.
func (f *Fleet) notices(ctx context.Context, c *fleet.Cluster) (all []fleet.Notice, err error) {
	if f.queue == nil {
		return nil, nil
	}
	for range mostReceives {
		messages, err := f.queue.Receive(ctx, 0)
		if err != nil {
			return all, err
		}
		for _, m := range messages {
			f.receipts = append(f.receipts, m.Receipt)
			event, ok, err := fleet.ParseEvent([]byte(m.Body))
			if err != nil || !ok || c == nil {
				continue // it is of something else
			}
			if n, ours := f.nodes[event.Instance]; ours && n.task {
				all = append(all, event.Notice(n.typ.Name, c.Zone, n.typ.Units))
			}
		}
		if len(messages) < awsx.MostMessages {
			break
		}
	}
	return all, nil
}

// mostReceives bounds how many messages are taken at a look.
const mostReceives = 50
