package deploy

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// rates are round figures, so that a sum shows what was counted.
func rates(name string) (float64, bool) {
	known := map[string]float64{
		price.EndpointHour: 0.01, price.NATHour: 0.1, price.NATGB: 0.1, price.KeyMonth: 1, price.AlarmMonth: 0.1, price.MetricMonth: 0.5, price.DashboardMonth: 3, price.LogGB: 0.5, price.ObjectGBMonth: 0.02,
		price.DiskGBMonth: 0.1, "m7g.xlarge": 0.2, "m7g.2xlarge": 0.4, price.SparkCPUHour: 0.05, price.SparkGBHour: 0.005, price.FargateCPUHour: 0.04, price.FargateGBHour: 0.004,
	}
	usd, ok := known[name]
	return usd, ok
}

func render(t *testing.T, text string) ([]*Stack, *spec.Environment) {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	stacks, err := Render(l, l.Environments[0])
	if err != nil {
		t.Fatal(err)
	}
	return stacks, l.Environments[0]
}

func templates(stacks []*Stack) map[string][]byte {
	all := map[string][]byte{}
	for _, s := range stacks {
		all[s.Name] = s.Template
	}
	return all
}

func lines(p *Plan) (all []string) {
	for _, s := range p.Steps {
		line := fmt.Sprintf("%s %s %s", s.Verb, s.Stack, s.Object)
		if s.Verb != Create && s.Verb != Call {
			line += ": " + s.Why
		}
		if s.Price != nil {
			line += fmt.Sprintf(" $%.1f/%.1f/%.1f", s.Price.Low, s.Price.Likely, s.Price.High)
		}
		if s.Stateful {
			line += " STATEFUL"
		}
		all = append(all, line)
	}
	return all
}

const before = "lakehouse: a\nenvironments:\n  prod:\n    aws:\n      region: us-east-1\n"

func TestPlan(t *testing.T) {
	was, _ := render(t, before)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"the same", before, nil},
		{"a larger machine", before + "      daemon: {instance: m7g.2xlarge}\n", []string{
			"change compute DaemonTemplate: LaunchTemplateData.InstanceType: m7g.xlarge -> m7g.2xlarge $0.0/0.0/0.0",
			"change compute Daemon: MixedInstancesPolicy.LaunchTemplate.Overrides[0].InstanceType: m7g.xlarge -> m7g.2xlarge; " +
				"MixedInstancesPolicy.LaunchTemplate.Overrides[1].InstanceType: m7gd.xlarge -> m7gd.2xlarge $146.0/146.0/146.0",
		}},
		{"a bucket of another name", "lakehouse: a\nenvironments:\n  prod:\n    storage: s3://other/lake\n    aws:\n      region: us-east-1\n", []string{
			"change bootstrap ExecutionStores: PolicyDocument.Statement[0].Resource[0]: arn:${AWS::Partition}:s3:::a-prod-data-${AWS::AccountId}-${AWS::Region} -> arn:${AWS::Partition}:s3:::other",
			"replace foundation DataBucket: BucketName: a-prod-data-${AWS::AccountId}-${AWS::Region} -> other $0.0/0.0/0.0 STATEFUL",
			"replace foundation DataBucketPolicy: Bucket: DataBucket is another one",
			"change compute DaemonRolePolicy: PolicyDocument.Statement[0].Resource[0]: DataBucket is another one",
			"change observe BucketErrors: Dimensions[0].Value: DataBucket is another one $0.0/0.0/0.0",
			"change observe Dashboard: DashboardBody: DataBucket is another one $0.0/0.0/0.0",
		}},
	} {
		now, _ := render(t, c.text)
		p, err := NewPlan(now, templates(was), rates)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, lines(p)); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

// A world without stacks gets all of them, in order, and each price is in the sum.
func TestPlanFromNothing(t *testing.T) {
	now, e := render(t, before)
	p, err := NewPlan(now, nil, rates)
	if err != nil {
		t.Fatal(err)
	}
	var sum *price.Range
	stacks, resources := []string{}, 0
	for _, s := range p.Steps {
		if len(stacks) == 0 || stacks[len(stacks)-1] != s.Stack {
			stacks = append(stacks, s.Stack)
		}
		sum = plus(sum, s.Price)
		if s.Verb == Create {
			resources++
		} else if s.Verb != Call {
			t.Errorf("got %s %s, want nothing but create and call", s.Verb, s.Object)
		}
		if s.Why == "" {
			t.Errorf("%s %s: no reason", s.Stack, s.Object)
		}
	}
	if want := []string{Bootstrap, Foundation, Compute, Observe}; !cmp.Equal(want, stacks) {
		t.Errorf("got stacks %v, want %v", stacks, want)
	}
	want := 0
	for _, s := range now {
		want += len(s.template.Resources)
	}
	if resources != want {
		t.Errorf("got %d to create, want %d", resources, want)
	}
	// endpoints 3 x 3 x 7.30, key 1, machine 146, disk 10, alarms 3 x .1, metrics 17 x .5, dashboard 3
	const low = 65.7 + 1 + 146 + 10 + 0.3 + 8.5 + 3
	if math.Abs(p.Month.Low-low) > 0.001 || math.Abs(sum.High-p.Month.High) > 0.001 {
		t.Errorf("got %v, of steps %v, want at least %v", p.Month, sum, low)
	}
	if err := OverBudget(e, p); err != nil {
		t.Errorf("without a budget: %v", err)
	}
	_, tight := render(t, before+"      budget: 200\n")
	if err, want := OverBudget(tight, p), "lakehouse.yaml:6:15: environments.prod.aws.budget: with nothing used the plan costs $234 a month, which is more than 200: write a larger budget, or a smaller daemon instance"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What is in the world and no longer in the file goes, last made first, and what holds data stays.
func TestPlanTakesDown(t *testing.T) {
	was, _ := render(t, before+"sources:\n  s: {path: \"raw/*.csv\"}\n")
	now, _ := render(t, before)
	p, err := NewPlan(now, templates(was), rates)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines(p), "\n")
	for _, want := range []string{"delete ingest Arrivals: ", "delete foundation EndpointSqs: ", "delete observe Waiting: "} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %s", got, want)
		}
	}
	q, err := NewPlan(nil, templates(was), rates)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, s := range q.Steps {
		if s.Stateful {
			t.Errorf("%s %s holds data", s.Verb, s.Object)
		}
		if s.Verb == Leave {
			left++
		}
	}
	if q.Steps[0].Stack != Observe || q.Steps[len(q.Steps)-1].Stack != Bootstrap || left < 5 {
		t.Errorf("got %v, want observe first, bootstrap last, and the buckets, the key and the logs left", lines(q))
	}
	if _, err := NewPlan(now, map[string][]byte{"a-prod-compute": []byte("{}")}, nil); err == nil || !strings.Contains(err.Error(), "a-prod-compute") {
		t.Errorf("a template that is none: got %v, want an error that names the stack", err)
	}
}

// Each type that is used has a purpose, for a person who reads the plan.
func TestPurposes(t *testing.T) {
	every(t, func(_ string, stacks []*Stack) {
		for _, s := range stacks {
			for _, r := range s.template.Resources {
				if purposes[r.Type] == "" {
					t.Errorf("%s has no purpose", r.Type)
				}
			}
		}
	})
}
