package deploy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// programs is the part of the stack compute that programs of Spark run on: an application, clusters, roles.
type programs struct{ layer }

// application adds the application of EMR Serverless that jobs of Spark are sent to. It costs nothing while no job runs.
func (s programs) application(tables []any) {
	key := s.input(Foundation, "Key", "the key")
	logBucket := s.input(Bootstrap, "LogBucket", "the bucket for logs")
	s.add("SparkGroup", "AWS::EC2::SecurityGroup", cfn.Map{
		"GroupDescription": "Spark: to AWS, and nobody to it but itself", "VpcId": s.input(Foundation, "Network", "the network"), "Tags": named(s.name("spark")),
		"SecurityGroupEgress": cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}},
	})
	s.add("SparkWithin", "AWS::EC2::SecurityGroupIngress", cfn.Map{
		"GroupId": cfn.Ref("SparkGroup"), "SourceSecurityGroupId": cfn.Ref("SparkGroup"), "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "Description": "driver and executors",
	})
	s.add("SparkOut", "AWS::EC2::SecurityGroupEgress", cfn.Map{
		"GroupId": cfn.Ref("SparkGroup"), "DestinationSecurityGroupId": cfn.Ref("SparkGroup"), "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "Description": "driver and executors",
	})
	m := s.a.EMR
	gb := int(m.Memory / 1e9)
	s.add("Spark", "AWS::EMRServerless::Application", cfn.Map{
		"Name": s.name("spark"), "Type": "SPARK", "ReleaseLabel": m.Release, "Architecture": "ARM64",
		"MaximumCapacity":        cfn.Map{"Cpu": fmt.Sprintf("%d vCPU", m.CPUs), "Memory": fmt.Sprintf("%d GB", gb), "Disk": fmt.Sprintf("%d GB", 50*m.CPUs)},
		"AutoStartConfiguration": cfn.Map{"Enabled": true},
		"AutoStopConfiguration":  cfn.Map{"Enabled": true, "IdleTimeoutMinutes": int(m.Idle / (hour / 60))},
		"NetworkConfiguration":   cfn.Map{"SubnetIds": s.subnets(), "SecurityGroupIds": cfn.List{cfn.Ref("SparkGroup")}},
		"MonitoringConfiguration": cfn.Map{
			"S3MonitoringConfiguration":                 cfn.Map{"LogUri": s3URI(logBucket, "spark/")},
			"ManagedPersistenceMonitoringConfiguration": cfn.Map{"Enabled": true, "EncryptionKeyArn": key},
			"CloudWatchLoggingConfiguration":            cfn.Map{"Enabled": true, "LogGroupName": s.logName("spark"), "EncryptionKeyArn": key},
		},
		"InteractiveConfiguration": cfn.Map{"SessionEnabled": true, "LivyEndpointEnabled": false, "StudioEnabled": false},
		"SchedulerConfiguration":   cfn.Map{"MaxConcurrentRuns": 50, "QueueTimeoutMinutes": 360},
		"RuntimeConfiguration":     sparkDefaults(),
	})
	s.output("Spark", "the application of EMR Serverless", cfn.Ref("Spark"))
	s.role("SparkRole", "spark", "a job of Spark reads and writes the lake", s.trust(), tables, s.work()...)
	s.output("SparkRole", "the role of jobs of Spark", cfn.GetAtt("SparkRole", "Arn"))
}

// trust lets what runs programs take their role: EMR Serverless, and the nodes of clusters, each step
// of which runs as a role of its own.
func (s programs) trust() cfn.Map { return policy(s.takeRoles()...) }

func (s programs) takeRoles() []statement {
	return []statement{
		{sid: "Jobs", principal: cfn.Map{"Service": "emr-serverless.amazonaws.com"}, actions: []string{"sts:AssumeRole"}, when: ofApplications()},
		{sid: "Steps", principal: cfn.Map{"AWS": cfn.GetAtt("ClusterNodeRole", "Arn")}, actions: []string{"sts:AssumeRole", "sts:TagSession"}},
	}
}

