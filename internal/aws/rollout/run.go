package rollout

import (
	"context"
	"fmt"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// Progress is what happens while a plan is run.
type Progress struct {
	Layer string
	Event StackEvent // of CloudFormation; without Resource where Text says it all
	Text  string
}

// execution is one run of a plan.
type execution struct {
	*Rollout
	plan    *Plan
	replace bool // what holds data, too
	tell    func(Progress)
	done    map[string]bool // the layers whose stack was made, changed or removed
}

// executor does the steps of a kind.
type executor struct {
	// changes are the calls by which it changes AWS, by the names that IAM has for them.
	changes []string
	// do does a step. What it does it may do twice.
	do func(*execution, context.Context, deploy.Step) error
}

// changesOfStack are the calls by which a stack is made or changed. What is in it is changed by CloudFormation.
// A stack whose making failed is deleted before it is made anew, and one that would have been new with its change set.
var changesOfStack = []string{
	"cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:SetStackPolicy",
	"cloudformation:UpdateTerminationProtection", "cloudformation:DeleteStack", "s3:PutObject",
}

// removesStack are the calls by which a stack is removed: its protection is taken away first.
var removesStack = []string{"cloudformation:UpdateTerminationProtection", "cloudformation:DeleteStack"}

// executors hold an executor for each kind of step: petalake deploy and petalake destroy change AWS by nothing else.
var executors = map[deploy.Kind]executor{
	deploy.MakeStack:    {changesOfStack, (*execution).makeStack},
	deploy.RemoveStack:  {removesStack, (*execution).removeStack},
	deploy.ClearStack:   {removesStack, (*execution).clearStack},
	deploy.ProtectStack: {[]string{"cloudformation:SetStackPolicy", "cloudformation:UpdateTerminationProtection"}, (*execution).protectStack},

	deploy.UploadProgram:   {[]string{"s3:PutObject", "s3:AbortMultipartUpload"}, (*execution).uploadProgram},
	deploy.UploadBundle:    {[]string{"s3:PutObject"}, (*execution).uploadBundle},
	deploy.CloseGroup:      {[]string{"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"}, (*execution).closeGroup},
	deploy.RegisterLake:    {[]string{"lakeformation:RegisterResource"}, (*execution).registerLake},
	deploy.MakeCertificate: {[]string{"s3:PutObject"}, (*execution).makeCertificate},
	deploy.ActivateTag:     {[]string{"ce:UpdateCostAllocationTagsStatus"}, (*execution).activateTag},

	deploy.StopDaemon:       {[]string{"autoscaling:UpdateAutoScalingGroup", "ecs:UpdateService"}, (*execution).stopDaemon},
	deploy.EndClusters:      {[]string{"elasticmapreduce:TerminateJobFlows"}, (*execution).endClusters},
	deploy.ClearCatalog:     {[]string{"glue:DeleteTable", "glue:DeleteDatabase"}, (*execution).clearCatalog},
	deploy.StopReplications: {[]string{"dms:StopReplication"}, (*execution).stopReplications},

	deploy.EraseBucket: {[]string{"s3:AbortMultipartUpload", "s3:DeleteObjects", "s3:DeleteBucket"}, (*execution).eraseBucket},
	deploy.EraseStream: {[]string{"kinesis:DeleteStream"}, (*execution).eraseStream},
	deploy.EraseLogs:   {[]string{"logs:DeleteLogGroup", "logs:PutLogGroupDeletionProtection"}, (*execution).eraseLogs},
	deploy.EraseSecret: {[]string{"secretsmanager:DeleteSecret"}, (*execution).eraseSecret},
	deploy.EraseKey:    {[]string{"kms:ScheduleKeyDeletion"}, (*execution).eraseKey},
}

// proposals are the calls by which a plan asks CloudFormation what it would do: change sets that are forgotten
// again, whose templates stay in the bucket for artefacts where they are too large for a request.
var proposals = []string{"cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "s3:PutObject"}

// Consent is what whoever runs a plan agrees to. The zero value agrees to nothing but the plan.
type Consent struct {
	Replace   bool // what holds data may be replaced: the new one is empty
	Unchecked bool // quotas and permissions may be missing
}

// Run does the steps of a plan that was made by Deployment or Removal, in their order, and nothing else. It tells of
// what happens. It stops at the first step that fails; the next plan goes on there.
func (p *Plan) Run(ctx context.Context, consent Consent, tell func(Progress)) error {
	x := &execution{Rollout: p.rollout, plan: p, replace: consent.Replace, tell: tell, done: map[string]bool{}}
	for _, s := range p.Stacks {
		if !p.makes(s.Layer) {
			tell(Progress{Layer: s.Layer, Text: "nothing to do"})
		}
	}
	for _, s := range p.Steps {
		e, ok := executors[s.Kind]
		if !ok {
			return fmt.Errorf("%s %s: nothing does steps of the kind %q", s.Verb, s.Object, s.Kind)
		}
		if err := e.do(x, ctx, s); err != nil {
			return err
		}
	}
	return x.overtaken(ctx)
}

// say tells of something that is done for a step.
func (x *execution) say(s deploy.Step, format string, args ...any) {
	x.tell(Progress{Layer: s.Stack, Text: fmt.Sprintf(format, args...)})
}

// events tells of what CloudFormation does for a step.
func (x *execution) events(s deploy.Step) func(StackEvent) {
	return func(e StackEvent) { x.tell(Progress{Layer: s.Stack, Event: e}) }
}
