package terraform

import "maps"

// kind says what a type of CloudFormation is in Terraform.
type kind struct {
	name       string            // of the resource
	ref        string            // the attribute that Ref is; "" for id
	attributes map[string]string // those of GetAtt that have another name
	fields     map[string]string // properties with another name; "-" for one that follows from others or is written by fix, "text:name" for JSON as a text
	fix        func(m *module, t *template, id string, p object) error
}

// NATError says that a lakehouse has a NAT gateway for all zones, which the AWS provider 5 does not know.
type NATError struct{}

func (*NATError) Error() string {
	return "the AWS provider 5 of Terraform knows no NAT gateway for all zones"
}

// Hint says what to do.
func (*NATError) Hint() string {
	return "write nat: false under aws, and give the network a way to the internet by Terraform of your own"
}

// table is all types that stacks of a lakehouse have.
func table() map[string]kind {
	all := map[string]kind{
		"AWS::AutoScaling::AutoScalingGroup": {name: "aws_autoscaling_group", ref: "name", fix: group, fields: map[string]string{
			"AutoScalingGroupName": "name", "AvailabilityZones": "-", "VPCZoneIdentifier": "vpc_zone_identifier",
		}},
		"AWS::Budgets::Budget": {name: "aws_budgets_budget", fix: budget},
		"AWS::CloudTrail::Trail": {name: "aws_cloudtrail", fix: trail, fields: map[string]string{
			"TrailName": "name", "IsLogging": "enable_logging", "CloudWatchLogsLogGroupArn": "cloud_watch_logs_group_arn", "CloudWatchLogsRoleArn": "cloud_watch_logs_role_arn",
			"S3BucketName": "s3_bucket_name", "S3KeyPrefix": "s3_key_prefix", "KMSKeyId": "kms_key_id", "AdvancedEventSelectors": "advanced_event_selector",
		}},
		"AWS::CloudWatch::Alarm": {name: "aws_cloudwatch_metric_alarm", ref: "alarm_name", fix: alarm, fields: map[string]string{
			"DatapointsToAlarm": "datapoints_to_alarm", "OKActions": "ok_actions",
		}},
		"AWS::CloudWatch::CompositeAlarm": {name: "aws_cloudwatch_composite_alarm", ref: "alarm_name"},
		"AWS::CloudWatch::Dashboard":      {name: "aws_cloudwatch_dashboard"},
		"AWS::DMS::Certificate":           {name: "aws_dms_certificate", ref: "certificate_arn", fields: map[string]string{"CertificateIdentifier": "certificate_id"}},
		"AWS::DMS::Endpoint": {name: "aws_dms_endpoint", ref: "endpoint_arn", fix: endpoint, fields: map[string]string{
			"EndpointIdentifier": "endpoint_id", "KmsKeyId": "kms_key_arn",
		}},
		"AWS::DMS::ReplicationConfig": {name: "aws_dms_replication_config", ref: "arn", fields: map[string]string{
			"ReplicationSettings": "text:replication_settings", "TableMappings": "text:table_mappings",
		}, fix: func(_ *module, _ *template, _ string, p object) error {
			rename(child(p, "compute_config"), "multi_az", "multi_az")
			return nil
		}},
		"AWS::DMS::ReplicationSubnetGroup": {name: "aws_dms_replication_subnet_group", fields: map[string]string{
			"ReplicationSubnetGroupIdentifier": "replication_subnet_group_id",
		}},
		"AWS::ECS::Cluster": {name: "aws_ecs_cluster", ref: "name", fields: map[string]string{"ClusterName": "name", "ClusterSettings": "setting"}},
		"AWS::ECS::Service": {name: "aws_ecs_service", fix: service, fields: map[string]string{
			"ServiceName": "name", "EnableECSManagedTags": "enable_ecs_managed_tags",
		}},
		"AWS::ECS::TaskDefinition": {name: "aws_ecs_task_definition", ref: "arn", fix: task, fields: map[string]string{
			"ContainerDefinitions": "-", "Volumes": "volume",
		}},
		"AWS::EMR::SecurityConfiguration": {name: "aws_emr_security_configuration", ref: "name", fields: map[string]string{"SecurityConfiguration": "text:configuration"}},
		"AWS::EMRServerless::Application": {name: "aws_emrserverless_application", fix: serverless},
		"AWS::Events::Rule":               {name: "aws_cloudwatch_event_rule", ref: "name", fix: eventRule, fields: map[string]string{"EventPattern": "text:event_pattern"}},
		"AWS::IAM::InstanceProfile":       {name: "aws_iam_instance_profile", ref: "name", fields: map[string]string{"InstanceProfileName": "name", "Roles": "role"}, fix: firstOf("role")},
		"AWS::IAM::ManagedPolicy":         {name: "aws_iam_policy", ref: "arn", fields: map[string]string{"ManagedPolicyName": "name", "PolicyDocument": "text:policy"}},
		"AWS::IAM::Role": {name: "aws_iam_role", ref: "name", fix: attachments, fields: map[string]string{
			"RoleName": "name", "AssumeRolePolicyDocument": "text:assume_role_policy",
		}},
		"AWS::KMS::Alias": {name: "aws_kms_alias", ref: "name", fields: map[string]string{"AliasName": "name"}},
		"AWS::KMS::Key": {name: "aws_kms_key", ref: "key_id", fields: map[string]string{
			"KeyPolicy": "text:policy", "PendingWindowInDays": "deletion_window_in_days",
		}},
		"AWS::Kinesis::Stream": {name: "aws_kinesis_stream", ref: "name", fix: stream, fields: map[string]string{"RetentionPeriodHours": "retention_period"}},
		"AWS::KinesisFirehose::DeliveryStream": {name: "aws_kinesis_firehose_delivery_stream", ref: "name", fix: firehose, fields: map[string]string{
			"DeliveryStreamName": "name", "DeliveryStreamType": "-", "ExtendedS3DestinationConfiguration": "extended_s3_configuration", "KinesisStreamSourceConfiguration": "kinesis_source_configuration",
		}},
		"AWS::Logs::LogGroup":     {name: "aws_cloudwatch_log_group", ref: "name", fields: map[string]string{"LogGroupName": "name", "DeletionProtectionEnabled": "-"}},
		"AWS::Logs::LogStream":    {name: "aws_cloudwatch_log_stream", ref: "name", fields: map[string]string{"LogStreamName": "name"}},
		"AWS::Logs::MetricFilter": {name: "aws_cloudwatch_log_metric_filter", fix: metricFilter, fields: map[string]string{"FilterPattern": "pattern"}},
		"AWS::S3::Bucket":         {name: "aws_s3_bucket", fix: bucket, fields: map[string]string{"BucketName": "bucket"}},
		"AWS::S3::BucketPolicy":   {name: "aws_s3_bucket_policy", fields: map[string]string{"PolicyDocument": "text:policy"}},
		"AWS::SNS::Subscription":  {name: "aws_sns_topic_subscription"},
		"AWS::SNS::Topic":         {name: "aws_sns_topic", fields: map[string]string{"TopicName": "name"}, attributes: map[string]string{"TopicArn": "arn"}},
		"AWS::SNS::TopicPolicy":   {name: "aws_sns_topic_policy", fields: map[string]string{"PolicyDocument": "text:policy", "Topics": "arn"}, fix: firstOf("arn")},
		"AWS::SQS::Queue": {name: "aws_sqs_queue", fields: map[string]string{
			"QueueName": "name", "MessageRetentionPeriod": "message_retention_seconds", "VisibilityTimeout": "visibility_timeout_seconds", "RedrivePolicy": "text:redrive_policy",
			"ReceiveMessageWaitTimeSeconds": "receive_wait_time_seconds",
		}},
		"AWS::SQS::QueuePolicy":       {name: "aws_sqs_queue_policy", fields: map[string]string{"PolicyDocument": "text:policy", "Queues": "queue_url"}, fix: eachOf("aws_sqs_queue_policy", "queue_url")},
		"AWS::SecretsManager::Secret": {name: "aws_secretsmanager_secret", fix: secret},
	}
	maps.Copy(all, networkTable())
	return all
}

