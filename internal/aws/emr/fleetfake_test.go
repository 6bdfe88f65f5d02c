package emr_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/emr"

	"github.com/petalake/petalake/internal/aws/fleet"
)

// region is an EMR that makes clusters, with a clock, with as much capacity as it is told to have, and
// with a queue of events. It mistreats one call of its choice.
type region struct {
	t  *testing.T
	mu sync.Mutex

	now      time.Time
	calls    int
	hurt     int // the call that is mistreated, from 1; 0 for none
	how      string
	clusters []*flow
	queue    []string // bodies of messages
	policy   *fleet.Policy

	spot     int // units of Spot that are to be had
	onDemand int
	load     int // units that managed scaling asks for, within its limits; 0 for all
	takes    int // how often a cluster is described until it runs
}

// flow is a cluster.
type flow struct {
	id, name, state, zone string
	made                  time.Time
	looks                 int
	limits                struct{ Min, Max, OnDemand, Core int }
	fleets                map[string]*group
	steps                 []*step
}

type group struct {
	id             string
	types          []any
	onDemand, spot int // targets
}

type step struct{ id, name, state, role string }

func (r *region) serve() string {
	s := httptest.NewServer(r)
	r.t.Cleanup(s.Close)
	return s.URL
}

func (r *region) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	hurt := r.calls == r.hurt
	in := object{}
	_ = json.NewDecoder(q.Body).Decode(&in)
	service, action, _ := strings.Cut(q.Header.Get("X-Amz-Target"), ".")
	var out any
	switch {
	case hurt && r.how == "cut":
		panic(http.ErrAbortHandler)
	case hurt && r.how == "throttled":
		out = failure{http.StatusBadRequest, "ThrottlingException", "Rate exceeded"}
	case hurt && r.how == "no capacity" && action == "RunJobFlow":
		out = failure{http.StatusBadRequest, "ValidationException", "There is not enough capacity"}
	case service == "AmazonSQS":
		out = r.messages(action, in)
	default:
		out = r.emr(action, in)
	}
	if hurt && r.how == "lost" {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if bad, ok := out.(failure); ok {
		w.WriteHeader(bad.status)
		out = object{"__type": bad.code, "message": bad.message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (r *region) messages(action string, in object) any {
	if action == "DeleteMessageBatch" {
		r.queue = nil
		return object{}
	}
	var out []object
	for i, body := range r.queue[:min(10, len(r.queue))] {
		out = append(out, object{"Body": body, "ReceiptHandle": fmt.Sprint(i)})
	}
	return object{"Messages": out}
}

// alive are the clusters that cost.
func (r *region) alive() (all []*flow) {
	for _, c := range r.clusters {
		if !strings.HasPrefix(c.state, "TERMINAT") {
			all = append(all, c)
		}
	}
	return all
}

func (r *region) find(id string) *flow {
	for _, c := range r.clusters {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (r *region) emr(action string, in object) any {
	switch action {
	case "RunJobFlow":
		return r.run(in)
	case "ListClusters":
		var out []object
		for _, c := range r.clusters {
			out = append(out, object{"Id": c.id, "Name": c.name, "Status": object{"State": c.state}})
		}
		return object{"Clusters": out}
	case "TerminateJobFlows":
		for _, id := range in["JobFlowIds"].([]any) {
			r.end(r.find(id.(string)), "TERMINATED")
		}
		return object{}
	}
	id, _ := in["ClusterId"].(string)
	if action == "AddJobFlowSteps" {
		id = in["JobFlowId"].(string)
	}
	c := r.find(id)
	if c == nil {
		return failure{http.StatusBadRequest, "InvalidRequestException", "Cluster id '" + id + "' is not valid."}
	}
	return r.of(c, action, in)
}

// end ends a cluster, and its steps with it.
func (r *region) end(c *flow, state string) {
	c.state = state
	for _, s := range c.steps {
		if s.state == "RUNNING" || s.state == "PENDING" {
			s.state = "CANCELLED"
		}
	}
}

func (r *region) run(in object) any {
	known := &emr.RunJobFlowInput{}
	d := json.NewDecoder(strings.NewReader(text(in)))
	d.DisallowUnknownFields()
	if err := d.Decode(known); err != nil {
		r.t.Errorf("RunJobFlow: %v", err)
	}
	instances := in["Instances"].(object)
	subnet := instances["Ec2SubnetIds"].([]any)
	if len(subnet) != 1 {
		r.t.Errorf("%d subnets: want the one of the zone", len(subnet))
	}
	c := &flow{
		id: fmt.Sprintf("j-%d", len(r.clusters)+1), name: in["Name"].(string), state: "STARTING", made: r.now,
		zone: "us-east-1" + strings.TrimPrefix(subnet[0].(string), "subnet-"), fleets: map[string]*group{},
	}
	for _, one := range instances["InstanceFleets"].([]any) {
		g := one.(object)
		kind := g["InstanceFleetType"].(string)
		c.fleets[kind] = &group{id: "if-" + kind, types: g["InstanceTypeConfigs"].([]any), onDemand: number(g, "TargetOnDemandCapacity"), spot: number(g, "TargetSpotCapacity")}
	}
	c.limit(in["ManagedScalingPolicy"].(object))
	r.clusters = append(r.clusters, c)
	return object{"JobFlowId": c.id}
}

func (c *flow) limit(policy object) {
	l := policy["ComputeLimits"].(object)
	c.limits.Min, c.limits.Max = number(l, "MinimumCapacityUnits"), number(l, "MaximumCapacityUnits")
	c.limits.OnDemand, c.limits.Core = number(l, "MaximumOnDemandCapacityUnits"), number(l, "MaximumCoreCapacityUnits")
}

// scale is managed scaling: as many units as the load wants, first on demand.
func (r *region) scale(c *flow) {
	g := c.fleets["TASK"]
	busy := false
	for _, s := range c.steps {
		busy = busy || s.state == "RUNNING"
	}
	want := c.limits.Min
	if busy {
		want = c.limits.Max
		if r.load > 0 {
			want = min(want, max(r.load, c.limits.Min))
		}
	}
	task := want - c.limits.Core
	g.onDemand = min(task, c.limits.OnDemand-c.limits.Core)
	g.spot = task - g.onDemand
}

func (r *region) of(c *flow, action string, in object) any {
	switch action {
	case "DescribeCluster":
		if c.looks++; c.state == "STARTING" && c.looks > r.takes {
			c.state = "WAITING"
			for _, s := range c.steps {
				s.state = "RUNNING"
			}
		}
		if c.state == "WAITING" {
			r.scale(c)
		}
		return object{"Cluster": object{"Id": c.id, "Status": object{"State": c.state}, "Ec2InstanceAttributes": object{"Ec2AvailabilityZone": c.zone}}}
	case "ListInstanceFleets":
		var out []object
		for kind, g := range c.fleets {
			out = append(out, object{
				"Id": g.id, "InstanceFleetType": kind, "TargetOnDemandCapacity": g.onDemand, "TargetSpotCapacity": g.spot, "InstanceTypeSpecifications": g.types,
			})
		}
		return object{"InstanceFleets": out}
	case "ListInstances":
		return object{"Instances": r.instances(c, in["InstanceFleetType"].(string))}
	case "ListSteps":
		var out []object
		for _, s := range c.steps {
			if in["StepStates"] == nil || strings.Contains(text(in["StepStates"]), `"`+s.state+`"`) {
				out = append(out, object{"Id": s.id, "Name": s.name, "Status": object{"State": s.state}})
			}
		}
		return object{"Steps": out}
	case "AddJobFlowSteps":
		if strings.HasPrefix(c.state, "TERMINAT") {
			return failure{http.StatusBadRequest, "ValidationException", "A job flow that is shutting down, terminating, or finished may not be modified."}
		}
		s := &step{fmt.Sprintf("s-%s-%d", c.id, len(c.steps)+1), in["Steps"].([]any)[0].(object)["Name"].(string), "PENDING", in["ExecutionRoleArn"].(string)}
		if c.state == "WAITING" {
			s.state = "RUNNING"
		}
		c.steps = append(c.steps, s)
		return object{"StepIds": []string{s.id}}
	case "DescribeStep", "CancelSteps":
		return c.one(action, in)
	case "PutManagedScalingPolicy":
		c.limit(in["ManagedScalingPolicy"].(object))
		return object{}
	case "ModifyInstanceFleet":
		change := in["InstanceFleet"].(object)
		g := c.fleets["TASK"]
		g.onDemand, g.spot, g.types = number(change, "TargetOnDemandCapacity"), number(change, "TargetSpotCapacity"), change["InstanceTypeConfigs"].([]any)
		if g.onDemand+c.limits.Core > c.limits.OnDemand || g.onDemand+g.spot+c.limits.Core > c.limits.Max {
			r.t.Errorf("ModifyInstanceFleet to %d on demand and %d Spot: managed scaling has the limits %+v", g.onDemand, g.spot, c.limits)
		}
		return object{}
	}
	return failure{http.StatusBadRequest, "InvalidRequestException", "no such action: " + action}
}

func (c *flow) one(action string, in object) any {
	id, _ := in["StepId"].(string)
	if ids, ok := in["StepIds"].([]any); ok {
		id = ids[0].(string)
	}
	for _, s := range c.steps {
		if s.id != id {
			continue
		}
		if action == "CancelSteps" {
			s.state = "CANCELLED"
		}
		return object{"Step": object{"Id": s.id, "Status": object{"State": s.state}}}
	}
	return failure{http.StatusBadRequest, "InvalidRequestException", "Step id '" + id + "' is not valid."}
}

// instances are as many machines as the targets of a fleet want and the region has, of its first type.
func (r *region) instances(c *flow, kind string) (out []object) {
	g := c.fleets[kind]
	if g == nil || strings.HasPrefix(c.state, "TERMINAT") {
		return nil
	}
	first := g.types[0].(object)
	weight := number(first, "WeightedCapacity")
	add := func(market string, target, most int) {
		for have := 0; have < target && have+weight <= most; have += weight {
			out = append(out, object{
				"Ec2InstanceId": fmt.Sprintf("i-%s-%s-%s-%d", c.id, kind, market, have), "InstanceType": first["InstanceType"], "Market": market, "Status": object{"State": "RUNNING"},
			})
		}
	}
	if kind != "TASK" {
		add("ON_DEMAND", g.onDemand, 1<<20)
		return out
	}
	add("ON_DEMAND", g.onDemand, r.onDemand)
	add("SPOT", g.spot, r.spot)
	return out
}

func number(in object, key string) int {
	n, _ := in[key].(float64)
	return int(n)
}

func text(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}