// work lists the permissions of a job of Spark.
func (s programs) work() []statement {
	if s.access != nil {
		return append(s.catalog(), s.own()...)
	}
	return slices.Concat(s.lakeAccess(), s.catalogAccess(), s.own())
}

// catalog lists the permissions on the Glue Data Catalog that every program of Spark needs beside those on tables.
func (s programs) catalog() []statement {
	return []statement{{sid: "CatalogOfSpark", actions: []string{"glue:GetDatabase", "glue:GetUserDefinedFunctions"}, resources: []any{
		arn("glue", "catalog"), arn("glue", "database/default"), arn("glue", "database/global_temp"), arn("glue", "userDefinedFunction/default/*"),
	}}}
}

// own lists the permissions of a job beside those on tables: its program, and its logs.
func (s programs) own() []statement {
	return []statement{
		{sid: "Artefacts", actions: []string{"s3:GetObject"}, resources: []any{objects(s.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "jobs/*")}},
		{sid: "SparkLogFiles", actions: []string{"s3:PutObject", "s3:GetObject"}, resources: []any{objects(s.input(Bootstrap, "LogBucket", "the bucket for logs"), "spark/*")}},
		{sid: "SparkLogs", actions: []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}, resources: []any{arn("logs", "log-group:"+s.logName("spark")+":*")}},
		{sid: "LogGroups", actions: []string{"logs:DescribeLogGroups"}, resources: []any{arn("logs", "log-group:*")}},
	}
}

