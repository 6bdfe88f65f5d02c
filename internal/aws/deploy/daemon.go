package deploy

import (
	_ "embed" // daemon.sh
	"regexp"
	"strconv"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// startScript is the user data of a new machine. @ENV@, @LOGS@ and @SPARK@ are filled in here, ${...} by CloudFormation.
//
//go:embed daemon.sh
var startScript string

var graviton = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)

// Architecture is that of an EC2 instance type, as Go names it: the program that is deployed is to be
// built for it.
func Architecture(instance string) string {
	if graviton.MatchString(instance) {
		return "arm64"
	}
	return "amd64"
}

// daemon is petalake up: one, so that nothing is loaded twice for nothing. (Two would harm nobody: of
// two commits of one batch the second is refused.)
type daemon struct{ layer }

func (s daemon) build(tables []any) {
	s.add("DaemonGroup", "AWS::EC2::SecurityGroup", cfn.Map{
		"GroupDescription": "petalake: to AWS, and nobody to it", "VpcId": s.input(Foundation, "Network", "the network"), "Tags": named(s.name("daemon")),
		"SecurityGroupEgress": cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}},
	})
	work := s.work()
	if s.a.Daemon.Image != "" {
		s.container(work, tables)
		return
	}
	work = append(work,
		statement{sid: "Program", actions: []string{"s3:GetObject"}, resources: []any{objects(s.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "*")}},
		s.writeLog("daemon"))
	s.role("DaemonRole", "daemon", "petalake loads, builds and answers", trust("ec2.amazonaws.com", nil), tables, work...)
	s.add("DaemonProfile", "AWS::IAM::InstanceProfile", cfn.Map{"InstanceProfileName": s.global("daemon"), "Roles": cfn.List{cfn.Ref("DaemonRole")}})
	s.given(BinaryKey, "the key of the program in the bucket for artefacts")
	s.given(BinaryDigest, "its SHA-256")
	s.given(BundleKey, "the key of the folder of lakehouse.yaml, a .tar.gz")
	s.given(BundleDigest, "its SHA-256")
	s.machine()
}

