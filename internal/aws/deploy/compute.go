package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// compute is what works: Spark, where it is needed, and petalake itself.
func (s *site) compute(arrivals []arrival) *Stack {
	to := s.stack(Compute, "Spark, and petalake itself")
	tables := s.tables(to)
	to.granted = len(access.Grants(s.l, s.e)) > 0
	if s.spark() {
		s.emrServerless(to, tables)
		s.emrClusters(to)
	}
	if s.l.OnClusters(s.e) {
		s.interruptions(to)
	}
	s.daemon(to, arrivals, tables)
	s.addAccess(to)
	return to
}

// emrServerless is the application that jobs of Spark are sent to. It costs nothing while no job runs.
func (s *site) emrServerless(to *Stack, tables []any) {
	key := to.input(Foundation, "Key", "the key")
	logBucket := to.input(Bootstrap, "LogBucket", "the bucket for logs")
	to.add("SparkGroup", "AWS::EC2::SecurityGroup", cfn.Map{
		"GroupDescription": "Spark: to AWS, and nobody to it but itself", "VpcId": to.input(Foundation, "Network", "the network"), "Tags": named(s.name("spark")),
		"SecurityGroupEgress": cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}},
	})
	to.add("SparkWithin", "AWS::EC2::SecurityGroupIngress", cfn.Map{
		"GroupId": cfn.Ref("SparkGroup"), "SourceSecurityGroupId": cfn.Ref("SparkGroup"), "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "Description": "driver and executors",
	})
	to.add("SparkOut", "AWS::EC2::SecurityGroupEgress", cfn.Map{
		"GroupId": cfn.Ref("SparkGroup"), "DestinationSecurityGroupId": cfn.Ref("SparkGroup"), "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "Description": "driver and executors",
	})
	m := s.a.EMR
	gb := int(m.Memory / 1e9)
	to.add("Spark", "AWS::EMRServerless::Application", cfn.Map{
		"Name": s.name("spark"), "Type": "SPARK", "ReleaseLabel": m.Release, "Architecture": "ARM64",
		"MaximumCapacity":        cfn.Map{"Cpu": fmt.Sprintf("%d vCPU", m.CPUs), "Memory": fmt.Sprintf("%d GB", gb), "Disk": fmt.Sprintf("%d GB", 50*m.CPUs)},
		"AutoStartConfiguration": cfn.Map{"Enabled": true},
		"AutoStopConfiguration":  cfn.Map{"Enabled": true, "IdleTimeoutMinutes": int(m.Idle / (hour / 60))},
		"NetworkConfiguration":   cfn.Map{"SubnetIds": to.subnets(), "SecurityGroupIds": cfn.List{cfn.Ref("SparkGroup")}},
		"MonitoringConfiguration": cfn.Map{
			"S3MonitoringConfiguration":                 cfn.Map{"LogUri": s3URI(logBucket, "spark/")},
			"ManagedPersistenceMonitoringConfiguration": cfn.Map{"Enabled": true, "EncryptionKeyArn": key},
			"CloudWatchLoggingConfiguration":            cfn.Map{"Enabled": true, "LogGroupName": s.logName("spark"), "EncryptionKeyArn": key},
		},
		"InteractiveConfiguration": cfn.Map{"SessionEnabled": true, "LivyEndpointEnabled": false, "StudioEnabled": false},
		"SchedulerConfiguration":   cfn.Map{"MaxConcurrentRuns": 50, "QueueTimeoutMinutes": 360},
		"RuntimeConfiguration":     sparkDefaults(),
	})
	to.output("Spark", "the application of EMR Serverless", cfn.Ref("Spark"))
	to.role(s, "SparkRole", "spark", "a job of Spark reads and writes the lake", s.trustPrograms(), tables, s.sparkWork(to)...)
	to.output("SparkRole", "the role of jobs of Spark", cfn.GetAtt("SparkRole", "Arn"))
}

// trustPrograms lets what runs programs take their role: EMR Serverless, and the nodes of clusters, each step
// of which runs as a role of its own.
func (s *site) trustPrograms() cfn.Map { return policy(s.runsPrograms()...) }

