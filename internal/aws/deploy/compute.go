package deploy

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// compute is the stack of what works: Spark, where it is needed, and petalake itself.
type compute struct{ layer }

func (s compute) build() *Stack {
	tables := s.tables()
	s.granted = len(access.Grants(s.l, s.e)) > 0
	if s.spark() {
		programs(s).application(tables)
		programs(s).clusters()
	}
	if s.l.OnClusters(s.e) {
		s.interruptions()
	}
	daemon(s).build(tables)
	memberRoles(s).build()
	return s.Stack
}

// lakeAccess is reading and writing the lake, and reading the files of sources.
func (s layer) lakeAccess() []statement {
	bucket := s.input(Foundation, "DataBucket", "the bucket of the lake")
	return []statement{
		{sid: "Read", actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, resources: []any{objects(bucket, "*")}},
		{sid: "Write", actions: []string{"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, resources: []any{objects(bucket, s.lakePrefix()+"*")}},
		{sid: "List", actions: []string{"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"}, resources: []any{bucketARN(bucket)}},
		{sid: "Encrypt", actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, resources: []any{s.input(Foundation, "Key", "the key")}},
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
func (s daemon) catalogWork() []statement {
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