// machine is one instance in a group that makes another where it dies, and once a month for its patches. A new version takes its place
// before the next request for work, after the old one is gone: no two at once.
func (s daemon) machine() {
	d := s.a.Daemon
	image := "al2023-ami-kernel-default-" + map[string]string{"arm64": "arm64", "amd64": "x86_64"}[Architecture(d.Instance)]
	tags := cfn.List{cfn.Map{"Key": "Name", "Value": s.name("daemon")}, cfn.Map{"Key": "petalake:environment", "Value": s.base}}
	where := " " + spec.AccountOf + "=${AWS::AccountId}"
	if len(s.sourceFolders()) > 0 {
		where += " " + spec.ArrivalsQueue + "=" + s.fileQueueURL()
	}
	if s.spark() {
		where += " " + spec.EMRApplication + "=${Spark} " + spec.EMRRole + "=${SparkRole.Arn}"
	}
	if s.l.OnClusters(s.e) {
		where += " " + spec.FleetPlace + "=" + s.fleetPlace()
	}
	script := strings.NewReplacer("@ENV@", s.e.Name, "@LOGS@", s.logName("daemon"), "@SPARK@", where).Replace(startScript)
	s.add("DaemonTemplate", "AWS::EC2::LaunchTemplate", cfn.Map{
		"LaunchTemplateName": s.name("daemon"),
		"LaunchTemplateData": cfn.Map{
			// Looked up when a machine starts: each has the patches of its day.
			"ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/" + image, "InstanceType": d.Instance, "EbsOptimized": true,
			"IamInstanceProfile": cfn.Map{"Arn": cfn.GetAtt("DaemonProfile", "Arn")},
			"MetadataOptions":    cfn.Map{"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
			"Monitoring":         cfn.Map{"Enabled": true},
			"NetworkInterfaces": cfn.List{cfn.Map{
				"DeviceIndex": 0, "AssociatePublicIpAddress": false, "DeleteOnTermination": true, "Groups": cfn.List{cfn.Ref("DaemonGroup")},
			}},
			// The key of the account encrypts the disk: it holds nothing that is not in the lake, and the
			// group cannot use a key of ours before somebody grants it that.
			"BlockDeviceMappings": cfn.List{cfn.Map{"DeviceName": "/dev/xvda", "Ebs": cfn.Map{
				"VolumeType": "gp3", "VolumeSize": int(d.Disk >> 30), "Encrypted": true, "DeleteOnTermination": true,
			}}},
			"UserData":          cfn.Map{"Fn::Base64": cfn.Sub(script)},
			"TagSpecifications": cfn.List{cfn.Map{"ResourceType": "instance", "Tags": tags}, cfn.Map{"ResourceType": "volume", "Tags": tags}},
		},
	})
	zones := cfn.List{}
	for _, z := range s.a.Zones {
		zones = append(zones, z)
	}
	group := s.add("Daemon", "AWS::AutoScaling::AutoScalingGroup", cfn.Map{
		"AutoScalingGroupName": s.name("daemon"), "MinSize": "1", "MaxSize": "1", "DesiredCapacity": "1",
		"AvailabilityZones": zones, "VPCZoneIdentifier": s.subnets(),
		"HealthCheckType": "EC2", "HealthCheckGracePeriod": 300, "MaxInstanceLifetime": 30 * 86400,
		"MixedInstancesPolicy": cfn.Map{
			"LaunchTemplate": cfn.Map{
				"LaunchTemplateSpecification": cfn.Map{"LaunchTemplateId": cfn.Ref("DaemonTemplate"), "Version": cfn.GetAtt("DaemonTemplate", "LatestVersionNumber")},
				"Overrides":                   s.substitutes(),
			},
			"InstancesDistribution": cfn.Map{"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 100, "OnDemandAllocationStrategy": "prioritized"},
		},
		"MetricsCollection": cfn.List{cfn.Map{"Granularity": "1Minute", "Metrics": cfn.List{"GroupInServiceInstances"}}},
		"Tags": cfn.List{
			cfn.Map{"Key": "Name", "Value": s.name("daemon"), "PropagateAtLaunch": true},
			cfn.Map{"Key": "petalake:environment", "Value": s.base, "PropagateAtLaunch": true},
		},
	})
	group.UpdatePolicy = cfn.Map{"AutoScalingRollingUpdate": cfn.Map{"MinInstancesInService": 0, "MaxBatchSize": 1, "PauseTime": "PT2M"}}
	s.output("Daemon", "the group of the machine of petalake", cfn.Ref("Daemon"))
}

// fileQueueURL is where the daemon asks for messages of files, for Fn::Sub. It asks nobody for it: the
// network has no way to the service that knows accounts.
func (s *site) fileQueueURL() string {
	return "https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/" + s.name("arrivals")
}

// substitutes are instance types that take the place of one that a zone has run out of: of the same
// size and kind of processor, and no weaker.
func (s daemon) substitutes() cfn.List {
	family, size, _ := strings.Cut(s.a.Daemon.Instance, ".")
	all := cfn.List{cfn.Map{"InstanceType": s.a.Daemon.Instance}}
	for _, pair := range [][2]string{{"7g", "7gd"}, {"8g", "7g"}, {"6i", "7i"}, {"7i", "6i"}} {
		if kind, ok := strings.CutSuffix(family, pair[0]); ok && len(kind) == 1 && strings.Contains("cmr", kind) {
			all = append(all, cfn.Map{"InstanceType": kind + pair[1] + "." + size})
		}
	}
	return all
}

// work lists the permissions of petalake itself.
func (s daemon) work() []statement {
	var all []statement
	if s.access == nil {
		all = append(s.lakeAccess(), s.catalogAccess()...)
	} else if s.spark() { // EMR takes a job only from somebody who may use the key of its logs
		all = append(all, statement{sid: "EncryptLogs", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{s.input(Foundation, "Key", "the key")}})
	}
	all = append(all, statement{sid: "Metrics", actions: []string{"cloudwatch:PutMetricData"}, resources: []any{"*"}, when: cfn.Map{"StringEquals": cfn.Map{"cloudwatch:namespace": "Petalake"}}})
	all = append(all, s.catalogWork()...)
	if len(s.sourceFolders()) > 0 {
		all = append(all, statement{sid: "Arrivals", actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}, resources: []any{arn("sqs", s.name("arrivals"))}})
	}
	if len(s.l.Databases) > 0 {
		all = append(all,
			statement{sid: "Replications", actions: []string{"dms:DescribeReplicationConfigs", "dms:DescribeReplications"}, resources: []any{"*"}, when: s.here()},
			statement{sid: "StartReplications", actions: []string{"dms:StartReplication"}, resources: []any{arn("dms", "replication-config:*")},
				when: cfn.Map{"StringEquals": cfn.Map{"aws:ResourceTag/petalake:environment": s.base}}})
	}
	if s.l.OnClusters(s.e) {
		all = append(all,
			statement{sid: "Interruptions", actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, resources: []any{arn("sqs", s.name("interruptions"))}},
			statement{sid: "FindClusters", actions: []string{"elasticmapreduce:ListClusters"}, resources: []any{"*"}, when: s.here()})
	}
	if !s.spark() {
		return all
	}
	passed := []any{cfn.GetAtt("SparkRole", "Arn")}
	for _, r := range s.accessRoles() {
		if r.Jobs != nil {
			passed = append(passed, cfn.GetAtt(r.id, "Arn"))
		}
	}
	return append(all,
		statement{sid: "Jobs", actions: []string{
			"emr-serverless:GetApplication", "emr-serverless:StartApplication", "emr-serverless:StartJobRun", "emr-serverless:ListJobRuns", "emr-serverless:GetJobRun",
			"emr-serverless:CancelJobRun", "emr-serverless:GetDashboardForJobRun", "emr-serverless:StartSession", "emr-serverless:GetSession", "emr-serverless:GetSessionEndpoint",
			"emr-serverless:TerminateSession",
		}, resources: []any{cfn.GetAtt("Spark", "Arn"), cfn.Sub("${Spark.Arn}/*")}},
		statement{sid: "StartClusters", actions: []string{"elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags"}, resources: []any{"*"},
			when: cfn.Map{"StringEquals": cfn.Map{"aws:RequestTag/petalake:environment": s.base}}},
		statement{sid: "Clusters", actions: []string{
			"elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:CancelSteps", "elasticmapreduce:DescribeCluster", "elasticmapreduce:DescribeStep", "elasticmapreduce:ListSteps",
			"elasticmapreduce:ListInstanceFleets", "elasticmapreduce:ListInstances", "elasticmapreduce:ModifyInstanceFleet", "elasticmapreduce:PutManagedScalingPolicy",
			"elasticmapreduce:TerminateJobFlows", "elasticmapreduce:AddTags",
			"elasticmapreduce:StartSession", "elasticmapreduce:GetSession", "elasticmapreduce:GetSessionEndpoint", "elasticmapreduce:TerminateSession",
		}, resources: []any{arn("elasticmapreduce", "cluster/*")}, when: cfn.Map{"StringEquals": cfn.Map{"aws:ResourceTag/petalake:environment": s.base}}},
		statement{sid: "PassJobs", actions: []string{"iam:PassRole"}, resources: passed,
			when: cfn.Map{"StringEquals": cfn.Map{"iam:PassedToService": "emr-serverless.amazonaws.com"}}},
		statement{sid: "PassClusters", actions: []string{"iam:PassRole"}, resources: []any{cfn.GetAtt("ClusterServiceRole", "Arn"), cfn.GetAtt("ClusterNodeRole", "Arn")},
			when: cfn.Map{"StringEquals": cfn.Map{"iam:PassedToService": cfn.List{"elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"}}}},
		statement{sid: "JobFiles", actions: []string{"s3:PutObject", "s3:GetObject"}, resources: []any{objects(s.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "jobs/*")}},
	)
}

func (s *site) writeLog(what string) statement {
	return statement{sid: "Log", actions: []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}, resources: []any{arn("logs", "log-group:"+s.logName(what)+":*")}}
}

