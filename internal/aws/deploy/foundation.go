package deploy

import (
	"github.com/petalake/petalake/internal/aws/cfn"
)

// foundation is the stack of what stays the same from one deployment to the next.
type foundation struct{ layer }

func (s foundation) build() *Stack {
	logBucket := s.input(Bootstrap, "LogBucket", "the bucket for logs")
	s.key()
	s.lakeBucket(logBucket)
	network(s).build(logBucket)
	s.logGroup("DaemonLogs", "daemon")
	if s.spark() {
		s.logGroup("SparkLogs", "spark")
	}
	if s.watched() {
		s.trail(logBucket)
	}
	s.output("Key", "the key that everything is encrypted with", cfn.GetAtt("Key", "Arn"))
	s.output("DataBucket", "the bucket of the lake", cfn.Ref("DataBucket"))
	return s.Stack
}

// key is the one key of the environment: the account decides who uses it, by roles; services of AWS
// use it for what they do for this account.
func (s foundation) key() {
	use := []string{"kms:Decrypt", "kms:GenerateDataKey*"}
	var spark []statement
	if s.spark() { // EMR Serverless keeps the logs of applications for people
		spark = []statement{{sid: "Spark", principal: cfn.Map{"Service": "emr-serverless.amazonaws.com"}, actions: use, resources: []any{"*"}, when: ofApplications()}}
	}
	s.add("Key", "AWS::KMS::Key", cfn.Map{
		"Description": s.base + ": lake, logs, queues and topics", "EnableKeyRotation": true, "RotationPeriodInDays": 365, "PendingWindowInDays": 30,
		"KeyPolicy": policy(append(spark,
			statement{sid: "Account", principal: account, actions: []string{"kms:*"}, resources: []any{"*"}},
			statement{sid: "Logs", principal: cfn.Map{"Service": cfn.Sub("logs.${AWS::Region}.amazonaws.com")},
				actions: append(use, "kms:Encrypt", "kms:ReEncrypt*", "kms:DescribeKey"), resources: []any{"*"},
				when: cfn.Map{"ArnLike": cfn.Map{"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:*")}}},
			// CloudWatch says for whom it sends an alarm to the topic, and not when it asks for the key.
			statement{sid: "Alarms", principal: cfn.Map{"Service": "cloudwatch.amazonaws.com"}, actions: use, resources: []any{"*"}},
			statement{sid: "Budgets", principal: cfn.Map{"Service": "budgets.amazonaws.com"}, actions: use, resources: []any{"*"}, when: ownAccount},
			statement{sid: "Trail", principal: cfn.Map{"Service": "cloudtrail.amazonaws.com"}, actions: []string{"kms:GenerateDataKey*"}, resources: []any{"*"},
				when: cfn.Map{"StringEquals": cfn.Map{"aws:SourceArn": arn("cloudtrail", "trail/"+s.name("trail"))}}},
			statement{sid: "TrailLooks", principal: cfn.Map{"Service": "cloudtrail.amazonaws.com"}, actions: []string{"kms:DescribeKey"}, resources: []any{"*"}},
			// Nobody hands on the right to use the key, but to services of AWS.
			statement{sid: "NoGrants", deny: true, principal: "*", actions: []string{"kms:CreateGrant"}, resources: []any{"*"},
				when: cfn.Map{"BoolIfExists": cfn.Map{"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}}},
		)...),
	}).Retain = true
	s.add("KeyAlias", "AWS::KMS::Alias", cfn.Map{"AliasName": "alias/" + s.base, "TargetKeyId": cfn.Ref("Key")})
}

func (s layer) logGroup(id, what string) {
	s.add(id, "AWS::Logs::LogGroup", cfn.Map{
		"LogGroupName": s.logName(what), "RetentionInDays": s.a.LogDays(), "KmsKeyId": cfn.GetAtt("Key", "Arn"),
		"DeletionProtectionEnabled": s.watched(),
	}).Retain = true
}

func (s *site) logName(what string) string { return "/petalake/" + s.base + "/" + what }

// trail logs who read and wrote what in the lake. What is done to the account itself is the business
// of the account's own trail.
func (s foundation) trail(logBucket any) {
	s.logGroup("TrailLogs", "trail")
	s.role("TrailRole", "trail", "CloudTrail writes its log", trust("cloudtrail.amazonaws.com", nil), nil,
		statement{sid: "Write", actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, resources: []any{arn("logs", "log-group:"+s.logName("trail")+":log-stream:*")}})
	s.add("Trail", "AWS::CloudTrail::Trail", cfn.Map{
		"TrailName": s.name("trail"), "IsLogging": true, "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": false,
		"EnableLogFileValidation": true, "S3BucketName": logBucket, "S3KeyPrefix": "trail", "KMSKeyId": cfn.GetAtt("Key", "Arn"),
		"CloudWatchLogsLogGroupArn": cfn.GetAtt("TrailLogs", "Arn"), "CloudWatchLogsRoleArn": cfn.GetAtt("TrailRole", "Arn"),
		"AdvancedEventSelectors": cfn.List{cfn.Map{"Name": "objects of the lake", "FieldSelectors": cfn.List{
			cfn.Map{"Field": "eventCategory", "Equals": cfn.List{"Data"}},
			cfn.Map{"Field": "resources.type", "Equals": cfn.List{"AWS::S3::Object"}},
			cfn.Map{"Field": "resources.ARN", "StartsWith": cfn.List{cfn.Sub("${DataBucket.Arn}/")}},
		}}},
	})
}