func (s *site) runsPrograms() []statement {
	return []statement{
		{sid: "Jobs", principal: cfn.Map{"Service": "emr-serverless.amazonaws.com"}, actions: []string{"sts:AssumeRole"}, when: ofApplications()},
		{sid: "Steps", principal: cfn.Map{"AWS": cfn.GetAtt("ClusterNodeRole", "Arn")}, actions: []string{"sts:AssumeRole", "sts:TagSession"}},
	}
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

// sparkWork is what a job of Spark may do.
func (s *site) sparkWork(to *Stack) []statement {
	if s.access != nil {
		return append(s.sparkCatalog(), s.sparkOwn(to)...)
	}
	return slices.Concat(s.lakeAccess(to), s.catalogAccess(), s.sparkOwn(to))
}

// sparkCatalog is what Spark asks the catalog for beside tables, whatever it does.
func (s *site) sparkCatalog() []statement {
	return []statement{{sid: "CatalogOfSpark", actions: []string{"glue:GetDatabase", "glue:GetUserDefinedFunctions"}, resources: []any{
		arn("glue", "catalog"), arn("glue", "database/default"), arn("glue", "database/global_temp"), arn("glue", "userDefinedFunction/default/*"),
	}}}
}

// sparkOwn is what a job of Spark needs beside tables: what it is, and where it says what it does.
func (s *site) sparkOwn(to *Stack) []statement {
	return []statement{
		{sid: "Artefacts", actions: []string{"s3:GetObject"}, resources: []any{objects(to.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "jobs/*")}},
		{sid: "SparkLogFiles", actions: []string{"s3:PutObject", "s3:GetObject"}, resources: []any{objects(to.input(Bootstrap, "LogBucket", "the bucket for logs"), "spark/*")}},
		{sid: "SparkLogs", actions: []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}, resources: []any{arn("logs", "log-group:"+s.logName("spark")+":*")}},
		{sid: "LogGroups", actions: []string{"logs:DescribeLogGroups"}, resources: []any{arn("logs", "log-group:*")}},
	}
}