// clusters adds what transient clusters of EMR need. The clusters themselves are started by a call, and are in no stack.
func (s programs) clusters() {
	key := s.input(Foundation, "Key", "the key")
	vpc := s.input(Foundation, "Network", "the network")
	certificates := s3URI(s.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "emr/certificates.zip")
	s.add("ClusterSecurity", "AWS::EMR::SecurityConfiguration", cfn.Map{"Name": s.name("clusters"), "SecurityConfiguration": cfn.Map{
		"EncryptionConfiguration": cfn.Map{
			"EnableInTransitEncryption": true,
			"InTransitEncryptionConfiguration": cfn.Map{"TLSCertificateConfiguration": cfn.Map{
				"CertificateProviderType": "PEM", "S3Object": certificates,
			}},
			"EnableAtRestEncryption": true,
			"AtRestEncryptionConfiguration": cfn.Map{
				"S3EncryptionConfiguration":        cfn.Map{"EncryptionMode": "SSE-KMS", "AwsKmsKey": key},
				"LocalDiskEncryptionConfiguration": cfn.Map{"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": key, "EnableEbsEncryption": true},
			},
		},
		"AuthorizationConfiguration":           cfn.Map{"IAMConfiguration": cfn.Map{"EnableApplicationScopedIAMRole": true}},
		"InstanceMetadataServiceConfiguration": cfn.Map{"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 1},
	}})
	s.groups(vpc)
	s.role("ClusterServiceRole", "emr", "EMR makes clusters", trust("elasticmapreduce.amazonaws.com", cfn.Map{
		"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")},
		"ArnLike":      cfn.Map{"aws:SourceArn": arn("elasticmapreduce", "*")},
	}), []any{cfn.Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2")},
		statement{sid: "PassNodes", actions: []string{"iam:PassRole"}, resources: []any{cfn.GetAtt("ClusterNodeRole", "Arn")},
			when: cfn.Map{"StringEquals": cfn.Map{"iam:PassedToService": "ec2.amazonaws.com"}}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"}, resources: []any{key}},
		statement{sid: "DiskGrants", actions: []string{"kms:CreateGrant"}, resources: []any{key}, when: cfn.Map{"Bool": cfn.Map{"kms:GrantIsForAWSResource": "true"}}},
	)
	s.role("ClusterNodeRole", "emr-nodes", "nodes of clusters run programs as the roles of these, and keep their logs", trust("ec2.amazonaws.com", nil), nil,
		statement{sid: "Programs", actions: []string{"sts:AssumeRole", "sts:TagSession"}, resources: s.roles()},
		statement{sid: "Logs", actions: []string{"s3:PutObject", "s3:AbortMultipartUpload"}, resources: []any{objects(s.input(Foundation, "DataBucket", "the bucket of the lake"), s.lakePrefix()+"_petalake/emr-logs/*")}},
		statement{sid: "Certificates", actions: []string{"s3:GetObject"}, resources: []any{objects(s.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "emr/*")}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{key}},
		statement{sid: "Metrics", actions: []string{"cloudwatch:PutMetricData"}, resources: []any{"*"}, when: cfn.Map{"StringEquals": cfn.Map{"cloudwatch:namespace": "Petalake"}}},
	)
	s.add("ClusterNodeProfile", "AWS::IAM::InstanceProfile", cfn.Map{"InstanceProfileName": s.global("emr-nodes"), "Roles": cfn.List{cfn.Ref("ClusterNodeRole")}})
	s.output("ClusterSecurity", "the security configuration of clusters", cfn.Ref("ClusterSecurity"))
	s.output("ClusterServiceRole", "the role of EMR", cfn.GetAtt("ClusterServiceRole", "Arn"))
	s.output("ClusterNodeProfile", "the instance profile of nodes", cfn.Ref("ClusterNodeProfile"))
}

// roles are the roles that programs have on clusters, by their names: each of them trusts the nodes, so
// the nodes come first.
func (s programs) roles() []any {
	roles := []any{cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/" + s.global("spark"))}
	for _, r := range s.accessRoles() {
		if r.Jobs != nil {
			roles = append(roles, cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"+r.Role))
		}
	}
	return roles
}

// groups are the security groups of clusters in private subnets. What nodes say to each other
// EMR adds itself.
func (s programs) groups(vpc any) {
	for _, g := range []struct{ id, what string }{
		{"ClusterPrimary", "primary nodes of clusters"}, {"ClusterCore", "other nodes of clusters"}, {"ClusterService", "EMR itself in the network"},
	} {
		egress := cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}}
		if g.id == "ClusterService" {
			egress = cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "CidrIp": s.a.CIDR, "Description": "nodes of clusters"}}
		}
		s.add(g.id, "AWS::EC2::SecurityGroup", cfn.Map{
			"GroupDescription": g.what, "VpcId": vpc, "SecurityGroupEgress": egress, "Tags": named(s.name(strings.ToLower(g.id)), emrTag),
		})
		s.output(g.id, "the security group: "+g.what, cfn.Ref(g.id))
	}
	s.add("ClusterServiceFromPrimary", "AWS::EC2::SecurityGroupIngress", cfn.Map{
		"GroupId": cfn.Ref("ClusterService"), "SourceSecurityGroupId": cfn.Ref("ClusterPrimary"), "IpProtocol": "tcp", "FromPort": 9443, "ToPort": 9443, "Description": "the primary node asks EMR",
	})
}

// ofApplications is the condition that EMR Serverless acts for an application of this account.
func ofApplications() cfn.Map {
	return cfn.Map{
		"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")},
		"ArnLike":      cfn.Map{"aws:SourceArn": arn("emr-serverless", "/applications/*")},
	}
}

// sparkDefaults teach Spark Delta and the catalog of the account. (EMR Serverless has the jars of Delta,
// and puts them on no path by itself.)
func sparkDefaults() cfn.List {
	return cfn.List{cfn.Map{"Classification": "spark-defaults", "Properties": cfn.Map{
		"spark.jars":                                              "/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar",
		"spark.sql.extensions":                                    "io.delta.sql.DeltaSparkSessionExtension",
		"spark.sql.catalog.spark_catalog":                         "org.apache.spark.sql.delta.catalog.DeltaCatalog",
		"spark.hadoop.hive.metastore.client.factory.class":        "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory",
		"spark.databricks.delta.schema.forceAlterTableDataSchema": "true",
		"spark.scheduler.maxRetainedRemovedDecommissionExecutors": "100",
	}}}
}
