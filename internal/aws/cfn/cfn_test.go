package cfn

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What AWS would refuse is found, each with its place; the same template without the mistake is clean.
func TestCheck(t *testing.T) {
	stream := func(change func(Map)) *Template {
		p := Map{"StreamModeDetails": Map{"StreamMode": "ON_DEMAND"}, "RetentionPeriodHours": 24, "StreamEncryption": Map{"EncryptionType": "KMS", "KeyId": Ref("Key")}}
		change(p)
		tmpl := &Template{Parameters: []Parameter{{Name: "Key", Type: "String"}}}
		tmpl.Add("Clicks", "AWS::Kinesis::Stream", p)
		return tmpl
	}
	for _, c := range []struct {
		name   string
		change func(Map)
		want   string
	}{
		{"nothing", func(Map) {}, ""},
		{"a misspelt property", func(p Map) { p["RetentionHours"] = 24 }, "Clicks: RetentionHours: unknown property"},
		{"a nested one", func(p Map) { p["StreamModeDetails"] = Map{"StreamMode": "ON_DEMAND", "Shards": 1} }, "Clicks: StreamModeDetails.Shards: unknown property"},
		{"a missing one", func(p Map) { p["StreamModeDetails"] = Map{} }, "Clicks: StreamModeDetails.StreamMode: missing, and required"},
		{"a value that is none", func(p Map) { p["StreamModeDetails"] = Map{"StreamMode": "AUTO"} }, `Clicks: StreamModeDetails.StreamMode: "AUTO" is not one of ON_DEMAND, PROVISIONED`},
		{"a text for a number", func(p Map) { p["RetentionPeriodHours"] = "24" }, `Clicks: RetentionPeriodHours: "24" is not a whole number`},
		{"half a shard", func(p Map) { p["ShardCount"] = 1.5 }, "Clicks: ShardCount: 1.5 is not a whole number"},
		{"an object for a list", func(p Map) { p["Tags"] = Map{"a": "b"} }, `Clicks: Tags: {"a":"b"} is not a list`},
		{"a tag without value", func(p Map) { p["Tags"] = List{Map{"Key": "a"}} }, "Clicks: Tags[0].Value: missing, and required"},
		{"a reference to nothing", func(p Map) { p["Name"] = Ref("Nobody") }, "Clicks: Name: no resource or parameter Nobody"},
		{"one within a text", func(p Map) { p["Name"] = Sub("a-${Nobody.Arn}-${AWS::Region}") }, "Clicks: Name: no resource or parameter Nobody"},
		{"an attribute that is none", func(p Map) { p["Name"] = GetAtt("Clicks", "ARN") }, "Clicks: Name: AWS::Kinesis::Stream has no attribute ARN"},
		{"a name too long", func(p Map) { p["Name"] = strings.Repeat("x", 129) }, "Clicks: Name: 129 characters, AWS takes 128"},
		{"one that grows too long", func(p Map) { p["Name"] = Sub(strings.Repeat("x", 116) + "-${AWS::AccountId}") }, "Clicks: Name: 129 characters, AWS takes 128"},
	} {
		var got []string
		for _, p := range stream(c.change).Check("eu-central-1") {
			got = append(got, p.Error())
		}
		if text := strings.Join(got, "\n"); text != c.want {
			t.Errorf("%s: got %q, want %q", c.name, text, c.want)
		}
	}
}

