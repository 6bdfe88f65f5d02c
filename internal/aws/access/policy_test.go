package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake/spec"
)

func indented(t *testing.T, d Document) []byte {
	t.Helper()
	text, err := plain(d)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

// wide is a lakehouse with a role that reads so many tables by name, of those that there are.
func wide(t *testing.T, role string, reads int) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	var b strings.Builder
	b.WriteString("lakehouse: shop\ntables:\n")
	for i := range reads + 1 {
		fmt.Fprintf(&b, "  bronze.a_table_with_quite_a_long_name_%04d:\n", i)
	}
	fmt.Fprintf(&b, "environments: {prod: {aws: {region: ap-southeast-1}}}\naccess:\n  roles:\n    %s:\n      reads:\n", role)
	for i := range reads {
		fmt.Fprintf(&b, "        - bronze.a_table_with_quite_a_long_name_%04d\n", i)
	}
	return parsed(t, b.String())
}

// A policy over the limit of IAM is split in as many as it needs, which together say the same.
func TestLargePoliciesAreSplit(t *testing.T) {
	l, e := wide(t, "many", 60)
	policies, err := Policies(l, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	many := policies[1]
	if n := len(many.Documents); n < 2 || n > MaxPolicies {
		t.Errorf("got %d documents, want some", n)
	}
	found := map[string]int{}
	fill := filled(l, e, true)
	for i, d := range many.Documents {
		if n := d.size(fill); n > MaxPolicy {
			t.Errorf("document %d has %d characters, IAM takes %d", i, n, MaxPolicy)
		}
		for _, s := range d.Statements {
			for _, list := range []Texts{s.Resource, s.Condition["StringLike"]["s3:prefix"]} {
				for _, r := range list {
					found[r]++
				}
			}
		}
	}
	for i := range 60 {
		name := fmt.Sprintf("bronze/a_table_with_quite_a_long_name_%04d", i)
		if found[bucketARN+"/lake/"+name+"/*"] != 1 || found["lake/"+name+"/*"] != 1 {
			t.Errorf("%s is read %d times and listed %d times, want once", name, found[bucketARN+"/lake/"+name+"/*"], found["lake/"+name+"/*"])
		}
	}
	if found[bucketARN+"/lake/bronze/a_table_with_quite_a_long_name_0060/*"] != 0 {
		t.Error("a table is read that no line names")
	}
}

// What IAM would refuse is found with the line, the limit and the remedy.
func TestPolicyLimits(t *testing.T) {
	l, e := wide(t, "many", 200)
	_, err := Policies(l, e, nil)
	want := "lakehouse.yaml:207:5: access.roles.many: its policies have"
	var problems spec.Errors
	if !errors.As(err, &problems) || !strings.HasPrefix(err.Error(), want) ||
		!strings.HasSuffix(err.Error(), "policies of 6144 characters, AWS attaches 9 to a role: name schemas (bronze.*) in place of their tables, or make two roles of it") {
		t.Errorf("got %v\nwant %s ...", err, want)
	}
	l, e = wide(t, strings.Repeat("r", 40), 1)
	_, err = Policies(l, e, nil)
	if got, want := fmt.Sprint(err), "lakehouse.yaml:8:5: access.roles."+strings.Repeat("r", 40)+": the name of its role in IAM, shop-prod-ap-southeast-1-role-"+strings.Repeat("r", 40)+
		", has 70 characters, AWS takes 64: shorten the name of the role, the environment or the lakehouse by 6"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Files of sources are looked for in the folder before the first sign of a pattern.
func TestFoldersOfSources(t *testing.T) {
	l, e := shop(t)
	policies, err := Policies(l, e, []string{"raw/2026-", "one.csv", "raw/orders/"})
	if err != nil {
		t.Fatal(err)
	}
	daemon := policies[0].Documents
	for _, c := range []struct {
		action, on, prefix string
		want               bool
	}{
		{"s3:GetObject", bucketARN + "/raw/2026-01/x.csv", "", true},
		{"s3:GetObject", bucketARN + "/raw/2025-01/x.csv", "", false},
		{"s3:GetObject", bucketARN + "/one.csv", "", true},
		{"s3:GetObject", bucketARN + "/two.csv", "", false},
		{"s3:ListBucket", bucketARN, "raw/", true},
		{"s3:ListBucket", bucketARN, "raw/2026-01/", true},
		{"s3:ListBucket", bucketARN, "raw/2025-01/", false},
		{"s3:ListBucket", bucketARN, "one.csv", true},
		{"s3:ListBucket", bucketARN, "other/", false},
	} {
		got, err := Set{Identity: daemon}.Evaluate(Request{Principal: "x", Action: c.action, Resource: c.on, Context: map[string][]string{"s3:prefix": {c.prefix}}})
		if err != nil || got.Allowed != c.want {
			t.Errorf("%s %s %s: got %+v, %v, want %v", c.action, c.on, c.prefix, got, err, c.want)
		}
	}
}
