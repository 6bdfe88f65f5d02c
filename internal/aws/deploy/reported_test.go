package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// CloudFormation has the last word on a stack, but for what it does not say, and what it cannot know yet.
func TestApplyReported(t *testing.T) {
	plan := func(follows bool) *Plan {
		return &Plan{follows: map[string]bool{Compute: follows}, Steps: []Step{
			{Kind: MakeStack, Verb: Replace, Stack: Foundation, Object: "DataBucket", Type: "AWS::S3::Bucket", Why: "BucketName: a -> b", Stateful: true},
			{Kind: MakeStack, Verb: Change, Stack: Compute, Object: "Template", Type: "AWS::EC2::LaunchTemplate", Why: "by the templates"},
			{Kind: MakeStack, Verb: Replace, Stack: Compute, Object: "Group", Type: "AWS::EC2::SecurityGroup", Why: "VpcId: Network is another one"},
			{Kind: MakeStack, Verb: Change, Stack: Compute, Object: "Same", Type: "AWS::IAM::Role", Why: "written in another way"},
			{Kind: MakeCertificate, Verb: Call, Stack: Compute, Object: "certificate", Why: "made"},
			{Kind: MakeStack, Verb: Create, Stack: Observe, Object: "Alerts", Type: "AWS::SNS::Topic"},
		}}
	}
	reported := []Reported{
		{Object: "Template", Type: "AWS::EC2::LaunchTemplate", Verb: Replace, Why: "by CloudFormation"},
		{Object: "Group", Type: "AWS::EC2::SecurityGroup"},
		{Object: "Queue", Type: "AWS::SQS::Queue", Verb: Change, Why: "Tags"},
		{Object: "Logs", Type: "AWS::Logs::LogGroup", Verb: Replace, Why: "LogGroupName"},
	}
	type line struct {
		Verb        Verb
		Object, Why string
		Stateful    bool
	}
	lines := func(p *Plan) (all []line) {
		for _, s := range p.Steps {
			all = append(all, line{s.Verb, s.Object, s.Why, s.Stateful})
		}
		return all
	}
	p := plan(false)
	p.ApplyReported(Compute, reported)
	want := []line{
		{Replace, "DataBucket", "BucketName: a -> b", true},
		{Replace, "Template", "by CloudFormation", false},
		{Replace, "Group", "VpcId: Network is another one", false},
		{Change, "Queue", "Tags", false},
		{Replace, "Logs", "LogGroupName", true},
		{Call, "certificate", "made", false},
		{Create, "Alerts", "", false},
	}
	if diff := cmp.Diff(want, lines(p), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	p = plan(true)
	p.ApplyReported(Compute, reported[2:3])
	want = []line{
		{Replace, "DataBucket", "BucketName: a -> b", true},
		{Change, "Template", "by the templates", false},
		{Replace, "Group", "VpcId: Network is another one", false},
		{Change, "Same", "written in another way", false},
		{Change, "Queue", "Tags", false},
		{Call, "certificate", "made", false},
		{Create, "Alerts", "", false},
	}
	if diff := cmp.Diff(want, lines(p)); diff != "" {
		t.Errorf("a stack that is given other values: -want +got\n%s", diff)
	}
	p = plan(false)
	p.ApplyReported(Foundation, nil)
	if p.Steps[0].Object != "Template" || len(p.Steps) != 5 {
		t.Errorf("nothing to do: got %+v, want the bucket left out", p.Steps)
	}
	p.ApplyReported(Ingest, []Reported{{Object: "Rule", Type: "AWS::Events::Rule", Verb: Change}})
	if p.Steps[0].Object != "Rule" {
		t.Errorf("a stack that the templates say nothing of: got %+v, want the rule, before what is made after it", p.Steps)
	}
}
