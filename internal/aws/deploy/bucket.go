package deploy

import (
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// What is in a bucket, in its name.
const (
	lake      = "data"
	logs      = "logs"
	artefacts = "artefacts"
)

// bucket says what is particular to one.
type bucket struct {
	id, what  string
	name      any // where it is not one of ours
	key       any // of KMS; nil for that of S3 in the account
	plain     bool
	logTo     any // the bucket of access logs; nil for that bucket itself
	lifecycle []cfn.Map
	lock      bool
	keep      int // days in which nothing can be deleted, 0 for none
	metrics   bool
	more      []statement // of its policy
}

// bucketName is the name of a bucket of ours in a template.
func (s *site) bucketName(what string) cfn.Map {
	return cfn.Sub(spec.BucketName(s.l.Name, s.e.Name, what, "${AWS::AccountId}", "${AWS::Region}"))
}

// bucket adds a bucket that nobody outside can read, and that stays when its stack goes.
func (s layer) bucket(b bucket) {
	if b.name == nil {
		b.name = s.bucketName(b.what)
	}
	encryption := cfn.Map{"SSEAlgorithm": "aws:kms"}
	switch {
	case b.plain:
		encryption["SSEAlgorithm"] = "AES256"
	case b.key != nil:
		encryption["KMSMasterKeyID"] = b.key
	}
	rule := cfn.Map{"ServerSideEncryptionByDefault": encryption, "BlockedEncryptionTypes": cfn.Map{"EncryptionType": cfn.List{"SSE-C"}}}
	if !b.plain {
		rule["BucketKeyEnabled"] = true
	}
	properties := cfn.Map{
		"BucketName":       b.name,
		"BucketEncryption": cfn.Map{"ServerSideEncryptionConfiguration": cfn.List{rule}},
		"PublicAccessBlockConfiguration": cfn.Map{
			"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
		},
		"OwnershipControls":         cfn.Map{"Rules": cfn.List{cfn.Map{"ObjectOwnership": "BucketOwnerEnforced"}}},
		"VersioningConfiguration":   cfn.Map{"Status": "Enabled"},
		"NotificationConfiguration": cfn.Map{"EventBridgeConfiguration": cfn.Map{"EventBridgeEnabled": true}},
		"LifecycleConfiguration":    cfn.Map{"Rules": b.rules()},
	}
	if b.lock {
		properties["ObjectLockEnabled"] = true
	}
	if b.keep > 0 {
		properties["ObjectLockConfiguration"] = cfn.Map{"ObjectLockEnabled": "Enabled", "Rule": cfn.Map{"DefaultRetention": cfn.Map{"Mode": "GOVERNANCE", "Days": b.keep}}}
	}
	if b.logTo != nil {
		properties["LoggingConfiguration"] = cfn.Map{
			"DestinationBucketName": b.logTo, "LogFilePrefix": "access/" + b.what + "/",
			"TargetObjectKeyFormat": cfn.Map{"PartitionedPrefix": cfn.Map{"PartitionDateSource": "EventTime"}},
		}
	}
	if b.metrics {
		properties["MetricsConfigurations"] = cfn.List{cfn.Map{"Id": "all"}}
	}
	s.add(b.id, "AWS::S3::Bucket", properties).Retain = true
	s.add(b.id+"Policy", "AWS::S3::BucketPolicy", cfn.Map{"Bucket": cfn.Ref(b.id), "PolicyDocument": policy(append(secured(b.id), b.more...)...)}).Retain = true
}

func (b bucket) rules() cfn.List {
	all := cfn.List{cfn.Map{"Id": "unfinished", "Status": "Enabled", "AbortIncompleteMultipartUpload": cfn.Map{"DaysAfterInitiation": 7}}}
	for _, r := range b.lifecycle {
		r["Status"] = "Enabled"
		all = append(all, r)
	}
	return all
}

// secured refuses requests that somebody on the way could read.
func secured(id string) []statement {
	bucket := cfn.GetAtt(id, "Arn")
	everything := []any{bucket, cfn.Map{"Fn::Join": cfn.List{"", cfn.List{bucket, "/*"}}}}
	return []statement{
		{sid: "TLSOnly", deny: true, principal: "*", actions: []string{"s3:*"}, resources: everything,
			when: cfn.Map{"Bool": cfn.Map{"aws:SecureTransport": "false"}}},
		{sid: "TLS12", deny: true, principal: "*", actions: []string{"s3:*"}, resources: everything,
			when: cfn.Map{"NumericLessThan": cfn.Map{"s3:TlsVersion": "1.2"}}},
	}
}

// lakePrefix is the folder of the lake in its bucket, ending in a slash, or "".
func (s *site) lakePrefix() string { return access.Prefix(s.e) }

// lakeBucketName is the name of the bucket of the lake: the one that was written, or one of ours.
func (s *site) lakeBucketName() any {
	if !s.e.Has("storage") {
		return s.bucketName(lake)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(string(s.e.Storage), "s3://"), "/")
	return name
}

// lakeBucket is the bucket of the lake.
//
// Vacuum deletes what no version of a table needs; with versions kept by the bucket its bytes are paid
// for as long as their rule says. The log of a table is read at each query and is never archived:
// Intelligent-Tiering without archive tiers keeps everything readable at once, and leaves objects
// below 128 KiB, such as commits, where they are.
func (s foundation) lakeBucket(logTo any) {
	b := bucket{
		id: "DataBucket", what: lake, name: s.lakeBucketName(), key: cfn.GetAtt("Key", "Arn"), logTo: logTo, lock: true, metrics: true,
		lifecycle: []cfn.Map{
			{"Id": "tiering", "Transitions": cfn.List{cfn.Map{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}}},
			{"Id": "deleted", "NoncurrentVersionExpiration": cfn.Map{"NoncurrentDays": 14}, "ExpiredObjectDeleteMarker": true},
			{"Id": "events", "Prefix": s.lakePrefix() + "_petalake/events/", "ExpirationInDays": 30},
			{"Id": "programs-said", "Prefix": s.lakePrefix() + "_petalake/emr-logs/", "ExpirationInDays": s.a.LogDays()},
		},
	}
	if s.a.Security == spec.SecurityRegulated {
		b.keep = 35
	}
	b.more = []statement{s.conditionalCommits()}
	s.bucket(b)
	s.from["DataBucket"] = origin{s.e.At("storage"), "environments." + s.e.Name + ".storage"}
}

// conditionalCommits refuses a commit to a table that does not ask S3 whether it is the first: a
// writer that looks and then puts could write over a commit of ours. What Spark writes into folders of
// petalake (_petalake/staging) is nobody's table yet; a pattern cannot leave it out but by naming
// what tables begin with: a letter.
func (s foundation) conditionalCommits() statement {
	var logs []any
	for _, letter := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		logs = append(logs, cfn.Sub("${DataBucket.Arn}/"+s.lakePrefix()+string(letter)+"*/_delta_log/*.json"))
	}
	return statement{
		sid: "CommitsAreConditional", deny: true, principal: "*", actions: []string{"s3:PutObject"}, resources: logs,
		when: cfn.Map{"Null": cfn.Map{"s3:if-none-match": "true"}, "Bool": cfn.Map{"s3:ObjectCreationOperation": "true"}},
	}
}