func TestCheckTemplate(t *testing.T) {
	tmpl := &Template{Outputs: []Output{{Name: "A", Value: Ref("Gone")}}}
	tmpl.Add("A-b", "AWS::SQS::Queue", nil).DependsOn = []string{"Gone"}
	tmpl.Add("C", "AWS::SQS::Queue", nil)
	tmpl.Add("C", "AWS::Nobody::Knows", nil)
	var got []string
	for _, p := range tmpl.Check("us-east-1") {
		got = append(got, p.Error())
	}
	want := []string{
		"A-b: a logical id has letters and digits alone", "A-b: DependsOn: no resource Gone",
		"C: the logical id is there twice", "C: the type AWS::Nobody::Knows is not in schema.txt",
		"Outputs.A: no resource or parameter Gone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A policy is measured without spaces, and with what its functions will be.
func TestPolicySize(t *testing.T) {
	tmpl := &Template{}
	var actions List
	for range 380 {
		actions = append(actions, "ec2:DescribeVpcs")
	}
	tmpl.Add("P", "AWS::IAM::ManagedPolicy", Map{"PolicyDocument": Map{"Statement": List{Map{"Action": actions, "Resource": GetAtt("P", "PolicyArn")}}}})
	found := tmpl.Check("us-east-1")
	if len(found) != 1 || !regexp.MustCompile(`^P: PolicyDocument: 7[0-9]{3} characters without spaces, AWS takes 6144$`).MatchString(found[0].Error()) {
		t.Errorf("got %v, want one problem: more than 7000 characters", found)
	}
}

func TestJSON(t *testing.T) {
	tmpl := &Template{Description: "a & b", Parameters: []Parameter{{"Key", "String", "the key"}}, Outputs: []Output{{"Q", "the queue", Ref("Q")}}}
	r := tmpl.Add("Q", "AWS::SQS::Queue", Map{"QueueName": "q", "DelaySeconds": 1, "Tags": List{}})
	r.Retain = true
	tmpl.Add("Z", "AWS::SQS::Queue", nil).DependsOn = []string{"Q"}
	got, err := tmpl.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Description": "a & b",
  "Parameters": {
    "Key": {
      "Description": "the key",
      "Type": "String"
    }
  },
  "Resources": {
    "Q": {
      "Type": "AWS::SQS::Queue",
      "DeletionPolicy": "Retain",
      "UpdateReplacePolicy": "Retain",
      "Properties": {
        "DelaySeconds": 1,
        "QueueName": "q",
        "Tags": []
      }
    },
    "Z": {
      "Type": "AWS::SQS::Queue",
      "DependsOn": [
        "Q"
      ]
    }
  },
  "Outputs": {
    "Q": {
      "Description": "the queue",
      "Value": {
        "Ref": "Q"
      }
    }
  }
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	again, err := Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	back, err := again.JSON()
	if err != nil || !bytes.Equal(got, back) {
		t.Errorf("read and written again: %v, got %s", err, back)
	}
}

func TestDiff(t *testing.T) {
	with := func(change func(*Template)) *Template {
		tmpl := &Template{}
		tmpl.Add("S", "AWS::Kinesis::Stream", Map{"Name": "s", "RetentionPeriodHours": 24, "StreamModeDetails": Map{"StreamMode": "ON_DEMAND"}}).Retain = true
		tmpl.Add("Q", "AWS::SQS::Queue", Map{"QueueName": "q", "Tags": List{Map{"Key": "a", "Value": "b"}}})
		tmpl.Add("P", "AWS::SQS::QueuePolicy", Map{"Queues": List{Ref("Elsewhere")}, "PolicyDocument": Map{"Statement": List{Map{"Action": List{"sqs:A", "sqs:B"}}}}})
		change(tmpl)
		return tmpl
	}
	before := with(func(*Template) {})
	for _, c := range []struct {
		name   string
		change func(*Template)
		want   []Change
	}{
		{"nothing", func(*Template) {}, nil},
		{"in place", func(t *Template) { t.Resource("S").Properties["RetentionPeriodHours"] = 48 },
			[]Change{{Modify, "S", "AWS::Kinesis::Stream", []string{"RetentionPeriodHours: 24 -> 48"}}}},
		{"deep", func(t *Template) { t.Resource("S").Properties["StreamModeDetails"] = Map{"StreamMode": "PROVISIONED"} },
			[]Change{{Modify, "S", "AWS::Kinesis::Stream", []string{"StreamModeDetails.StreamMode: ON_DEMAND -> PROVISIONED"}}}},
		{"another name", func(t *Template) { t.Resource("S").Properties["Name"] = Sub("x-${AWS::Region}") },
			[]Change{{Replace, "S", "AWS::Kinesis::Stream", []string{`Name: s -> x-${AWS::Region}`}}}},
		{"no name", func(t *Template) { delete(t.Resource("Q").Properties, "QueueName") },
			[]Change{{Replace, "Q", "AWS::SQS::Queue", []string{"QueueName: q -> none"}}}},
		{"in a list", func(t *Template) { t.Resource("Q").Properties["Tags"] = List{Map{"Key": "a", "Value": "c"}} },
			[]Change{{Modify, "Q", "AWS::SQS::Queue", []string{"Tags[0].Value: b -> c"}}}},
		{"not retained", func(t *Template) { t.Resource("S").Retain = false },
			[]Change{{Modify, "S", "AWS::Kinesis::Stream", []string{"retained: true -> false"}}}},
		{"in a policy", func(t *Template) {
			t.Resource("P").Properties["PolicyDocument"].(Map)["Statement"].(List)[0].(Map)["Action"] = List{"sqs:B", "sqs:C", "sqs:D"}
		},
			[]Change{{Modify, "P", "AWS::SQS::QueuePolicy", []string{"PolicyDocument.Statement[0].Action: +sqs:C, +sqs:D, -sqs:A"}}}},
		{"come and gone", func(t *Template) { t.Resources = t.Resources[:0]; t.Add("N", "AWS::SQS::Queue", nil) },
			[]Change{{Create, "N", "AWS::SQS::Queue", nil}, {Forget, "S", "AWS::Kinesis::Stream", nil}, {Delete, "Q", "AWS::SQS::Queue", nil}, {Delete, "P", "AWS::SQS::QueuePolicy", nil}}},
	} {
		if diff := cmp.Diff(c.want, Diff(before, with(c.change), nil)); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
	if got := Diff(nil, before, nil); len(got) != 3 || got[0].Action != Create {
		t.Errorf("from nothing: got %v, want three to create", got)
	}
}

// What refers to something that is replaced is replaced with it, where its property says so, and
// changed in place where not; other stacks learn it by outputs and parameters.
func TestDiffFollows(t *testing.T) {
	network := func(cidr string) *Template {
		t := &Template{}
		t.Add("Rule", "AWS::EC2::SecurityGroupIngress", Map{"GroupId": Ref("Group"), "IpProtocol": "tcp"})
		t.Add("Group", "AWS::EC2::SecurityGroup", Map{"GroupDescription": "g", "VpcId": GetAtt("Net", "VpcId")})
		t.Add("Net", "AWS::EC2::VPC", Map{"CidrBlock": cidr})
		t.Add("Q", "AWS::SQS::Queue", Map{"QueueName": Sub("q-${AWS::Region}"), "Tags": List{Map{"Key": "net", "Value": Sub("x-${Net}")}}})
		t.Outputs = []Output{{"Group", "", Ref("Group")}, {"Queue", "", GetAtt("Q", "Arn")}}
		return t
	}
	changes := Diff(network("10.0.0.0/16"), network("10.1.0.0/16"), nil)
	want := []Change{
		{Replace, "Rule", "AWS::EC2::SecurityGroupIngress", []string{"GroupId: Group is another one"}},
		{Replace, "Group", "AWS::EC2::SecurityGroup", []string{"VpcId: Net is another one"}},
		{Replace, "Net", "AWS::EC2::VPC", []string{"CidrBlock: 10.0.0.0/16 -> 10.1.0.0/16"}},
		{Modify, "Q", "AWS::SQS::Queue", []string{"Tags[0].Value: Net is another one"}},
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	after := network("10.1.0.0/16")
	if diff := cmp.Diff(map[string]bool{"Group": true}, after.Moved(changes)); diff != "" {
		t.Errorf("outputs: -want +got\n%s", diff)
	}
	other := &Template{Parameters: []Parameter{{"Net", "String", ""}}}
	other.Add("S", "AWS::EC2::Subnet", Map{"VpcId": Ref("Net")})
	if got := Diff(other, other, map[string]bool{"Net": true}); len(got) != 1 || got[0].Action != Replace {
		t.Errorf("a parameter that moved: got %v, want the subnet replaced", got)
	}
}

// Each type of schema.txt is used by internal/aws/deploy, and read to its last property.
func TestSchema(t *testing.T) {
	all, err := parseSchema(schemaText, rulesText)
	if err != nil {
		t.Fatal(err)
	}
	var source bytes.Buffer
	files, err := os.ReadDir("../deploy")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".go") {
			text, err := os.ReadFile("../deploy/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	for name, typ := range all {
		if len(typ.properties.fields) == 0 {
			t.Errorf("%s: no properties", name)
		}
		if !strings.Contains(source.String(), `"`+name+`"`) {
			t.Errorf("%s: nothing in internal/aws/deploy uses it: run scripts/cfn-schema again", name)
		}
	}
	for typ, want := range map[string]string{"AWS::Logs::LogGroup": "BearerTokenAuthenticationEnabled", "AWS::IAM::Role": "Tags"} {
		if all[typ].properties.property(want) == nil {
			t.Errorf("%s: the last property, %s, was not read", typ, want)
		}
	}
	if _, err := parseSchema(schemaText, "AWS::IAM::Role .RollName most 64"); err == nil {
		t.Error("a rule for a property that is not there was taken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "a-${AWS::Region}"}}}}}`))
	f.Add([]byte(`{"Resources": {"Q": {"Type": 1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tmpl, err := Parse(data)
		if err != nil {
			return
		}
		tmpl.Check("us-east-1")
		if changes := Diff(tmpl, tmpl, nil); changes != nil && !hasTwins(tmpl) {
			t.Errorf("a template differs from itself: %v", changes)
		}
	})
}

func hasTwins(tmpl *Template) bool {
	seen := map[string]bool{}
	for _, r := range tmpl.Resources {
		if seen[r.ID] {
			return true
		}
		seen[r.ID] = true
	}
	return false
}
