package emr

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/smithy-go"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/fleet"
)

// Act implements fleet.Cloud.
func (f *Fleet) Act(ctx context.Context, a fleet.Action) error {
	switch a.Do {
	case fleet.Launch:
		return f.launch(ctx, a)
	case fleet.Submit:
		return f.submit(ctx, a)
	case fleet.Resize:
		return f.resize(ctx, a)
	case fleet.End:
		return f.end(ctx, a)
	}
	return nil
}

// launch asks for a cluster. The name that it is to have is saved before: should the answer be lost, it is
// found by that, and no second one is made.
func (f *Fleet) launch(ctx context.Context, a fleet.Action) error {
	s := &f.state
	if s.Cluster != "" || s.Starting != "" {
		return nil
	}
	now := f.Now().UTC()
	at := f.place
	at.Name += "-" + strconv.FormatInt(now.UnixMilli(), 36)
	if zone := slices.Index(f.policy.Zones, a.Zone); zone >= 0 && zone < len(at.Subnets) {
		at.Subnets = at.Subnets[zone : zone+1]
	}
	in := &emr.RunJobFlowInput{}
	if err := reshape(f.policy.Request(at, a.OnDemand, a.Spot, a.Types), in); err != nil {
		return err
	}
	s.Starting, s.Asked, s.Busy, s.Zone, s.Status = at.Name, now, now, a.Zone, ""
	s.WantOnDemand, s.WantSpot = a.OnDemand, a.Spot
	if err := f.save(ctx); err != nil {
		s.Starting = ""
		return err
	}
	out, err := f.client.RunJobFlow(ctx, in, once)
	if err != nil {
		if never(err) {
			s.Starting = ""
		}
		return fmt.Errorf("fleet: cluster %s: %w", at.Name, awsx.Explain(err))
	}
	s.Cluster, s.Starting = aws.ToString(out.JobFlowId), ""
	return f.save(ctx)
}

// never says that a call that failed was understood and refused: nothing came of it.
func never(err error) bool {
	var said smithy.APIError
	return errors.As(err, &said) && said.ErrorFault() == smithy.FaultClient
}

// submit places an order on the cluster, as a step that has the name of the attempt.
func (f *Fleet) submit(ctx context.Context, a fleet.Action) error {
	i := slices.IndexFunc(f.active, func(one active) bool { return one.order.Run == a.Job && one.at.Step == "" })
	if i < 0 {
		return nil
	}
	one := &f.active[i]
	step, err := find(ctx, f.client, a.Cluster, one.order.Attempt)
	if err == nil && step == "" {
		step, err = add(ctx, f.client, a.Cluster, one.order.Attempt, cmp.Or(one.order.Role, f.place.StepRole), one.order.Args)
	}
	if err != nil {
		return fmt.Errorf("fleet: %s on cluster %s: %w", a.Job, a.Cluster, awsx.Explain(err))
	}
	one.at = placement{a.Cluster, step}
	if err := f.write(ctx, placed+one.hash, one.at); err != nil {
		return err
	}
	switch done, err := f.isOver(ctx, one.hash); {
	case err != nil:
		return err
	case done: // it was cancelled meanwhile
		return f.steps.Cancel(ctx, one.at.handle())
	}
	return nil
}

// resize moves the limits of managed scaling, and the targets where they are others under the new limits:
// as many units as EMR asks for now, first on demand, then as Spot, which is also how it scales.
func (f *Fleet) resize(ctx context.Context, a fleet.Action) error {
	in := &emr.PutManagedScalingPolicyInput{ClusterId: &a.Cluster, ManagedScalingPolicy: &types.ManagedScalingPolicy{}}
	if err := reshape(f.policy.Scaling(a.OnDemand, a.Spot), in.ManagedScalingPolicy); err != nil {
		return err
	}
	if _, err := f.client.PutManagedScalingPolicy(ctx, in); err != nil {
		return f.resizing(a, err)
	}
	task, err := f.taskFleet(ctx, a.Cluster)
	if err != nil || task == nil {
		return err
	}
	asked := int(aws.ToInt32(task.TargetOnDemandCapacity) + aws.ToInt32(task.TargetSpotCapacity))
	to := a
	to.OnDemand = min(a.OnDemand, asked)
	to.Spot = min(a.Spot, asked-to.OnDemand)
	if to.OnDemand != int(aws.ToInt32(task.TargetOnDemandCapacity)) || to.Spot != int(aws.ToInt32(task.TargetSpotCapacity)) || !sameTypes(task, a.Types) {
		change := &emr.ModifyInstanceFleetInput{}
		if err := reshape(f.policy.Change(to, aws.ToString(task.Id)), change); err != nil {
			return err
		}
		if _, err := f.client.ModifyInstanceFleet(ctx, change); err != nil {
			return f.resizing(a, err)
		}
	}
	f.state.WantOnDemand, f.state.WantSpot = a.OnDemand, a.Spot
	return nil
}

// resizing says what became of a resize. A cluster that has ended meanwhile is found out at the next look.
func (f *Fleet) resizing(a fleet.Action, err error) error {
	if err = awsx.Explain(err); gone(err) {
		return nil
	}
	return fmt.Errorf("fleet: task nodes of cluster %s: %w", a.Cluster, err)
}

// sameTypes says whether a fleet has the instance types that it is to have.
func sameTypes(task *types.InstanceFleet, names []string) bool {
	var have []string
	for _, t := range task.InstanceTypeSpecifications {
		have = append(have, aws.ToString(t.InstanceType))
	}
	slices.Sort(have)
	return slices.Equal(have, slices.Sorted(slices.Values(names)))
}

// end ends a cluster.
func (f *Fleet) end(ctx context.Context, a fleet.Action) error {
	if a.Cluster == "" || a.Cluster != f.state.Cluster {
		return nil
	}
	_, err := f.client.TerminateJobFlows(ctx, &emr.TerminateJobFlowsInput{JobFlowIds: []string{a.Cluster}})
	if err = awsx.Explain(err); err != nil && !gone(err) {
		return fmt.Errorf("fleet: end of cluster %s: %w", a.Cluster, err)
	}
	f.state.Cluster, f.state.Status, f.state.RateUSD = "", "", 0
	return nil
}

// reshape turns a request in the shape of the API into the type of the SDK, whose fields have the same names.
func reshape(from map[string]any, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}
