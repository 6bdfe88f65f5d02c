package deploy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// Step is one thing that deploying does: what a plan shows, and with Kind what package rollout runs.
type Step struct {
	Verb   Verb   `json:"verb"`
	Stack  string `json:"stack"`  // its layer, or Data
	Object string `json:"object"` // the logical id, or what a call is about
	Type   string `json:"type"`   // such as AWS::S3::Bucket; "" for a call
	Why    string `json:"why"`    // what it is for, or which properties change
	// Price is what the step adds to the bill of a month, in US dollars; nil where that is not known.
	Price *price.Range `json:"price"`
	// Stateful marks a step that replaces or deletes what holds data: the new one is empty, and the stack
	// policy refuses it.
	Stateful bool `json:"stateful"`
	Kind     Kind `json:"kind"` // what does the step
}

// Verb is what a step does to its object.
type Verb string

// The verbs. A stack goes as its objects do.
const (
	Create  Verb = "create"
	Change  Verb = "change"  // in place
	Replace Verb = "replace" // by a new one
	Delete  Verb = "delete"
	Leave   Verb = "leave" // it leaves its stack, and stays in AWS
	Call    Verb = "call"  // what no stack can do, by deploy
)

// Plan holds the steps of a deployment, in their order, and what the whole of it then costs.
type Plan struct {
	Steps []Step
	// Month is what all of it costs a month; nil where no price is known.
	Month *price.Range

	follows map[string]bool // the layers that are given other values than before by those before them
}

// Empty says whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 }

// NewPlan compares the stacks with the templates of the last deployment, by the names of their stacks;
// none for a world without them. Rates may be nil: nothing has a price then.
//
// What is given by the one who deploys, such as a new version of the program, is in no template: a plan
// says nothing of it.
func NewPlan(stacks []*Stack, before map[string][]byte, rates Rates) (*Plan, error) {
	p := &Plan{follows: map[string]bool{}}
	now := map[string]bool{}
	outputs := map[string]map[string]bool{} // of each layer, those that have another value than before
	for _, s := range stacks {
		now[s.Name] = true
		old, err := parse(s.Name, before[s.Name])
		if err != nil {
			return nil, err
		}
		moved := map[string]bool{}
		for _, in := range s.Parameters {
			moved[in.Name] = outputs[in.Layer][in.Output]
			p.follows[s.Layer] = p.follows[s.Layer] || moved[in.Name]
		}
		outputs[s.Layer] = p.compare(s, old, moved, rates)
		p.Month = plus(p.Month, cost(s.template, rates))
	}
	for _, layer := range slices.Backward(Layers) { // as they are taken down
		for name, data := range before {
			if !now[name] && strings.HasSuffix(name, "-"+layer) {
				old, err := parse(name, data)
				if err != nil {
					return nil, err
				}
				for _, c := range cfn.Diff(old, &cfn.Template{}, nil) {
					p.Steps = append(p.Steps, newStep(RemoveStack, layer, c, old, nil, rates))
				}
			}
		}
	}
	p.sort()
	return p, nil
}

func parse(name string, data []byte) (*cfn.Template, error) {
	if data == nil {
		return nil, nil
	}
	t, err := cfn.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the template of %s: %w", name, err)
	}
	return t, nil
}

var verbs = map[cfn.Action]Verb{cfn.Create: Create, cfn.Modify: Change, cfn.Replace: Replace, cfn.Delete: Delete, cfn.Forget: Leave}

// compare adds the steps of a stack, and returns the outputs that then have another value.
func (p *Plan) compare(s *Stack, before *cfn.Template, moved map[string]bool, rates Rates) map[string]bool {
	changes := cfn.Diff(before, s.template, moved)
	for _, c := range changes {
		p.Steps = append(p.Steps, newStep(MakeStack, s.Layer, c, before, s.template, rates))
	}
	for _, c := range s.calls() {
		if c.made(changes, moved) {
			p.Steps = append(p.Steps, c.step(s.Layer))
		}
	}
	others := s.template.Moved(changes)
	if before == nil { // a stack that is made gives all of its outputs anew
		for _, o := range s.template.Outputs {
			others[o.Name] = true
		}
	}
	return others
}

// newStep is the step of a change to a resource of a stack.
func newStep(kind Kind, layer string, c cfn.Change, before, after *cfn.Template, rates Rates) Step {
	step := Step{Kind: kind, Verb: verbs[c.Action], Stack: layer, Object: c.ID, Type: c.Type, Why: strings.Join(c.Why, "; ")}
	step.Stateful = HoldsData(c.Type) && (c.Action == cfn.Replace || c.Action == cfn.Delete)
	was, is := priceOf(before, c.ID, rates), priceOf(after, c.ID, rates)
	switch {
	case c.Action == cfn.Create:
		step.Price = is
	case c.Action == cfn.Delete && was != nil:
		step.Price = minus(was)
	case is != nil && was != nil:
		step.Price = plus(is, minus(was))
	}
	if step.Why == "" {
		step.Why = purposes[c.Type]
	}
	if c.Action == cfn.Forget {
		step.Why = "it is retained, and goes on costing what it costs"
	}
	return step
}