// container is petalake in an image of the user's, on Fargate: one task, the old one stopped before
// the new one starts.
func (s daemon) container(work []statement, tables []any) {
	d := s.a.Daemon
	trusted := trust("ecs-tasks.amazonaws.com", cfn.Map{
		"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")}, "ArnLike": cfn.Map{"aws:SourceArn": arn("ecs", "*")},
	})
	s.role("DaemonRole", "daemon", "petalake loads, builds and answers", trusted, tables, work...)
	s.role("DaemonStartRole", "daemon-start", "ECS fetches the image and writes the log", trusted, nil,
		statement{sid: "Login", actions: []string{"ecr:GetAuthorizationToken"}, resources: []any{"*"}},
		statement{sid: "Image", actions: []string{"ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"}, resources: []any{cfn.Sub("arn:${AWS::Partition}:ecr:*:*:repository/*")}},
		s.writeLog("daemon"))
	s.add("DaemonCluster", "AWS::ECS::Cluster", cfn.Map{
		"ClusterName": s.base, "ClusterSettings": cfn.List{cfn.Map{"Name": "containerInsights", "Value": "enabled"}},
	})
	memory := strconv.Itoa(int(d.Memory >> 20))
	environment := cfn.List{cfn.Map{"Name": "AWS_REGION", "Value": cfn.Ref("AWS::Region")}, cfn.Map{"Name": "TMPDIR", "Value": "/work"}, cfn.Map{"Name": "HOME", "Value": "/work"},
		cfn.Map{"Name": spec.AccountOf, "Value": cfn.Ref("AWS::AccountId")}}
	if len(s.sourceFolders()) > 0 {
		environment = append(environment, cfn.Map{"Name": spec.ArrivalsQueue, "Value": cfn.Sub(s.fileQueueURL())})
	}
	if s.spark() {
		environment = append(environment, cfn.Map{"Name": spec.EMRApplication, "Value": cfn.Ref("Spark")}, cfn.Map{"Name": spec.EMRRole, "Value": cfn.GetAtt("SparkRole", "Arn")})
	}
	if s.l.OnClusters(s.e) {
		environment = append(environment, cfn.Map{"Name": spec.FleetPlace, "Value": cfn.Sub(s.fleetPlace())})
	}
	s.add("DaemonTask", "AWS::ECS::TaskDefinition", cfn.Map{
		"Family": s.name("daemon"), "NetworkMode": "awsvpc", "RequiresCompatibilities": cfn.List{"FARGATE"},
		"Cpu": strconv.Itoa(d.CPUs * 1024), "Memory": memory,
		"RuntimePlatform":  cfn.Map{"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
		"EphemeralStorage": cfn.Map{"SizeInGiB": int(max(d.Disk>>30, 21))},
		"ExecutionRoleArn": cfn.GetAtt("DaemonStartRole", "Arn"), "TaskRoleArn": cfn.GetAtt("DaemonRole", "Arn"),
		"Volumes": cfn.List{cfn.Map{"Name": "work"}},
		"ContainerDefinitions": cfn.List{cfn.Map{
			"Name": "petalake", "Image": d.Image, "Essential": true, "Memory": int(d.Memory >> 20), "User": "10001:10001",
			"ReadonlyRootFilesystem": true, "Privileged": false, "StopTimeout": 120, "LinuxParameters": cfn.Map{"InitProcessEnabled": true},
			"Command":     cfn.List{"up", "--env", s.e.Name},
			"Environment": environment,
			"MountPoints": cfn.List{cfn.Map{"SourceVolume": "work", "ContainerPath": "/work", "ReadOnly": false}},
			"LogConfiguration": cfn.Map{"LogDriver": "awslogs", "Options": cfn.Map{
				"awslogs-group": s.logName("daemon"), "awslogs-region": cfn.Ref("AWS::Region"), "awslogs-stream-prefix": "petalake",
			}},
		}},
	})
	s.add("Daemon", "AWS::ECS::Service", cfn.Map{
		"ServiceName": s.name("daemon"), "Cluster": cfn.Ref("DaemonCluster"), "TaskDefinition": cfn.Ref("DaemonTask"), "DesiredCount": 1, "LaunchType": "FARGATE", "PlatformVersion": "LATEST",
		"NetworkConfiguration": cfn.Map{"AwsvpcConfiguration": cfn.Map{"AssignPublicIp": "DISABLED", "Subnets": s.subnets(), "SecurityGroups": cfn.List{cfn.Ref("DaemonGroup")}}},
		"DeploymentConfiguration": cfn.Map{
			"MinimumHealthyPercent": 0, "MaximumPercent": 100, "DeploymentCircuitBreaker": cfn.Map{"Enable": true, "Rollback": true},
		},
		"EnableECSManagedTags": true, "PropagateTags": "SERVICE", "EnableExecuteCommand": false,
	})
	s.output("Daemon", "the service of petalake", cfn.Ref("Daemon"))
	s.output("DaemonCluster", "its cluster of ECS", cfn.Ref("DaemonCluster"))
}
