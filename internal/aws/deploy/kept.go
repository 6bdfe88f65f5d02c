package deploy

import (
	"strings"

	"github.com/petalake/petalake/spec"
)

// keeping are the types of resources that hold what cannot be made again, with what their ARNs have after
// account and region, and what deletes them. They are retained when their stack goes, and no update may replace them.
var keeping = []struct {
	typ, service, prefix string
	erase                Kind
}{
	{"AWS::S3::Bucket", "s3", "", EraseBucket},
	{"AWS::Kinesis::Stream", "kinesis", "stream/", EraseStream},
	{"AWS::Logs::LogGroup", "logs", "log-group:", EraseLogs},
	{"AWS::SecretsManager::Secret", "secretsmanager", "secret:", EraseSecret},
	{"AWS::KMS::Key", "kms", "key/", EraseKey},
}

// HoldsData says whether resources of a type hold what cannot be made again.
func HoldsData(typ string) bool {
	for _, k := range keeping {
		if k.typ == typ {
			return true
		}
	}
	return false
}

// Holding says what holds data from its ARN: its type, and its name there, such as that of a bucket, or
// the id of a key. All else has no type.
func Holding(arn string) (typ, name string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return "", ""
	}
	for _, k := range keeping {
		if name, ok := strings.CutPrefix(parts[5], k.prefix); ok && k.service == parts[2] {
			return k.typ, strings.TrimSuffix(name, ":*")
		}
	}
	return "", ""
}

// DataName is what somebody types who wants the data deleted: the lakehouse and the environment, or the bucket
// where it has a name of its own, and so may hold what is of others.
func DataName(l *spec.Lakehouse, e *spec.Environment) string {
	if e.Has("storage") {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(string(e.Storage), "s3://"), "/")
		return bucket
	}
	return l.Name + "-" + e.Name
}
