package deploy

import (
	"strconv"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

const hour = spec.Duration(3600e9)

// A replication is made and not started: the daemon starts it. One that is stopped is paid for until it is
// deprovisioned, two days later.

// replications are the replications of databases to the lake, in the stack ingest.
type replications struct{ layer }

func (s replications) build(databases []*spec.Source) {
	key := s.input(Foundation, "Key", "the key")
	bucket := s.input(Foundation, "DataBucket", "the bucket of the lake")
	s.add("ReplicationSubnets", "AWS::DMS::ReplicationSubnetGroup", cfn.Map{
		"ReplicationSubnetGroupIdentifier": s.name("replication"), "ReplicationSubnetGroupDescription": s.base, "SubnetIds": s.subnets(),
	})
	s.add("ReplicationGroup", "AWS::EC2::SecurityGroup", cfn.Map{
		"GroupDescription": "replications: to databases, and to AWS", "VpcId": s.input(Foundation, "Network", "the network"), "Tags": named(s.name("replication")),
		"SecurityGroupEgress": s.rules(databases),
	})
	s.role("ReplicationRole", "replication", "DMS reads the secrets of databases and writes files",
		policy(statement{sid: "Trust", principal: cfn.Map{"Service": cfn.List{"dms.amazonaws.com", cfn.Sub("dms.${AWS::Region}.amazonaws.com")}}, actions: []string{"sts:AssumeRole"}}), nil,
		statement{sid: "Secrets", actions: []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}, resources: []any{arn("secretsmanager", "secret:"+s.name("database-*"))}},
		statement{sid: "Write", actions: []string{"s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"}, resources: []any{objects(bucket, "changes/*")}},
		statement{sid: "List", actions: []string{"s3:ListBucket", "s3:GetBucketLocation"}, resources: []any{bucketARN(bucket)}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{key}},
	)
	for _, d := range databases {
		s.replication(d)
	}
}

// rules let replications out to AWS, and to the ports of the databases.
func (s replications) rules(databases []*spec.Source) cfn.List {
	rules := cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}}
	for _, d := range databases {
		rules = append(rules, cfn.Map{"IpProtocol": "tcp", "FromPort": d.Database.Port, "ToPort": d.Database.Port, "CidrIp": d.Database.Network, "Description": "the database " + d.Name})
	}
	return rules
}

func (s replications) replication(source *spec.Source) {
	d, id := source.Database, camel(source.Name)
	key := s.input(Foundation, "Key", "the key")
	bucket := s.input(Foundation, "DataBucket", "the bucket of the lake")
	// The secret is made with a password that opens nothing, and is filled in by hand or by rotation:
	// no password passes through a template.
	s.add("Secret"+id, "AWS::SecretsManager::Secret", cfn.Map{
		"Name": s.name("database-" + source.Name), "Description": "user and password of the database " + source.Name, "KmsKeyId": key,
		"GenerateSecretString": cfn.Map{
			"SecretStringTemplate": jsonText(cfn.Map{"username": "petalake", "host": d.Host, "port": d.Port, "dbname": d.Name}),
			"GenerateStringKey":    "password", "PasswordLength": 32, "ExcludeCharacters": `"@/\:;%+`,
		},
	}).Retain = true
	s.source(id, source)
	s.add("Target"+id, "AWS::DMS::Endpoint", cfn.Map{
		"EndpointIdentifier": s.name(source.Name + "-files"), "EndpointType": "target", "EngineName": "s3",
		"S3Settings": cfn.Map{
			"BucketName": bucket, "BucketFolder": source.Changes(), "ServiceAccessRoleArn": cfn.GetAtt("ReplicationRole", "Arn"),
			"DataFormat": "parquet", "ParquetVersion": "parquet-2-0", "EncryptionMode": "sse-kms", "ServerSideEncryptionKmsKeyId": key,
			"IncludeOpForFullLoad": true, "TimestampColumnName": "_commit_time", "CdcInsertsAndUpdates": false,
			"CdcMinFileSize": 32000, "CdcMaxBatchInterval": 60, "ExpectedBucketOwner": cfn.Ref("AWS::AccountId"),
		},
	})
	s.from["Replication"+id] = origin{source.Pos, "sources." + source.Name}
	s.add("Replication"+id, "AWS::DMS::ReplicationConfig", cfn.Map{
		"ReplicationConfigIdentifier": s.name(source.Name), "ReplicationType": map[bool]string{true: "full-load-and-cdc", false: "full-load"}[d.Changes],
		"SourceEndpointArn": cfn.Ref("Source" + id), "TargetEndpointArn": cfn.Ref("Target" + id),
		"ComputeConfig": cfn.Map{
			"MaxCapacityUnits": d.Units, "MinCapacityUnits": 1, "MultiAZ": s.watched(), "KmsKeyId": key,
			"ReplicationSubnetGroupId": cfn.Ref("ReplicationSubnets"), "VpcSecurityGroupIds": cfn.List{cfn.Ref("ReplicationGroup")},
		},
		"TableMappings":       mappings(d.Tables),
		"ReplicationSettings": replicationLogging,
	})
}

// replicationLogging turns on the logs that say why a replication fails.
var replicationLogging = cfn.Map{"Logging": cfn.Map{"EnableLogging": true, "LogComponents": cfn.List{
	cfn.Map{"Id": "SOURCE_UNLOAD", "Severity": "LOGGER_SEVERITY_DEFAULT"},
	cfn.Map{"Id": "SOURCE_CAPTURE", "Severity": "LOGGER_SEVERITY_DEFAULT"},
	cfn.Map{"Id": "TARGET_LOAD", "Severity": "LOGGER_SEVERITY_DEFAULT"},
	cfn.Map{"Id": "TARGET_APPLY", "Severity": "LOGGER_SEVERITY_DEFAULT"},
}}}

// source is the database as DMS reaches it: encrypted, with the user and password of its secret.
func (s replications) source(id string, source *spec.Source) {
	d := source.Database
	properties := cfn.Map{
		"EndpointIdentifier": s.name(source.Name), "EndpointType": "source", "EngineName": d.Engine, "DatabaseName": d.Name, "SslMode": "require",
		"KmsKeyId": s.input(Foundation, "Key", "the key"),
	}
	if d.Certificate != "" {
		s.add("Authority"+id, "AWS::DMS::Certificate", cfn.Map{"CertificateIdentifier": s.name(source.Name), "CertificatePem": d.Certificate})
		properties["SslMode"], properties["CertificateArn"] = "verify-ca", cfn.Ref("Authority"+id)
	}
	secret := cfn.Map{"SecretsManagerSecretId": cfn.Ref("Secret" + id), "SecretsManagerAccessRoleArn": cfn.GetAtt("ReplicationRole", "Arn")}
	switch d.Engine {
	case "postgres", "aurora-postgresql":
		secret["PluginName"] = "pglogical"
		secret["HeartbeatEnable"] = true
		secret["CaptureDdls"] = true
		properties["PostgreSqlSettings"] = secret
	default:
		properties["MySqlSettings"] = secret
	}
	s.add("Source"+id, "AWS::DMS::Endpoint", properties)
}

func mappings(tables []string) cfn.Map {
	var rules cfn.List
	for i, t := range tables {
		n := strconv.Itoa(i + 1)
		schema, name, _ := strings.Cut(t, ".")
		rules = append(rules, cfn.Map{
			"rule-type": "selection", "rule-id": n, "rule-name": "tables-" + n, "rule-action": "include",
			"object-locator": cfn.Map{"schema-name": schema, "table-name": name},
		})
	}
	return cfn.Map{"rules": rules}
}
