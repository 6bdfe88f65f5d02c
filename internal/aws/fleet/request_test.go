package fleet

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/servers"
)

var update = flag.Bool("update", false, "write the golden files anew")

var place = Place{
	Name: "shop-prod", Subnets: []string{"subnet-1", "subnet-2", "subnet-3"}, ServiceRole: "arn:aws:iam::111122223333:role/emr", InstanceProfile: "shop-prod-emr-nodes",
	PrimaryGroup: "sg-1", CoreGroup: "sg-2", ServiceGroup: "sg-3", SecurityConfiguration: "shop-prod-clusters",
	LogURI: "s3://logs/clusters/", EventLogURI: "s3://logs/events", KMSKey: "arn:aws:kms:us-east-1:111122223333:key/1",
	StepRole: "arn:aws:iam::111122223333:role/spark", Tags: map[string]string{"team": "data"},
}

// TestRequest promises that what is written is what the API of EMR has, name by name, and shows all of it.
func TestRequest(t *testing.T) {
	p := policy(t, "{size: large, max_on_demand: 512}")
	request := p.Request(place, 0, 256, nil)
	text, err := json.MarshalIndent(request, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	strict(t, text, &emr.RunJobFlowInput{})
	golden(t, "testdata/cluster.json", append(text, '\n'))

	change, err := json.Marshal(p.Change(Action{Cluster: "j-1", OnDemand: 64, Spot: 128, Types: []string{"r7g.8xlarge", "r8g.8xlarge"}}, "if-1"))
	if err != nil {
		t.Fatal(err)
	}
	var in emr.ModifyInstanceFleetInput
	strict(t, change, &in)
	if n := len(in.InstanceFleet.InstanceTypeConfigs); n != 2 || *in.InstanceFleet.TargetSpotCapacity != 128 || *in.InstanceFleet.TargetOnDemandCapacity != 64 {
		t.Errorf("%d types, %s", n, change)
	}
}

// strict decodes JSON into a type of the SDK, which must know all its names.
func strict(t *testing.T, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Errorf("%T: %v", into, err)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got (go test -update writes it anew)\n%s", file, diff)
	}
}

// TestResource lets cfn-lint judge the same cluster as a resource of CloudFormation.
func TestResource(t *testing.T) {
	lint := servers.Tool(t, "venv/bin/cfn-lint")
	for _, fleet := range []string{"{size: large}", "{size: small, mode: persistent}", "{max: 16, core: 16, min: 16}", "{size: 4xlarge, workload: compute, graviton: never, disk: 128GiB}"} {
		template, err := json.Marshal(object{"Resources": object{"Cluster": object{"Type": "AWS::EMR::Cluster", "Properties": Resource(policy(t, fleet).Request(place, 16, 32, nil))}}})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "template.json")
		if err := os.WriteFile(file, template, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(lint, "--regions", "us-east-1", "--", file).CombinedOutput(); err != nil {
			t.Errorf("%s: cfn-lint: %v\n%s", fleet, err, out)
		}
	}
}

func TestEvents(t *testing.T) {
	for text, want := range map[string]Event{
		`{"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning","detail":{"instance-id":"i-1","instance-action":"terminate"}}`: {Reclaim, "i-1"},
		`{"source":"aws.ec2","detail-type":"EC2 Instance Rebalance Recommendation","detail":{"instance-id":"i-2"}}`:                                {AtRisk, "i-2"},
		`{"source":"aws.emr","detail-type":"EMR Cluster State Change","detail":{"clusterId":"j-1"}}`:                                               {},
	} {
		got, ok, err := ParseEvent([]byte(text))
		if err != nil || got != want || ok != (want.Kind != "") {
			t.Errorf("%s: %v, %v, %v", text, got, ok, err)
		}
	}
	for _, text := range []string{"", "[]", `{"source":"aws.ec2","detail-type":"EC2 Instance Rebalance Recommendation"}`} {
		if _, _, err := ParseEvent([]byte(text)); err == nil {
			t.Errorf("%q is an event", text)
		}
	}
	if n := (Event{Reclaim, "i-1"}).Notice("r7g.xlarge", "us-east-1a", 4); n != (Notice{Reclaim, "r7g.xlarge", "us-east-1a", 4}) {
		t.Errorf("%+v", n)
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"source":"aws.ec2","detail-type":"EC2 Instance Rebalance Recommendation","detail":{"instance-id":"i-2"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if e, ok, err := ParseEvent(body); ok && (err != nil || e.Instance == "") {
			t.Errorf("%q: %+v, %v", body, e, err)
		}
	})
}
