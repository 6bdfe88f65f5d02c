package deploy

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/spec"
)

// What AWS would refuse is found before it is asked, with the line, the limit and the remedy.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 30)
	for _, c := range []struct{ name, text, want string }{
		{"a name too long for a bucket", "lakehouse: " + long + "\nenvironments:\n  prod:\n    aws: {region: ap-southeast-1}\n",
			"lakehouse.yaml:1:12: lakehouse: with the environment prod the name is 35 characters long, too long for a bucket: S3 takes 63, of which 38 are what else is in the name: " +
				"choose names of the lakehouse and the environment that are at most 24 characters together"},
		{"a pattern too long for a rule", "lakehouse: a\nsources:\n  s:\n    path: " + strings.Repeat("y", 4100) + ".csv\nenvironments:\n  prod:\n    aws: {region: us-east-1}\n",
			"lakehouse.yaml:3:3: sources.s: stack ingest: ArriveS: EventPattern: 4315 characters without spaces, AWS takes 4096: shorten the path"},
		{"a role with a name too long for IAM", "lakehouse: a\ntables: {t: }\naccess:\n  roles:\n    " + strings.Repeat("r", 50) + ": {reads: t}\nenvironments:\n  prod:\n    aws: {region: us-east-1}\n",
			"lakehouse.yaml:5:5: access.roles." + strings.Repeat("r", 50) + ": the name of its role in IAM, a-prod-us-east-1-role-" + strings.Repeat("r", 50) + ", has 72 characters, AWS takes 64: " +
				"shorten the name of the role, the environment or the lakehouse by 8"},
		{"an environment that is not in AWS", "lakehouse: a\nenvironments:\n  prod: {}\n",
			"lakehouse.yaml:3:3: environments.prod: it is not in AWS: write aws: {region: eu-central-1} in it"},
	} {
		l, err := spec.Parse("lakehouse.yaml", []byte(c.text), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_, err = Render(l, l.Environments[0])
		var problems spec.Errors
		if !errors.As(err, &problems) || err.Error() != c.want {
			t.Errorf("%s: got\n%v\nwant\n%s", c.name, err, c.want)
		}
	}
}

// The longest name that is let through renders.
func TestLongestName(t *testing.T) {
	l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: "+strings.Repeat("x", 20)+"\nenvironments:\n  prod:\n    aws: {region: ap-southeast-1}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Render(l, l.Environments[0]); err != nil {
		t.Error(err)
	}
}

func TestQuarter(t *testing.T) {
	for _, c := range []struct {
		cidr string
		want [4]string
	}{
		{"10.40.0.0/16", [4]string{"10.40.0.0/18", "10.40.64.0/18", "10.40.128.0/18", "10.40.192.0/18"}},
		{"192.168.7.0/24", [4]string{"192.168.7.0/26", "192.168.7.64/26", "192.168.7.128/26", "192.168.7.192/26"}},
		{"172.16.16.0/20", [4]string{"172.16.16.0/22", "172.16.20.0/22", "172.16.24.0/22", "172.16.28.0/22"}},
	} {
		for i, want := range c.want {
			if got := quarter(c.cidr, uint32(i)); got != want {
				t.Errorf("quarter %d of %s: got %s, want %s", i, c.cidr, got, want)
			}
		}
	}
}

func TestLiteral(t *testing.T) {
	for pattern, want := range map[string]string{
		"raw/flights/*.csv": "raw/flights/", "./raw/a.csv": "raw/a.csv", "raw/2026-??/x.csv": "raw/2026-", "*.csv": "", "../raw/*.csv": "raw/", "raw/**/x": "raw/",
	} {
		if got := literal(pattern); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

func TestArchitecture(t *testing.T) {
	for instance, want := range map[string]string{
		"m7g.xlarge": "arm64", "c6gn.large": "arm64", "r8gd.4xlarge": "arm64", "a1.large": "arm64", "g5g.xlarge": "arm64",
		"m7i.large": "amd64", "g5.xlarge": "amd64", "r5d.24xlarge": "amd64", "i4i.large": "amd64",
	} {
		if got := Architecture(instance); got != want {
			t.Errorf("%s: got %s, want %s", instance, got, want)
		}
	}
}

// Streams and databases, and all of their resources, are what CloudFormation takes.
func TestStreamsAndDatabases(t *testing.T) {
	l, e := environment(t, "testdata/spark.yaml")
	s := &site{l: l, e: e, a: &e.AWS, base: "shop-prod"}
	l.Sources = []*spec.Source{
		{Name: "clicks", Stream: &spec.Stream{Retention: 168 * hour, Every: hour / 60}},
		{Name: "sensor-data", Stream: &spec.Stream{Shards: 4, Retention: 24 * hour, Every: hour / 60}},
	}
	l.Databases = []*spec.Source{
		{Name: "crm", Database: &spec.Database{Engine: "aurora-postgresql", Host: "crm.example.com", Port: 5432, Name: "crm", Tables: []string{"public.contacts"}, Units: 8, Network: "10.8.0.0/16", Changes: true}},
		{Name: "erp", Database: &spec.Database{Engine: "mysql", Host: "erp.example.com", Port: 3306, Name: "erp", Tables: []string{"erp.orders", "erp.items"}, Units: 4, Network: "10.9.0.0/24",
			Certificate: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}},
	}
	to := s.ingest()
	if problems := s.finish(to); problems != nil {
		t.Fatal(problems)
	}
	golden(t, "testdata/stacks/streams-and-databases.json", to.Template)
}