// purposes say what a resource of a type is for.
var purposes = map[string]string{
	"AWS::S3::Bucket":                       "keeps objects: encrypted, versioned, closed to the public",
	"AWS::S3::BucketPolicy":                 "TLS 1.2 alone; commits only where nothing is",
	"AWS::KMS::Key":                         "encrypts lake, logs, queues and topics; rotated each year",
	"AWS::KMS::Alias":                       "the name of the key",
	"AWS::IAM::Role":                        "who may do what",
	"AWS::IAM::ManagedPolicy":               "what a role may do",
	"AWS::IAM::InstanceProfile":             "hands a role to machines",
	"AWS::EC2::VPC":                         "the network, which nobody reaches from outside",
	"AWS::EC2::Subnet":                      "a part of the network in each zone",
	"AWS::EC2::RouteTable":                  "which way leads out of the network",
	"AWS::EC2::Route":                       "the way to the internet",
	"AWS::EC2::SubnetRouteTableAssociation": "which way leads out of a subnet",
	"AWS::EC2::InternetGateway":             "the door to the internet",
	"AWS::EC2::VPCGatewayAttachment":        "puts the door into the network",
	"AWS::EC2::NatGateway":                  "lets out to the internet, and nobody in",
	"AWS::EC2::VPCEndpoint":                 "the way to a service of AWS that does not lead over the internet",
	"AWS::EC2::FlowLog":                     "who spoke to whom in the network",
	"AWS::EC2::SecurityGroup":               "whom something may speak to",
	"AWS::EC2::SecurityGroupIngress":        "who may speak to something",
	"AWS::EC2::SecurityGroupEgress":         "whom something may speak to",
	"AWS::Logs::LogGroup":                   "keeps logs",
	"AWS::Logs::LogStream":                  "one log",
	"AWS::Logs::MetricFilter":               "counts errors in the log",
	"AWS::CloudTrail::Trail":                "who read and wrote what in the lake",
	"AWS::SQS::Queue":                       "tells of files that arrive, or of Spot that goes",
	"AWS::SQS::QueuePolicy":                 "who may write into the queue",
	"AWS::Events::Rule":                     "tells a queue of files of a source, or of Spot that goes",
	"AWS::Kinesis::Stream":                  "takes records in",
	"AWS::KinesisFirehose::DeliveryStream":  "keeps records as they came",
	"AWS::DMS::ReplicationSubnetGroup":      "where replications run",
	"AWS::DMS::Endpoint":                    "an end of a replication",
	"AWS::DMS::Certificate":                 "by which a database is known",
	"AWS::DMS::ReplicationConfig":           "brings the changes of a database; started by the daemon",
	"AWS::SecretsManager::Secret":           "user and password of a database",
	"AWS::EMRServerless::Application":       "runs Spark, and costs nothing while no job runs",
	"AWS::EMR::SecurityConfiguration":       "clusters encrypt what they keep and say",
	"AWS::EC2::LaunchTemplate":              "how the machine of petalake starts, and its disk",
	"AWS::AutoScaling::AutoScalingGroup":    "one machine that runs petalake, and another one when it dies",
	"AWS::ECS::Cluster":                     "where the container of petalake is",
	"AWS::ECS::TaskDefinition":              "the container of petalake",
	"AWS::ECS::Service":                     "keeps one container running",
	"AWS::SNS::Topic":                       "where alarms go",
	"AWS::SNS::TopicPolicy":                 "who may send alarms",
	"AWS::SNS::Subscription":                "who is told, once the address is confirmed",
	"AWS::CloudWatch::Alarm":                "tells when something is wrong",
	"AWS::CloudWatch::CompositeAlarm":       "any alarm, for a pager or a status page",
	"AWS::CloudWatch::Dashboard":            "shows all of it",
	"AWS::Budgets::Budget":                  "tells before more is spent than was said",
}

// OverBudget is an error, with the line of lakehouse.yaml, where the least that a plan can cost is more
// than the budget of the environment.
func OverBudget(e *spec.Environment, p *Plan) error {
	if e.AWS.Budget == 0 || p.Month == nil || p.Month.Low <= float64(e.AWS.Budget) {
		return nil
	}
	path := "environments." + e.Name + ".aws.budget"
	return spec.Errors{{
		Pos: e.AWS.At("budget"), Path: path,
		Message: fmt.Sprintf("%s: with nothing used the plan costs $%.0f a month, which is more than %d", path, p.Month.Low, e.AWS.Budget),
		Hint:    "write a larger budget, or a smaller daemon instance",
	}}
}
