package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
)

// market is what testdata/access.yaml is in AWS, as it is once it is deployed.
type market struct {
	resources map[string]*cfn.Resource
	values    map[string]string // of parameters, and of what AWS says of itself
}

func deployedMarket(t *testing.T) *market {
	t.Helper()
	l, e := environment(t, "testdata/access.yaml")
	stacks, err := Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	m := &market{resources: map[string]*cfn.Resource{}, values: map[string]string{
		"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012", "AWS::URLSuffix": "amazonaws.com",
		"DataBucket": "market-data", "ArtefactBucket": "market-artefacts", "LogBucket": "market-logs",
		"Key": "arn:aws:kms:eu-central-1:123456789012:key/1", "Key.Arn": "arn:aws:kms:eu-central-1:123456789012:key/1",
	}}
	for _, name := range []string{"DataBucket", "ArtefactBucket", "LogBucket"} {
		m.values[name+".Arn"] = "arn:aws:s3:::" + m.values[name]
	}
	for _, s := range stacks {
		for _, r := range s.template.Resources {
			m.resources[r.ID] = r
			if r.Type == "AWS::IAM::Role" {
				m.values[r.ID+".Arn"] = "arn:aws:iam::123456789012:role/" + r.Properties["RoleName"].(string)
			}
		}
	}
	return m
}

// is what a value of a template comes to.
func (m *market) is(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			switch {
			case v["Ref"] != nil:
				return m.value(v["Ref"].(string))
			case v["Fn::GetAtt"] != nil:
				pair := v["Fn::GetAtt"].([]any)
				return m.value(fmt.Sprint(pair[0], ".", pair[1]))
			case v["Fn::Join"] != nil:
				text := ""
				for _, part := range v["Fn::Join"].([]any)[1].([]any) {
					text += m.is(part).(string)
				}
				return text
			case v["Fn::Sub"] != nil:
				return m.filled(v["Fn::Sub"].(string))
			}
		}
		out := map[string]any{}
		for key, inner := range v {
			out[key] = m.is(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = m.is(inner)
		}
		return out
	}
	return v
}

func (m *market) value(name string) string {
	if v, ok := m.values[name]; ok {
		return v
	}
	return "some-" + name
}

func (m *market) filled(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return text
		}
		text = before + m.value(name) + after
	}
}

// document is a policy of a resource.
func (m *market) document(t *testing.T, id, key string) *access.Document {
	t.Helper()
	r := m.resources[id]
	if r == nil {
		t.Fatalf("no %s", id)
	}
	data, err := json.Marshal(r.Properties[key])
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(m.is(v)); err != nil {
		t.Fatal(err)
	}
	d, err := access.ParseDocument(data)
	if err != nil {
		t.Fatalf("%s: %v in %s", id, err, data)
	}
	return d
}

// identity is all that a role may.
func (m *market) identity(t *testing.T, role string) (all []access.Document) {
	t.Helper()
	arns, _ := m.resources[role].Properties["ManagedPolicyArns"].([]any)
	for _, arn := range arns {
		if id, ok := arn.(map[string]any)["Ref"].(string); ok {
			all = append(all, *m.document(t, id, "PolicyDocument"))
		}
	}
	return all
}