// networkTable is the part of table that networks and machines are made of.
func networkTable() map[string]kind {
	return map[string]kind{
		"AWS::EC2::FlowLog":         {name: "aws_flow_log", fields: map[string]string{"ResourceId": "vpc_id", "ResourceType": "-"}},
		"AWS::EC2::InternetGateway": {name: "aws_internet_gateway"},
		"AWS::EC2::LaunchTemplate":  {name: "aws_launch_template", attributes: map[string]string{"LatestVersionNumber": "latest_version"}, fix: launchTemplate, fields: map[string]string{"LaunchTemplateName": "name"}},
		"AWS::EC2::NatGateway": {name: "aws_nat_gateway", fix: func(*module, *template, string, object) error {
			return &NATError{}
		}},
		"AWS::EC2::Route":                       {name: "aws_route"},
		"AWS::EC2::RouteTable":                  {name: "aws_route_table"},
		"AWS::EC2::SecurityGroup":               {name: "aws_security_group", attributes: map[string]string{"GroupId": "id"}, fix: securityGroup, fields: map[string]string{"GroupDescription": "description"}},
		"AWS::EC2::SecurityGroupEgress":         {name: "aws_vpc_security_group_egress_rule", fix: rule},
		"AWS::EC2::SecurityGroupIngress":        {name: "aws_vpc_security_group_ingress_rule", fix: rule},
		"AWS::EC2::Subnet":                      {name: "aws_subnet"},
		"AWS::EC2::SubnetRouteTableAssociation": {name: "aws_route_table_association"},
		"AWS::EC2::VPC":                         {name: "aws_vpc", fix: network},
		"AWS::EC2::VPCEndpoint":                 {name: "aws_vpc_endpoint", fields: map[string]string{"PolicyDocument": "text:policy"}},
		"AWS::EC2::VPCGatewayAttachment":        {name: "aws_internet_gateway_attachment"},
	}
}

// omitted are the properties that are left out, by the type that has them.
var omitted = map[string]string{
	"AWS::DMS::Endpoint":              "S3Settings ExpectedBucketOwner: the AWS provider 5 does not know it",
	"AWS::EMRServerless::Application": "Monitoring, Scheduler, Runtime and Session: the AWS provider 5 does not know them: set them once by aws emr-serverless update-application",
	"AWS::Logs::LogGroup":             "DeletionProtectionEnabled: the AWS provider 5 does not know it; prevent_destroy keeps the group",
	"AWS::S3::Bucket":                 "BlockedEncryptionTypes: the AWS provider 5 does not know it; the policy of the bucket asks for its key",
	"AWS::SecretsManager::Secret":     "GenerateSecretString: a password would be in the state; the first version has none, and is yours to change",
}
