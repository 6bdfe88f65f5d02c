package deploy

import (
	"github.com/petalake/petalake/internal/aws/cfn"
)

// bootstrap is the stack that holds what the other stacks need to be made, and what is to be there after them.
type bootstrap struct{ layer }

func (s bootstrap) build() *Stack {
	s.bucket(bucket{
		id: "LogBucket", what: logs, plain: true, // access logs can be delivered to no other
		lifecycle: []cfn.Map{
			{"Id": "old", "ExpirationInDays": s.a.LogDays(), "NoncurrentVersionExpiration": cfn.Map{"NoncurrentDays": 1}},
			{"Id": "deleted", "ExpiredObjectDeleteMarker": true},
		},
		more: s.logDelivery(),
	})
	s.bucket(bucket{
		id: "ArtefactBucket", what: artefacts, logTo: cfn.Ref("LogBucket"), lock: true,
		lifecycle: []cfn.Map{{"Id": "superseded", "NoncurrentVersionExpiration": cfn.Map{"NoncurrentDays": 90}, "ExpiredObjectDeleteMarker": true}},
	})
	execution(s).build()
	s.output("ArtefactBucket", "the bucket for templates, programs and jobs", cfn.Ref("ArtefactBucket"))
	s.output("LogBucket", "the bucket for logs of access, network and Spark", cfn.Ref("LogBucket"))
	s.output("ExecutionRole", "the role by which CloudFormation makes the other stacks", cfn.GetAtt("ExecutionRole", "Arn"))
	return s.Stack
}

// logDelivery lets the services that write logs put them into the log bucket, for this account alone.
func (s bootstrap) logDelivery() []statement {
	put := []string{"s3:PutObject"}
	all := []statement{
		{sid: "AccessLogs", principal: cfn.Map{"Service": "logging.s3.amazonaws.com"}, actions: put,
			resources: []any{cfn.Sub("${LogBucket.Arn}/access/*")},
			when: cfn.Map{
				"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")},
				"ArnLike":      cfn.Map{"aws:SourceArn": cfn.Sub("arn:${AWS::Partition}:s3:::*")},
			}},
		{sid: "FlowLogs", principal: cfn.Map{"Service": "delivery.logs.amazonaws.com"}, actions: put,
			resources: []any{cfn.Sub("${LogBucket.Arn}/AWSLogs/*")},
			when: cfn.Map{
				"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId"), "s3:x-amz-acl": "bucket-owner-full-control"},
				"ArnLike":      cfn.Map{"aws:SourceArn": arn("logs", "*")},
			}},
		{sid: "FlowLogsCheck", principal: cfn.Map{"Service": "delivery.logs.amazonaws.com"}, actions: []string{"s3:GetBucketAcl", "s3:ListBucket"},
			resources: []any{cfn.GetAtt("LogBucket", "Arn")},
			when: cfn.Map{
				"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")},
				"ArnLike":      cfn.Map{"aws:SourceArn": arn("logs", "*")},
			}},
	}
	if !s.watched() {
		return all
	}
	trail := cfn.Map{"aws:SourceArn": arn("cloudtrail", "trail/"+s.name("trail"))}
	return append(all,
		statement{sid: "TrailCheck", principal: cfn.Map{"Service": "cloudtrail.amazonaws.com"}, actions: []string{"s3:GetBucketAcl"},
			resources: []any{cfn.GetAtt("LogBucket", "Arn")}, when: cfn.Map{"StringEquals": trail}},
		statement{sid: "Trail", principal: cfn.Map{"Service": "cloudtrail.amazonaws.com"}, actions: put,
			resources: []any{cfn.Sub("${LogBucket.Arn}/trail/AWSLogs/${AWS::AccountId}/*")},
			when: cfn.Map{"StringEquals": cfn.Map{
				"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": arn("cloudtrail", "trail/"+s.name("trail")),
			}}},
	)
}