// The roles of the stacks against a matrix of requests, beside the policies of the bucket, of its key, and of
// who trusts whom. IAM says to each what lakehouse.yaml does, and to nobody more.
func TestAccessMatrix(t *testing.T) {
	m := deployedMarket(t)
	roles := []string{"DaemonRole", "SparkRole", "AccessAnalystRole", "AccessScorerRole", "AccessListenerRole", "AccessSupportRole", "AccessAuditorRole"}
	data, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	bucket, key := m.document(t, "DataBucketPolicy", "PolicyDocument"), m.document(t, "Key", "KeyPolicy")
	full := strings.NewReplacer("@", m.values["DataBucket.Arn"], "&", m.values["Key"], "%", "arn:aws:glue:eu-central-1:123456789012")
	for i, line := range strings.Split(string(data), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		q := access.Request{Action: fields[1], Resource: full.Replace(fields[2]), Context: map[string][]string{"aws:SecureTransport": {"true"}, "s3:TlsVersion": {"1.3"}, "aws:RequestedRegion": {"eu-central-1"}}}
		for _, pair := range fields[3:] {
			name, value, _ := strings.Cut(pair, "=")
			q.Context[name] = []string{full.Replace(value)}
		}
		for k, role := range roles {
			q.Principal = m.values[role+".Arn"]
			set := access.Set{Identity: m.identity(t, role)}
			switch service, _, _ := strings.Cut(q.Action, ":"); {
			case service == "s3" && strings.HasPrefix(q.Resource, m.values["DataBucket.Arn"]):
				set.Resource = bucket
			case service == "kms":
				set.Resource, set.Guarded = key, true
			}
			got, err := set.Evaluate(q)
			if err != nil {
				t.Fatal(err)
			}
			if want := fields[0][k] != '.'; got.Allowed != want {
				t.Errorf("matrix.txt:%d: %s: got %v (%s), want %v", i+1, role, got.Allowed, got.Why, want)
			}
		}
	}
}

// Roles are taken by whom lakehouse.yaml names as members, and by EMR Serverless for jobs that have them.
func TestWhoTakesRoles(t *testing.T) {
	m := deployedMarket(t)
	const here = "arn:aws:iam::123456789012:"
	for _, c := range []struct {
		who, role string
		source    string // for which a service acts
		want      bool
	}{
		{here + "role/analyst", "AccessAnalystRole", "", true},
		{here + "role/other", "AccessAnalystRole", "", false},
		{here + "user/carol", "AccessAnalystRole", "", false},
		{here + "user/carol", "AccessSupportRole", "", true},
		{here + "role/analyst", "DaemonRole", "", false},
		{here + "role/analyst", "SparkRole", "", false},
		{here + "role/analyst", "AccessScorerRole", "", false},
		{"arn:aws:iam::999999999999:role/audit", "AccessAuditorRole", "", true},
		{"arn:aws:iam::999999999999:role/other", "AccessAuditorRole", "", false},
		{"emr-serverless.amazonaws.com", "AccessScorerRole", "arn:aws:emr-serverless:eu-central-1:123456789012:/applications/1", true},
		{"emr-serverless.amazonaws.com", "AccessScorerRole", "arn:aws:emr-serverless:eu-central-1:999999999999:/applications/1", false},
		{"emr-serverless.amazonaws.com", "AccessAnalystRole", "arn:aws:emr-serverless:eu-central-1:123456789012:/applications/1", false},
	} {
		q := access.Request{Principal: c.who, Action: "sts:AssumeRole"}
		if c.source != "" {
			q.Context = map[string][]string{"aws:SourceArn": {c.source}, "aws:SourceAccount": {strings.Split(c.source, ":")[4]}}
		}
		got, err := access.Set{Resource: m.document(t, c.role, "AssumeRolePolicyDocument"), Guarded: true}.Evaluate(q)
		if err != nil || got.Allowed != c.want {
			t.Errorf("%s takes %s: got %+v, %v, want %v", c.who, c.role, got, err, c.want)
		}
	}
	if m.resources["AccessDeskRole"] != nil {
		t.Error("a role that nobody in AWS takes is made")
	}
}

// The names of package access are those of the stacks.
func TestAccessNames(t *testing.T) {
	l, e := environment(t, "testdata/access.yaml")
	m := deployedMarket(t)
	for _, g := range access.Grants(l, e) {
		found := false
		for _, v := range m.values {
			found = found || v == g.ForAccount("123456789012").Principal
		}
		if !found {
			t.Errorf("a grant to %s, which no stack has", g.Principal)
		}
	}
}
