package deploy

import (
	"github.com/petalake/petalake/internal/aws/cfn"
)

// execution is the role by which CloudFormation makes the other stacks: whoever deploys needs to
// be allowed no more than to start CloudFormation and to hand it this role. It reaches what has the
// names of this environment; where AWS names things itself, it reaches the type.
type execution struct{ layer }

func (s execution) build() {
	own := func(service, rest string) cfn.Map { return arn(service, rest+s.base+"-*") }
	iam := func(what string) cfn.Map {
		return cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:" + what + "/" + s.global("*"))
	}
	groups := []struct {
		id, what string
		allows   []statement
	}{
		{"ExecutionNetwork", "deploy-network", s.networkActions()},
		{"ExecutionStores", "deploy-stores", []statement{
			{sid: "Buckets", actions: []string{
				"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketLocation", "s3:ListBucket",
				"s3:GetBucketVersioning", "s3:PutBucketVersioning", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", "s3:GetLifecycleConfiguration",
				"s3:PutLifecycleConfiguration", "s3:GetBucketLogging", "s3:PutBucketLogging", "s3:GetBucketNotification", "s3:PutBucketNotification",
				"s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock",
				"s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration", "s3:GetMetricsConfiguration", "s3:PutMetricsConfiguration",
				"s3:GetBucketTagging", "s3:PutBucketTagging", "s3:ListTagsForResource", "s3:TagResource", "s3:UntagResource",
			}, resources: []any{s.dataBucketARN()}},
			{sid: "Artefacts", actions: []string{"s3:GetObject"}, resources: []any{cfn.Sub("${ArtefactBucket.Arn}/*")}},
			{sid: "NewKeys", actions: []string{"kms:CreateKey"}, resources: []any{"*"}},
			{sid: "Aliases", actions: []string{"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"}, resources: []any{arn("kms", "alias/"+s.base)}},
			{sid: "Keys", actions: []string{
				"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags",
				"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey",
			}, resources: []any{arn("kms", "key/*")}, when: cfn.Map{"StringEquals": cfn.Map{"aws:ResourceTag/petalake:environment": s.base}}},
			{sid: "KeyGrants", actions: []string{"kms:CreateGrant"}, resources: []any{arn("kms", "key/*")}, when: cfn.Map{
				"Bool":         cfn.Map{"kms:GrantIsForAWSResource": "true"},
				"StringEquals": cfn.Map{"aws:ResourceTag/petalake:environment": s.base},
			}},
			{sid: "LogDelivery", actions: []string{"s3:GetBucketPolicy", "s3:GetBucketAcl"}, resources: []any{cfn.GetAtt("LogBucket", "Arn")}},
			{sid: "Streams", actions: []string{
				"kinesis:CreateStream", "kinesis:DeleteStream", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:UpdateShardCount", "kinesis:UpdateStreamMode",
				"kinesis:IncreaseStreamRetentionPeriod", "kinesis:DecreaseStreamRetentionPeriod", "kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption",
				"kinesis:AddTagsToStream", "kinesis:RemoveTagsFromStream", "kinesis:ListTagsForStream", "kinesis:TagResource", "kinesis:UntagResource", "kinesis:ListTagsForResource",
			}, resources: []any{own("kinesis", "stream/")}},
		}},
		{"ExecutionRoles", "deploy-roles", []statement{
			{sid: "Roles", actions: []string{
				"iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:ListRoleTags",
				"iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListInstanceProfilesForRole",
			}, resources: []any{iam("role")}},
			{sid: "PassRoles", actions: []string{"iam:PassRole"}, resources: []any{iam("role")}, when: cfn.Map{"StringEquals": cfn.Map{"iam:PassedToService": cfn.List{
				"ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "firehose.amazonaws.com", "dms.amazonaws.com", "cloudtrail.amazonaws.com",
				"elasticmapreduce.amazonaws.com", "emr-serverless.amazonaws.com",
			}}}},
			{sid: "Policies", actions: []string{
				"iam:CreatePolicy", "iam:DeletePolicy", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:ListPolicyVersions",
				"iam:SetDefaultPolicyVersion", "iam:TagPolicy", "iam:UntagPolicy",
			}, resources: []any{iam("policy")}},
			{sid: "Profiles", actions: []string{
				"iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile",
				"iam:TagInstanceProfile", "iam:UntagInstanceProfile",
			}, resources: []any{iam("instance-profile")}},
			{sid: "ServiceRoles", actions: []string{"iam:CreateServiceLinkedRole"}, resources: []any{cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*")},
				when: cfn.Map{"StringEquals": cfn.Map{"iam:AWSServiceName": cfn.List{
					"autoscaling.amazonaws.com", "ecs.amazonaws.com", "elasticmapreduce.amazonaws.com", "ops.emr-serverless.amazonaws.com",
				}}}},
		}},
		{"ExecutionWork", "deploy-work", s.workActions(own)},
		{"ExecutionWatch", "deploy-watch", s.watchActions(own)},
	}
	var policies []any
	for _, g := range groups {
		s.add(g.id, "AWS::IAM::ManagedPolicy", cfn.Map{
			"ManagedPolicyName": s.global(g.what), "Description": "what CloudFormation may do for " + s.base, "PolicyDocument": policy(g.allows...),
		})
		policies = append(policies, cfn.Ref(g.id))
	}
	s.role("ExecutionRole", "deploy", "CloudFormation makes the stacks of "+s.base, trust("cloudformation.amazonaws.com", nil), policies)
}

// dataBucketARN is the bucket of the lake, before there is one.
func (s *site) dataBucketARN() cfn.Map {
	b := s.lakeBucketName()
	if text, ok := b.(string); ok {
		return cfn.Sub("arn:${AWS::Partition}:s3:::" + text)
	}
	return cfn.Sub("arn:${AWS::Partition}:s3:::" + b.(cfn.Map)["Fn::Sub"].(string))
}

// here is the condition that something is done in the region of the environment.
func (s *site) here() cfn.Map {
	return cfn.Map{"StringEquals": cfn.Map{"aws:RequestedRegion": s.a.Region}}
}

// networkActions are for the network, whose parts AWS names itself.
func (s execution) networkActions() []statement {
	return []statement{
		{sid: "MachineImage", actions: []string{"ssm:GetParameters"}, resources: []any{cfn.Sub("arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/ami-amazon-linux-latest/*")}},
		{sid: "Network", actions: []string{
			"ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute", "ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:ModifySubnetAttribute",
			"ec2:CreateRouteTable", "ec2:DeleteRouteTable", "ec2:AssociateRouteTable", "ec2:DisassociateRouteTable", "ec2:ReplaceRouteTableAssociation", "ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute",
			"ec2:CreateInternetGateway", "ec2:DeleteInternetGateway", "ec2:AttachInternetGateway", "ec2:DetachInternetGateway", "ec2:CreateNatGateway", "ec2:DeleteNatGateway",
			"ec2:AllocateAddress", "ec2:ReleaseAddress", "ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints", "ec2:ModifyVpcEndpoint", "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs",
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:UpdateLogDelivery",
			"ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress",
			"ec2:UpdateSecurityGroupRuleDescriptionsIngress", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
			"ec2:CreateLaunchTemplate", "ec2:DeleteLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate", "ec2:GetLaunchTemplateData",
			"ec2:CreateTags", "ec2:DeleteTags", "ec2:RunInstances", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeFlowLogs",
			"ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeNatGateways",
			"ec2:DescribeNetworkInterfaces", "ec2:DescribePrefixLists", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSubnets",
			"ec2:DescribeTags", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcEndpointServices", "ec2:DescribeVpcs",
		}, resources: []any{"*"}, when: s.here()},
	}
}

// workActions are for what works: Spark, the machine or the container, replications.
func (s execution) workActions(own func(service, rest string) cfn.Map) []statement {
	return []statement{
		{sid: "Groups", actions: []string{
			"autoscaling:CreateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup", "autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags",
			"autoscaling:EnableMetricsCollection", "autoscaling:DisableMetricsCollection", "autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses", "autoscaling:TerminateInstanceInAutoScalingGroup",
		}, resources: []any{cfn.Sub("arn:${AWS::Partition}:autoscaling:${AWS::Region}:${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/" + s.base + "-*")}},
		{sid: "Look", actions: []string{
			"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeScalingActivities", "autoscaling:DescribeScheduledActions",
			"ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:CreateCluster",
			"elasticmapreduce:CreateSecurityConfiguration", "elasticmapreduce:DeleteSecurityConfiguration", "elasticmapreduce:DescribeSecurityConfiguration",
			"emr-serverless:CreateApplication", "emr-serverless:ListApplications",
			"dms:DescribeCertificates", "dms:DescribeEndpoints", "dms:DescribeReplicationConfigs", "dms:DescribeReplications", "dms:DescribeReplicationSubnetGroups",
		}, resources: []any{"*"}, when: s.here()},
		{sid: "Spark", actions: []string{
			"emr-serverless:GetApplication", "emr-serverless:UpdateApplication", "emr-serverless:DeleteApplication", "emr-serverless:StopApplication", "emr-serverless:TagResource", "emr-serverless:UntagResource", "emr-serverless:ListTagsForResource",
		}, resources: []any{arn("emr-serverless", "/applications/*")}},
		{sid: "Containers", actions: []string{
			"ecs:CreateService", "ecs:UpdateService", "ecs:DeleteService", "ecs:DescribeServices", "ecs:DeleteCluster", "ecs:DescribeClusters", "ecs:UpdateCluster", "ecs:UpdateClusterSettings", "ecs:TagResource", "ecs:UntagResource",
		}, resources: []any{arn("ecs", "cluster/"+s.base), arn("ecs", "service/"+s.base+"/*"), own("ecs", "task-definition/")}},
		{sid: "Replications", actions: []string{
			"dms:CreateEndpoint", "dms:DeleteEndpoint", "dms:ModifyEndpoint", "dms:ImportCertificate", "dms:DeleteCertificate", "dms:CreateReplicationConfig", "dms:DeleteReplicationConfig",
			"dms:ModifyReplicationConfig", "dms:CreateReplicationSubnetGroup", "dms:DeleteReplicationSubnetGroup", "dms:ModifyReplicationSubnetGroup", "dms:StopReplication",
			"dms:AddTagsToResource", "dms:RemoveTagsFromResource", "dms:ListTagsForResource",
		}, resources: []any{arn("dms", "*")}},
		{sid: "Secrets", actions: []string{
			"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetRandomPassword", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret",
			"secretsmanager:TagResource", "secretsmanager:UntagResource",
		}, resources: []any{own("secretsmanager", "secret:")}},
		{sid: "Archives", actions: []string{
			"firehose:CreateDeliveryStream", "firehose:DeleteDeliveryStream", "firehose:DescribeDeliveryStream", "firehose:UpdateDestination", "firehose:ListTagsForDeliveryStream", "firehose:TagDeliveryStream", "firehose:UntagDeliveryStream",
		}, resources: []any{own("firehose", "deliverystream/")}},
	}
}

// watchActions are for what watches: logs, alarms, topics, queues, the budget.
func (s execution) watchActions(own func(service, rest string) cfn.Map) []statement {
	return []statement{
		{sid: "Logs", actions: []string{
			"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:AssociateKmsKey", "logs:DisassociateKmsKey", "logs:PutLogGroupDeletionProtection",
			"logs:PutMetricFilter", "logs:DeleteMetricFilter", "logs:CreateLogStream", "logs:DeleteLogStream", "logs:TagResource", "logs:UntagResource", "logs:ListTagsForResource", "logs:DescribeMetricFilters", "logs:DescribeLogStreams",
		}, resources: []any{arn("logs", "log-group:"+s.logName("*"))}},
		{sid: "LogGroups", actions: []string{"logs:DescribeLogGroups"}, resources: []any{arn("logs", "log-group:*")}},
		{sid: "Alarms", actions: []string{
			"cloudwatch:PutMetricAlarm", "cloudwatch:PutCompositeAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource", "cloudwatch:UntagResource", "cloudwatch:ListTagsForResource",
		}, resources: []any{own("cloudwatch", "alarm:")}},
		{sid: "SeeAlarms", actions: []string{"cloudwatch:DescribeAlarms"}, resources: []any{arn("cloudwatch", "alarm:*")}},
		{sid: "Dashboards", actions: []string{"cloudwatch:PutDashboard", "cloudwatch:GetDashboard", "cloudwatch:DeleteDashboards"},
			resources: []any{cfn.Sub("arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/" + s.base)}},
		{sid: "Topics", actions: []string{
			"sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Subscribe", "sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:ListSubscriptionsByTopic",
			"sns:GetDataProtectionPolicy", "sns:TagResource", "sns:UntagResource", "sns:ListTagsForResource",
		}, resources: []any{own("sns", "")}},
		{sid: "Queues", actions: []string{"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:GetQueueUrl", "sqs:TagQueue", "sqs:UntagQueue", "sqs:ListQueueTags"},
			resources: []any{own("sqs", "")}},
		{sid: "Rules", actions: []string{"events:PutRule", "events:DeleteRule", "events:DescribeRule", "events:PutTargets", "events:RemoveTargets", "events:ListTargetsByRule", "events:TagResource", "events:UntagResource", "events:ListTagsForResource"},
			resources: []any{own("events", "rule/")}},
		{sid: "Budgets", actions: []string{"budgets:ViewBudget", "budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource", "budgets:ListTagsForResource"},
			resources: []any{cfn.Sub("arn:${AWS::Partition}:budgets::${AWS::AccountId}:budget/" + s.global("budget"))}},
		{sid: "Trails", actions: []string{
			"cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:StartLogging", "cloudtrail:StopLogging",
			"cloudtrail:PutEventSelectors", "cloudtrail:GetEventSelectors", "cloudtrail:AddTags", "cloudtrail:RemoveTags", "cloudtrail:ListTags",
		}, resources: []any{own("cloudtrail", "trail/")}},
		{sid: "SeeTrails", actions: []string{"cloudtrail:DescribeTrails"}, resources: []any{"*"}},
	}
}
