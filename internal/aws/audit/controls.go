package audit

const (
	bucket   = "AWS::S3::Bucket"
	group    = "AWS::EC2::SecurityGroup"
	managed  = "AWS::IAM::ManagedPolicy"
	alarm    = "AWS::CloudWatch::Alarm"
	logs     = "AWS::Logs::LogGroup"
	machine  = "AWS::EC2::LaunchTemplate"
	scaling  = "AWS::AutoScaling::AutoScalingGroup"
	task     = "AWS::ECS::TaskDefinition"
	cluster  = "AWS::EMR::SecurityConfiguration"
	trail    = "AWS::CloudTrail::Trail"
	endpoint = "AWS::DMS::Endpoint"
)

// The profiles that controls begin with.
const (
	baseline  = "baseline"
	strict    = "strict"
	regulated = "regulated"
)

// controls are all demands, by what they are about. The standards are named by their own ids.
var controls = []control{
	{"s3-public", "nobody outside reads or writes objects", []string{"FSBP S3.2", "FSBP S3.3", "FSBP S3.8", "CIS 3.1.4", "CT.S3.PR.1"}, baseline, []string{bucket}, true,
		all(is("PublicAccessBlockConfiguration.BlockPublicAcls", true), is("PublicAccessBlockConfiguration.IgnorePublicAcls", true),
			is("PublicAccessBlockConfiguration.RestrictPublicBuckets", true), is("PublicAccessBlockConfiguration.BlockPublicPolicy", true))},
	{"s3-tls", "requests are encrypted", []string{"FSBP S3.5", "CIS 3.1.1", "CT.S3.PR.8"}, baseline, []string{bucket}, true, bucketDenies("Bool", "aws:SecureTransport", "false")},
	{"s3-tls12", "requests are encrypted by TLS 1.2 or later", []string{"petalake"}, baseline, []string{bucket}, true, bucketDenies("NumericLessThan", "s3:TlsVersion", "1.2")},
	{"s3-access-log", "access is logged", []string{"FSBP S3.9", "CT.S3.PR.2"}, baseline, []string{bucket}, true, has("LoggingConfiguration.DestinationBucketName")},
	{"s3-lifecycle", "a rule says how long objects stay", []string{"FSBP S3.10", "FSBP S3.13", "CT.S3.PR.3", "CT.S3.PR.6"}, baseline, []string{bucket}, true, is("LifecycleConfiguration.Rules.Status", "Enabled")},
	{"s3-events", "events are told", []string{"FSBP S3.11", "CT.S3.PR.4"}, baseline, []string{bucket}, true, is("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", true)},
	{"s3-no-acl", "no access control lists", []string{"FSBP S3.12", "CT.S3.PR.5"}, baseline, []string{bucket}, true, is("OwnershipControls.Rules.ObjectOwnership", "BucketOwnerEnforced")},
	{"s3-versions", "what is overwritten or deleted is kept for a while", []string{"FSBP S3.14", "CT.S3.PR.11"}, baseline, []string{bucket}, true, is("VersioningConfiguration.Status", "Enabled")},
	{"s3-object-lock", "objects can be locked", []string{"FSBP S3.15", "CT.S3.PR.9"}, baseline, []string{bucket}, true, is("ObjectLockEnabled", true)},
	{"s3-kms", "objects are encrypted with a key of KMS", []string{"FSBP S3.17", "CT.S3.PR.10"}, baseline, []string{bucket}, true,
		is("BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms", "aws:kms:dsse")},
	{"s3-commits", "a commit cannot overwrite another", []string{"petalake"}, baseline, []string{"AWS::S3::BucketPolicy"}, true, conditionalCommits},
	{"s3-retention", "objects are locked for a time", []string{"FSBP S3.15"}, regulated, []string{bucket}, true, atLeast("ObjectLockConfiguration.Rule.DefaultRetention.Days", 1)},

	{"kms-rotation", "the key is rotated", []string{"FSBP KMS.4"}, baseline, []string{"AWS::KMS::Key"}, true, is("EnableKeyRotation", true)},
	{"kms-closed", "the key is not public", []string{"FSBP KMS.5", "CIS 2.21"}, baseline, []string{"AWS::KMS::Key"}, true, closedKey},
	{"kms-deletion", "a deleted key can be had back for a month", []string{"FSBP KMS.3"}, baseline, []string{"AWS::KMS::Key"}, true, atLeast("PendingWindowInDays", 30)},
	{"kms-decrypt", "no policy decrypts with every key", []string{"FSBP KMS.1", "FSBP KMS.2"}, baseline, []string{managed}, true, noDecryptEverywhere},

	{"iam-no-admin", "no policy allows everything", []string{"FSBP IAM.1", "CIS 2.14"}, baseline, []string{managed}, true, noFullAccess},
	{"iam-no-service-wildcard", "no policy allows all of a service", []string{"FSBP IAM.21"}, baseline, []string{managed}, true, noServiceWildcard},
	{"iam-pass-role", "roles are handed to named services alone", []string{"petalake"}, baseline, []string{managed}, true, passesTo},
	{"role-confused-deputy", "services take roles for this account alone", []string{"petalake"}, baseline, []string{"AWS::IAM::Role"}, true, ownAccount},

	{"vpc-default-group", "the default group of the network is closed", []string{"FSBP EC2.2", "CIS 6.5"}, baseline, []string{"AWS::EC2::VPC"}, true, byCall},
	{"vpc-flow-log", "who spoke to whom is logged", []string{"FSBP EC2.6", "CIS 4.7"}, baseline, []string{"AWS::EC2::FlowLog"}, true, is("TrafficType", "ALL", "REJECT")},
	{"vpc-private", "subnets give no public addresses", []string{"FSBP EC2.15", "CT.EC2.PR.11"}, baseline, []string{"AWS::EC2::Subnet"}, true, is("MapPublicIpOnLaunch", false)},
	{"vpc-ingress", "nothing lets in the whole internet", []string{"FSBP EC2.13", "FSBP EC2.14", "FSBP EC2.18", "FSBP EC2.19", "CT.EC2.PR.3", "CT.EC2.PR.4"}, baseline, []string{group, "AWS::EC2::SecurityGroupIngress"}, true, noOpenIngress},
	{"vpc-described", "every rule says what it is for", []string{"petalake"}, baseline, []string{group, "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}, true, described},
	{"vpc-endpoint-policy", "ways to services of AWS have a policy", []string{"FSBP EC2.10", "CIS 6.8"}, baseline, []string{"AWS::EC2::VPCEndpoint"}, true, has("PolicyDocument")},

	{"ec2-imdsv2", "credentials of a machine are given by tokens alone", []string{"FSBP EC2.8", "FSBP EC2.170", "CIS 6.7", "CT.EC2.PR.1"}, baseline, []string{machine}, false, is("LaunchTemplateData.MetadataOptions.HttpTokens", "required")},
	{"ec2-hop", "credentials of a machine reach no container on it", []string{"CT.EC2.PR.2"}, baseline, []string{machine}, false, is("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", 1.0)},
	{"ec2-no-public-ip", "machines have no public address", []string{"FSBP EC2.9", "FSBP EC2.25", "CT.EC2.PR.9"}, baseline, []string{machine}, false, is("LaunchTemplateData.NetworkInterfaces.AssociatePublicIpAddress", false)},
	{"ec2-disk", "disks are encrypted", []string{"FSBP EC2.3", "FSBP EC2.7", "CT.EC2.PR.14"}, baseline, []string{machine}, false, is("LaunchTemplateData.BlockDeviceMappings.Ebs.Encrypted", true)},
	{"ec2-monitoring", "machines are measured by the minute", []string{"CT.EC2.PR.10"}, baseline, []string{machine}, false, is("LaunchTemplateData.Monitoring.Enabled", true)},
	{"asg-zones", "a machine is in any of several zones", []string{"FSBP AutoScaling.2", "CT.AUTOSCALING.PR.1"}, baseline, []string{scaling}, false, several("AvailabilityZones")},
	{"asg-types", "a machine is of any of several types", []string{"FSBP AutoScaling.6", "CT.AUTOSCALING.PR.6"}, strict, []string{scaling}, false, several("MixedInstancesPolicy.LaunchTemplate.Overrides")},
	{"asg-template", "groups start from launch templates", []string{"FSBP AutoScaling.9", "CT.AUTOSCALING.PR.8"}, baseline, []string{scaling}, false, has("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification")},

	{"ecs-no-public-ip", "containers have no public address", []string{"FSBP ECS.2", "CT.ECS.PR.9"}, baseline, []string{"AWS::ECS::Service"}, false, is("NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "DISABLED")},
	{"ecs-platform", "containers run on the latest platform", []string{"FSBP ECS.10", "CT.ECS.PR.1"}, baseline, []string{"AWS::ECS::Service"}, false, is("PlatformVersion", "LATEST")},
	{"ecs-unprivileged", "containers have no privileges", []string{"FSBP ECS.4", "CT.ECS.PR.11"}, baseline, []string{task}, false, is("ContainerDefinitions.Privileged", false)},
	{"ecs-user", "containers are not root", []string{"CT.ECS.PR.3"}, baseline, []string{task}, false, has("ContainerDefinitions.User")},
	{"ecs-read-only", "containers do not write to their image", []string{"FSBP ECS.5", "CT.ECS.PR.6"}, baseline, []string{task}, false, is("ContainerDefinitions.ReadonlyRootFilesystem", true)},
	{"ecs-log", "containers are logged", []string{"FSBP ECS.9", "CT.ECS.PR.5"}, baseline, []string{task}, false, has("ContainerDefinitions.LogConfiguration.LogDriver")},
	{"ecs-insights", "containers are measured", []string{"FSBP ECS.12", "CT.ECS.PR.2"}, baseline, []string{"AWS::ECS::Cluster"}, false, is("ClusterSettings.Value", "enabled", "enhanced")},

	{"emr-at-rest", "clusters encrypt what they keep", []string{"FSBP EMR.3", "CT.EMR.PR.1", "CT.EMR.PR.2", "CT.EMR.PR.3"}, baseline, []string{cluster}, false,
		all(is("SecurityConfiguration.EncryptionConfiguration.EnableAtRestEncryption", true),
			is("SecurityConfiguration.EncryptionConfiguration.AtRestEncryptionConfiguration.S3EncryptionConfiguration.EncryptionMode", "SSE-KMS"))},
	{"emr-in-transit", "clusters encrypt what they say", []string{"FSBP EMR.4", "CT.EMR.PR.4"}, baseline, []string{cluster}, false, is("SecurityConfiguration.EncryptionConfiguration.EnableInTransitEncryption", true)},

	{"logs-encrypted", "logs are encrypted with a key of KMS", []string{"CT.CLOUDWATCH.PR.3"}, baseline, []string{logs}, true, has("KmsKeyId")},
	{"logs-year", "logs are kept for a year", []string{"FSBP CloudWatch.16", "CT.CLOUDWATCH.PR.2"}, strict, []string{logs}, true, atLeast("RetentionInDays", 365)},
	{"logs-protected", "logs are protected from deletion", []string{"petalake"}, strict, []string{logs}, true, is("DeletionProtectionEnabled", true)},
	{"alarm-action", "alarms tell somebody", []string{"FSBP CloudWatch.15", "CT.CLOUDWATCH.PR.1"}, baseline, []string{alarm}, true, has("AlarmActions")},
	{"alarm-active", "alarms are switched on", []string{"FSBP CloudWatch.17", "CT.CLOUDWATCH.PR.4"}, baseline, []string{alarm}, true, is("ActionsEnabled", true)},
	{"alerts", "somebody is told of alarms", []string{"petalake"}, strict, []string{"AWS::SNS::Subscription"}, true, has("Endpoint")},
	{"sns-encrypted", "alarms are encrypted", []string{"FSBP SNS.1"}, baseline, []string{"AWS::SNS::Topic"}, true, has("KmsMasterKeyId")},
	{"sns-tls", "alarms are sent encrypted", []string{"petalake"}, baseline, []string{"AWS::SNS::Topic"}, true, denied("AWS::SNS::TopicPolicy")},

	{"trail-objects", "every read and write of the lake is logged", []string{"FSBP S3.22", "FSBP S3.23", "CIS 4.8", "CIS 4.9"}, strict, []string{trail}, true, is("AdvancedEventSelectors.FieldSelectors.Equals", "Data")},
	{"trail-encrypted", "the trail is encrypted", []string{"FSBP CloudTrail.2", "CT.CLOUDTRAIL.PR.1"}, strict, []string{trail}, true, has("KMSKeyId")},
	{"trail-signed", "the trail is signed", []string{"FSBP CloudTrail.4", "CT.CLOUDTRAIL.PR.2"}, strict, []string{trail}, true, is("EnableLogFileValidation", true)},
	{"trail-watched", "the trail can be searched", []string{"FSBP CloudTrail.5", "CT.CLOUDTRAIL.PR.3"}, strict, []string{trail}, true, has("CloudWatchLogsLogGroupArn")},

	{"sqs-encrypted", "messages are encrypted", []string{"FSBP SQS.1", "CT.SQS.PR.2"}, baseline, []string{"AWS::SQS::Queue"}, false, either(has("KmsMasterKeyId"), is("SqsManagedSseEnabled", true))},
	{"sqs-dead-letter", "messages that nobody can read are not lost", []string{"CT.SQS.PR.1"}, baseline, []string{"AWS::SQS::Queue"}, false, has("RedrivePolicy")},
	{"sqs-tls", "messages are sent encrypted", []string{"petalake"}, baseline, []string{"AWS::SQS::Queue"}, false, denied("AWS::SQS::QueuePolicy")},
	{"kinesis-encrypted", "streams are encrypted", []string{"FSBP Kinesis.1", "CT.KINESIS.PR.1"}, baseline, []string{"AWS::Kinesis::Stream"}, false, is("StreamEncryption.EncryptionType", "KMS")},
	{"kinesis-week", "streams keep records for a week", []string{"FSBP Kinesis.3"}, strict, []string{"AWS::Kinesis::Stream"}, false, atLeast("RetentionPeriodHours", 168)},
	{"dms-tls", "replications are encrypted", []string{"FSBP DMS.9", "CT.DMS.PR.2"}, baseline, []string{endpoint}, false, secureEndpoint},
	{"dms-log", "replications are logged", []string{"FSBP DMS.7", "FSBP DMS.8"}, baseline, []string{"AWS::DMS::ReplicationConfig"}, false, is("ReplicationSettings.Logging.EnableLogging", true)},
	{"dms-zones", "replications run in two zones", []string{"FSBP DMS.13"}, strict, []string{"AWS::DMS::ReplicationConfig"}, false, is("ComputeConfig.MultiAZ", true)},
	{"secret-encrypted", "secrets are encrypted with a key of the account", []string{"petalake"}, baseline, []string{"AWS::SecretsManager::Secret"}, false, has("KmsKeyId")},
}
