package deploy

import (
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// Interruptions is the output of the stack compute that is there where clusters of a fleet may be.
const Interruptions = "Interruptions"

// FleetName is the prefix of the names of a fleet's clusters.
func FleetName(l *spec.Lakehouse, e *spec.Environment) string {
	return (&site{l: l, e: e, base: l.Base(e)}).name("spark")
}

// interruptions is the queue that hears of Spot instances of the account that are about to go. What the
// daemon does not take within the hour is history.
func (s compute) interruptions() {
	s.add("Interruptions", "AWS::SQS::Queue", cfn.Map{
		"QueueName": s.name("interruptions"), "SqsManagedSseEnabled": true, "MessageRetentionPeriod": 3600, "VisibilityTimeout": 120,
	})
	s.add("InterruptionsPolicy", "AWS::SQS::QueuePolicy", cfn.Map{
		"Queues": cfn.List{cfn.Ref("Interruptions")}, "PolicyDocument": policy(queueStatements("Interruptions")...),
	})
	s.add("SpotEnds", "AWS::Events::Rule", cfn.Map{
		"Description": "Spot instances that are about to go", "State": "ENABLED",
		"EventPattern": cfn.Map{"source": cfn.List{"aws.ec2"}, "detail-type": cfn.List{"EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"}},
		"Targets":      cfn.List{cfn.Map{"Id": "interruptions", "Arn": cfn.GetAtt("Interruptions", "Arn")}},
	})
	s.output(Interruptions, "the queue with a message for each Spot instance that is about to go", cfn.Ref("Interruptions"))
}

// queueStatements let events into queues, the first of which they go to, and nothing that is not encrypted.
func queueStatements(ids ...string) []statement {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = cfn.GetAtt(id, "Arn")
	}
	return []statement{
		{sid: "Events", principal: cfn.Map{"Service": "events.amazonaws.com"}, actions: []string{"sqs:SendMessage"}, resources: all[:1], when: ownAccount},
		{sid: "TLSOnly", deny: true, principal: "*", actions: []string{"sqs:*"}, resources: all, when: cfn.Map{"Bool": cfn.Map{"aws:SecureTransport": "false"}}},
	}
}

// fleetPlace is where clusters are to be made, as fleet.ParsePlace reads it, for Fn::Sub.
func (s daemon) fleetPlace() string {
	var subnets []string
	for _, one := range s.subnets() {
		subnets = append(subnets, "${"+one.(cfn.Map)["Ref"].(string)+"}")
	}
	return strings.Join([]string{
		"name=" + s.name("spark"), "subnets=" + strings.Join(subnets, ","), "role=${ClusterServiceRole.Arn}", "profile=${ClusterNodeProfile}",
		"primary=${ClusterPrimary}", "core=${ClusterCore}", "service=${ClusterService}", "security=${ClusterSecurity}", "step=${SparkRole.Arn}",
		"tag=" + s.base, "queue=https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/" + s.name("interruptions"),
	}, "&")
}
