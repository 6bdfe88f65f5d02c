package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/petalake/petalake/spec"
)

// What a policy leaves to be filled in, as Fn::Sub of CloudFormation writes it.
const (
	partitionHere = "${AWS::Partition}"
	regionHere    = "${AWS::Region}"
	accountHere   = "${AWS::AccountId}"
	bucketHere    = "${DataBucket}" // the name of the bucket of the lake
	keyHere       = "${Key}"        // the ARN of the key it is encrypted with
)

// RoleName is the name in IAM of a role of access in an environment: it belongs to the account, whatever
// the region, and so has the region in it.
func RoleName(l *spec.Lakehouse, e *spec.Environment, role string) string {
	return base(l, e) + "-" + e.AWS.Region + "-role-" + role
}

// RoleARN is the same as a principal. The account is ${AWS::AccountId} where lakehouse.yaml does not say it.
func RoleARN(l *spec.Lakehouse, e *spec.Environment, role string) string {
	return arnOf(l, e, "role-"+role)
}

// arnOf is the ARN of a role of the environment.
func arnOf(l *spec.Lakehouse, e *spec.Environment, what string) string {
	account := e.AWS.Account
	if account == "" {
		account = accountHere
	}
	return "arn:" + partition(e.AWS.Region) + ":iam::" + account + ":role/" + base(l, e) + "-" + e.AWS.Region + "-" + what
}

// base is what all names of an environment begin with.
func base(l *spec.Lakehouse, e *spec.Environment) string {
	return strings.ReplaceAll(l.Name+"-"+e.Name, "_", "-")
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// Database is the database of the catalog of AWS that has the tables of a schema, such as shop_prod_bronze.
// The catalog knows small letters alone.
func Database(l *spec.Lakehouse, e *spec.Environment, schema string) string {
	return strings.ToLower(strings.ReplaceAll(base(l, e), "-", "_") + "_" + cmp.Or(schema, spec.MainSchema))
}

// Prefix is the folder of the lake in its bucket, ending in a slash, or "".
func Prefix(e *spec.Environment) string {
	if !e.Has("storage") {
		return "lake/"
	}
	_, prefix, _ := strings.Cut(strings.TrimPrefix(string(e.Storage), "s3://"), "/")
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return prefix
}

// bucketName is the name of the bucket of the lake, "" where it depends on an account that is not known.
func bucketName(l *spec.Lakehouse, e *spec.Environment) string {
	if e.Has("storage") {
		name, _, _ := strings.Cut(strings.TrimPrefix(string(e.Storage), "s3://"), "/")
		return name
	}
	if e.AWS.Account == "" {
		return ""
	}
	return spec.BucketName(l.Name, e.Name, "data", e.AWS.Account, e.AWS.Region)
}

// folder is where a table, or all tables of a schema, lie in the lake; without a slash at its end.
func folder(p spec.TablePattern) string {
	switch {
	case p.Schemawide():
		return p.Schema
	case p.Schema == "":
		return p.Table
	}
	return p.Schema + "/" + p.Table
}

// reach are the tables that patterns stand for, in as few patterns as say it exactly: a schema, or a table.
// Schemas of which something is left out are written table by table, as are all of main, which have no
// folder in common.
func (r *Rules) reach(patterns []spec.TablePattern, leave func(spec.TableName) bool) (out []spec.TablePattern) {
	matched := func(t spec.TableName) bool {
		return slices.ContainsFunc(patterns, func(p spec.TablePattern) bool { return p.Matches(t) })
	}
	for _, t := range r.tables {
		if !matched(t) {
			continue
		}
		one := spec.TablePattern(t)
		if r.whole(t.Schema, patterns, leave) {
			one.Table = "*"
		} else if leave(t) {
			continue
		}
		if !slices.Contains(out, one) { // the bucket tells Bronze from bronze
			out = append(out, one)
		}
	}
	return out
}

// whole says whether patterns name all of a schema, and nothing of it is left out.
func (r *Rules) whole(schema string, patterns []spec.TablePattern, leave func(spec.TableName) bool) bool {
	if schema == "" || !slices.ContainsFunc(patterns, func(p spec.TablePattern) bool {
		return p.All() || p.Schemawide() && strings.EqualFold(p.Schema, schema)
	}) {
		return false
	}
	return !slices.ContainsFunc(r.tables, func(t spec.TableName) bool { return strings.EqualFold(t.Schema, schema) && leave(t) })
}