// lakeAccess is reading and writing the lake, and reading the files of sources.
func (s *site) lakeAccess(to *Stack) []statement {
	bucket := to.input(Foundation, "DataBucket", "the bucket of the lake")
	return []statement{
		{sid: "Read", actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, resources: []any{objects(bucket, "*")}},
		{sid: "Write", actions: []string{"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, resources: []any{objects(bucket, s.lakePrefix()+"*")}},
		{sid: "List", actions: []string{"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"}, resources: []any{bucketARN(bucket)}},
		{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{to.input(Foundation, "Key", "the key")}},
	}
}

// catalogAccess is the databases of the lake in the catalog of the account, and the two that Spark asks
// for whatever it does.
func (s *site) catalogAccess() []statement {
	own := strings.ReplaceAll(s.base, "-", "_") + "_*"
	return []statement{{
		sid: "Catalog", actions: []string{
			"glue:GetDatabase", "glue:GetDatabases", "glue:CreateDatabase", "glue:UpdateDatabase", "glue:GetTable", "glue:GetTables", "glue:CreateTable",
			"glue:UpdateTable", "glue:DeleteTable", "glue:GetPartition", "glue:GetPartitions", "glue:BatchCreatePartition", "glue:GetUserDefinedFunctions",
		},
		resources: []any{
			arn("glue", "catalog"), arn("glue", "database/"+own), arn("glue", "table/"+own+"/*"), arn("glue", "userDefinedFunction/"+own+"/*"),
			arn("glue", "database/default"), arn("glue", "database/global_temp"),
		},
	}}
}

// catalogWork is showing all tables of the lake in the catalog of the account, and who may read them.
func (s *site) catalogWork() []statement {
	if s.a.Catalog != spec.CatalogGlue {
		return nil
	}
	own := strings.ReplaceAll(s.base, "-", "_") + "_*"
	all := []statement{{
		sid: "ShowTables", actions: []string{
			"glue:GetDatabase", "glue:CreateDatabase", "glue:DeleteDatabase", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable",
		},
		resources: []any{arn("glue", "catalog"), arn("glue", "database/"+own), arn("glue", "table/"+own+"/*"), arn("glue", "userDefinedFunction/"+own+"/*")},
	}}
	if s.access != nil {
		all = append(all, statement{sid: "Grants", actions: []string{"lakeformation:BatchGrantPermissions", "lakeformation:BatchRevokePermissions"}, resources: []any{"*"}, when: s.here()})
	}
	return all
}

// emrClusters is what clusters of EMR need that come and go: they are started by a call, and end.
func (s *site) emrClusters(to *Stack) {
	key := to.input(Foundation, "Key", "the key")
	vpc := to.input(Foundation, "Network", "the network")
	certificates := s3URI(to.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "emr/certificates.zip")
	to.add("ClusterSecurity", "AWS::EMR::SecurityConfiguration", cfn.Map{"Name": s.name("clusters"), "SecurityConfiguration": cfn.Map{
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
	s.clusterGroups(to, vpc)
	to.role(s, "ClusterServiceRole", "emr", "EMR makes clusters", trust("elasticmapreduce.amazonaws.com", cfn.Map{
		"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")},
		"ArnLike":      cfn.Map{"aws:SourceArn": arn("elasticmapreduce", "*")},
	}), []any{cfn.Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2")},
		statement{sid: "PassNodes", actions: []string{"iam:PassRole"}, resources: []any{cfn.GetAtt("ClusterNodeRole", "Arn")},
			when: cfn.Map{"StringEquals": cfn.Map{"iam:PassedToService": "ec2.amazonaws.com"}}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"}, resources: []any{key}},
		statement{sid: "DiskGrants", actions: []string{"kms:CreateGrant"}, resources: []any{key}, when: cfn.Map{"Bool": cfn.Map{"kms:GrantIsForAWSResource": "true"}}},
	)
	to.role(s, "ClusterNodeRole", "emr-nodes", "nodes of clusters run programs as the roles of these, and keep their logs", trust("ec2.amazonaws.com", nil), nil,
		statement{sid: "Programs", actions: []string{"sts:AssumeRole", "sts:TagSession"}, resources: s.programRoles()},
		statement{sid: "Logs", actions: []string{"s3:PutObject", "s3:AbortMultipartUpload"}, resources: []any{objects(to.input(Foundation, "DataBucket", "the bucket of the lake"), s.lakePrefix()+"_petalake/emr-logs/*")}},
		statement{sid: "Certificates", actions: []string{"s3:GetObject"}, resources: []any{objects(to.input(Bootstrap, "ArtefactBucket", "the bucket for artefacts"), "emr/*")}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{key}},
		statement{sid: "Metrics", actions: []string{"cloudwatch:PutMetricData"}, resources: []any{"*"}, when: cfn.Map{"StringEquals": cfn.Map{"cloudwatch:namespace": "Petalake"}}},
	)
	to.add("ClusterNodeProfile", "AWS::IAM::InstanceProfile", cfn.Map{"InstanceProfileName": s.global("emr-nodes"), "Roles": cfn.List{cfn.Ref("ClusterNodeRole")}})
	to.output("ClusterSecurity", "the security configuration of clusters", cfn.Ref("ClusterSecurity"))
	to.output("ClusterServiceRole", "the role of EMR", cfn.GetAtt("ClusterServiceRole", "Arn"))
	to.output("ClusterNodeProfile", "the instance profile of nodes", cfn.Ref("ClusterNodeProfile"))
}

// programRoles are the roles that programs have on clusters, by their names: each of them trusts the nodes, so
// the nodes come first.
func (s *site) programRoles() []any {
	roles := []any{cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/" + s.global("spark"))}
	for _, r := range s.accessRoles() {
		if r.Jobs != nil {
			roles = append(roles, cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"+r.Role))
		}
	}
	return roles
}

// clusterGroups are the security groups of clusters in private subnets. What nodes say to each other
// EMR adds itself.
func (s *site) clusterGroups(to *Stack, vpc any) {
	for _, g := range []struct{ id, what string }{
		{"ClusterPrimary", "primary nodes of clusters"}, {"ClusterCore", "other nodes of clusters"}, {"ClusterService", "EMR itself in the network"},
	} {
		egress := cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}}
		if g.id == "ClusterService" {
			egress = cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "CidrIp": s.a.CIDR, "Description": "nodes of clusters"}}
		}
		to.add(g.id, "AWS::EC2::SecurityGroup", cfn.Map{
			"GroupDescription": g.what, "VpcId": vpc, "SecurityGroupEgress": egress, "Tags": named(s.name(strings.ToLower(g.id)), emrTag),
		})
		to.output(g.id, "the security group: "+g.what, cfn.Ref(g.id))
	}
	to.add("ClusterServiceFromPrimary", "AWS::EC2::SecurityGroupIngress", cfn.Map{
		"GroupId": cfn.Ref("ClusterService"), "SourceSecurityGroupId": cfn.Ref("ClusterPrimary"), "IpProtocol": "tcp", "FromPort": 9443, "ToPort": 9443, "Description": "the primary node asks EMR",
	})
}

func s3URI(bucket any, keys string) cfn.Map { return objectsOf("s3://${Bucket}/"+keys, bucket) }

// jsonText writes a value as the text of a property.
func jsonText(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // maps of texts and numbers are always written
	}
	return strings.TrimSpace(b.String())
}
