package deploy

import (
	"path"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// sourceFolder is a folder of the bucket where files of a source arrive.
type sourceFolder struct {
	id     string // of the rule
	source string
	prefix string
	from   origin
}

// sourceFolders are the folders of the sources of files: what stands before the first wildcard of a path.
func (s *site) sourceFolders() (all []sourceFolder) {
	seen := map[string]bool{}
	for _, source := range s.l.Sources {
		if source.Files == nil {
			continue
		}
		for _, p := range source.Files.Paths {
			prefix := literal(string(p))
			id := "Arrive" + camel(source.Name)
			for seen[id] {
				id += "More"
			}
			seen[id] = true
			all = append(all, sourceFolder{id, source.Name, prefix, origin{source.Pos, "sources." + source.Name}})
		}
	}
	return all
}

// literal is the part of a pattern before its first wildcard, as a key of the bucket.
func literal(pattern string) string {
	if n := strings.IndexAny(pattern, `*?[{\`); n >= 0 {
		pattern = pattern[:n]
	}
	clean := strings.TrimPrefix(path.Clean("/"+pattern), "/")
	if strings.HasSuffix(pattern, "/") && clean != "" {
		clean += "/"
	}
	return clean
}

// ingest is the stack of what brings rows to the lake.
type ingest struct{ layer }

func (s ingest) build() *Stack {
	if folders := s.sourceFolders(); len(folders) > 0 {
		s.queue(folders)
	}
	for _, source := range s.l.Sources {
		if source.Stream != nil {
			s.stream(source)
		}
	}
	if databases := s.l.Databases; len(databases) > 0 {
		replications(s).build(databases)
	}
	return s.Stack
}

// queue has a message for each file that arrives, with its name: encrypted with a key of SQS, so that
// no service needs the key of the lake for it. Who loads files reads it to be quick; what was
// loaded is known from the lake, so a message that is lost or comes twice changes nothing but time.
func (s ingest) queue(folders []sourceFolder) {
	bucket := s.input(Foundation, "DataBucket", "the bucket of the lake")
	queue := func(id, what string, more cfn.Map) {
		properties := cfn.Map{"QueueName": s.name(what), "SqsManagedSseEnabled": true, "MessageRetentionPeriod": 14 * 86400}
		for k, v := range more {
			properties[k] = v
		}
		s.add(id, "AWS::SQS::Queue", properties)
	}
	queue("Undelivered", "undelivered", nil)
	queue("Arrivals", "arrivals", cfn.Map{
		"ReceiveMessageWaitTimeSeconds": 20, "VisibilityTimeout": 900,
		"RedrivePolicy": cfn.Map{"deadLetterTargetArn": cfn.GetAtt("Undelivered", "Arn"), "maxReceiveCount": 5},
	})
	s.add("ArrivalsPolicy", "AWS::SQS::QueuePolicy", cfn.Map{
		"Queues":         cfn.List{cfn.Ref("Arrivals"), cfn.Ref("Undelivered")},
		"PolicyDocument": policy(queueStatements("Arrivals", "Undelivered")...),
	})
	for _, a := range folders {
		s.from[a.id] = a.from
		detail := cfn.Map{"bucket": cfn.Map{"name": cfn.List{bucket}}}
		if a.prefix != "" {
			detail["object"] = cfn.Map{"key": cfn.List{cfn.Map{"prefix": a.prefix}}}
		}
		s.add(a.id, "AWS::Events::Rule", cfn.Map{
			"Description": "files of the source " + a.source, "State": "ENABLED",
			"EventPattern": cfn.Map{"source": cfn.List{"aws.s3"}, "detail-type": cfn.List{"Object Created"}, "detail": detail},
			"Targets":      cfn.List{cfn.Map{"Id": "arrivals", "Arn": cfn.GetAtt("Arrivals", "Arn")}},
		})
	}
	s.output("Arrivals", "the queue with a message for each file that arrives", cfn.Ref("Arrivals"))
}

// stream is a stream of Kinesis, and its records as files.
func (s ingest) stream(source *spec.Source) {
	one := source.Stream
	id := "Stream" + camel(source.Name)
	key := s.input(Foundation, "Key", "the key")
	properties := cfn.Map{
		"Name": s.name(source.Name), "RetentionPeriodHours": int(one.Retention / hour),
		"StreamEncryption":  cfn.Map{"EncryptionType": "KMS", "KeyId": key},
		"StreamModeDetails": cfn.Map{"StreamMode": "ON_DEMAND"},
	}
	if one.Shards > 0 {
		properties["StreamModeDetails"] = cfn.Map{"StreamMode": "PROVISIONED"}
		properties["ShardCount"] = one.Shards
	}
	s.add(id, "AWS::Kinesis::Stream", properties).Retain = true
	s.from[id] = origin{source.Pos, "sources." + source.Name}
	s.output(id, "the stream "+source.Name, cfn.Ref(id))
	s.archive(id, source)
}

// archive keeps the records of a stream as they came, a line each, in the bucket of the lake beside it. Those
// that cannot be kept so are kept apart.
func (s ingest) archive(stream string, source *spec.Source) {
	key := s.input(Foundation, "Key", "the key")
	bucket := s.input(Foundation, "DataBucket", "the bucket of the lake")
	prefix, failed := source.Folder(), "undelivered/"+source.Name+"/"
	id := "Archive" + camel(source.Name)
	s.from[id] = origin{source.Pos, "sources." + source.Name}
	s.add(id+"Logs", "AWS::Logs::LogGroup", cfn.Map{
		"LogGroupName": s.logName("archive-" + source.Name), "RetentionInDays": s.a.LogDays(), "KmsKeyId": key,
	})
	s.add(id+"LogStream", "AWS::Logs::LogStream", cfn.Map{"LogGroupName": cfn.Ref(id + "Logs"), "LogStreamName": "delivery"})
	s.role(id+"Role", "archive-"+source.Name, "Firehose keeps the records of the stream "+source.Name,
		trust("firehose.amazonaws.com", cfn.Map{"StringEquals": cfn.Map{"sts:ExternalId": cfn.Ref("AWS::AccountId")}}), nil,
		statement{sid: "Read", actions: []string{"kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"}, resources: []any{cfn.GetAtt(stream, "Arn")}},
		statement{sid: "Write", actions: []string{"s3:PutObject", "s3:AbortMultipartUpload"}, resources: []any{objects(bucket, prefix+"*"), objects(bucket, failed+"*")}},
		statement{sid: "List", actions: []string{"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"}, resources: []any{bucketARN(bucket)}},
		statement{sid: "Log", actions: []string{"logs:PutLogEvents"}, resources: []any{cfn.Sub("${" + id + "Logs.Arn}:log-stream:delivery")}},
		statement{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{key}},
	)
	destination := cfn.Map{
		"BucketARN": bucketARN(bucket), "RoleARN": cfn.GetAtt(id+"Role", "Arn"), "CompressionFormat": "GZIP",
		"Prefix":                   prefix + "!{timestamp:yyyy/MM/dd/HH}/",
		"ErrorOutputPrefix":        failed + "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
		"BufferingHints":           cfn.Map{"SizeInMBs": 128, "IntervalInSeconds": int(time.Duration(source.Stream.Every) / time.Second)},
		"ProcessingConfiguration":  cfn.Map{"Enabled": true, "Processors": cfn.List{cfn.Map{"Type": "AppendDelimiterToRecord"}}},
		"EncryptionConfiguration":  cfn.Map{"KMSEncryptionConfig": cfn.Map{"AWSKMSKeyARN": key}},
		"CloudWatchLoggingOptions": cfn.Map{"Enabled": true, "LogGroupName": cfn.Ref(id + "Logs"), "LogStreamName": "delivery"},
	}
	s.add(id, "AWS::KinesisFirehose::DeliveryStream", cfn.Map{
		"DeliveryStreamName": s.name("archive-" + source.Name), "DeliveryStreamType": "KinesisStreamAsSource",
		"KinesisStreamSourceConfiguration":   cfn.Map{"KinesisStreamARN": cfn.GetAtt(stream, "Arn"), "RoleARN": cfn.GetAtt(id+"Role", "Arn")},
		"ExtendedS3DestinationConfiguration": destination,
	})
}

// bucketARN and objects name a bucket, whose name is a value, in policies.
func bucketARN(name any) cfn.Map { return objectsOf("arn:${AWS::Partition}:s3:::${Bucket}", name) }

func objects(name any, keys string) cfn.Map {
	return objectsOf("arn:${AWS::Partition}:s3:::${Bucket}/"+keys, name)
}

func objectsOf(text string, name any) cfn.Map {
	if ref, ok := name.(cfn.Map)["Ref"].(string); ok {
		return cfn.Sub(strings.ReplaceAll(text, "${Bucket}", "${"+ref+"}"))
	}
	return cfn.Map{"Fn::Sub": cfn.List{text, cfn.Map{"Bucket": name}}}
}
