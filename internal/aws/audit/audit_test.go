package audit

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// stacks are the templates that package deploy is held to.
func stacks(t *testing.T, lakehouse string) (all []Template) {
	t.Helper()
	files, err := filepath.Glob("../deploy/testdata/stacks/" + lakehouse)
	if err != nil || len(files) == 0 {
		t.Fatalf("no stacks of %s: %v", lakehouse, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Template{Layer: strings.TrimSuffix(filepath.Base(f), ".json"), Data: data})
	}
	return all
}

// What petalake makes meets the profile that was asked for, but for the exceptions.
func TestStacksMeetTheirProfile(t *testing.T) {
	var used []Evidence
	for lakehouse, profile := range map[string]string{"small-*": "baseline", "flights-*": "baseline", "market-*": "baseline", "shop-*": "strict", "ledger-*": "regulated"} {
		results, err := Judge(stacks(t, lakehouse), profile, Own())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			for _, e := range r.Evidence {
				if e.Reason != "" {
					used = append(used, e)
				}
				if !e.Meets && e.Reason == "" {
					t.Errorf("%s: %s %s: %s", lakehouse, r.ID, e.Resource, e.Says)
				}
			}
			if r.Verdict == Fail && len(r.Evidence) == 0 {
				t.Errorf("%s: %s: nothing to judge", lakehouse, r.ID)
			}
		}
	}
	for _, e := range Own() {
		if !slices.ContainsFunc(used, func(u Evidence) bool {
			fits, err := path.Match(e.Resource, u.Resource)
			return err == nil && fits && e.Reason == u.Reason
		}) {
			t.Errorf("exceptions.txt: %s %s: no template needs it any more", e.Control, e.Resource)
		}
	}
}

// A profile asks for more than the one before it, and what was made for less does not meet it.
func TestProfilesAskForMore(t *testing.T) {
	before := 0
	for _, profile := range Profiles {
		results, err := Judge(stacks(t, "small-*"), profile, Own())
		if err != nil {
			t.Fatal(err)
		}
		if len(results) <= before {
			t.Errorf("%s has %d controls, want more than %d", profile, len(results), before)
		}
		before = len(results)
		if fails := Count(results)[Fail]; (fails > 0) != (profile != "baseline") {
			t.Errorf("%s: a lakehouse of the baseline fails %d controls", profile, fails)
		}
	}
	if _, err := Judge(nil, "none", nil); err == nil {
		t.Error("a profile that is none: got no error")
	}
}

// Each control can be failed: by a resource without properties, or by one that does what is forbidden.
func TestControlsFail(t *testing.T) {
	open := cfn.Map{"Statement": cfn.List{cfn.Map{"Sid": "S", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}}
	bad := map[string]cfn.Map{
		"iam-no-admin":            {"PolicyDocument": open},
		"iam-no-service-wildcard": {"PolicyDocument": action("s3:*")},
		"iam-pass-role":           {"PolicyDocument": action("iam:PassRole")},
		"kms-decrypt":             {"PolicyDocument": action("kms:Decrypt")},
		"kms-closed":              {"KeyPolicy": open},
		"role-confused-deputy":    {"AssumeRolePolicyDocument": cfn.Map{"Statement": cfn.List{cfn.Map{"Sid": "S", "Principal": cfn.Map{"Service": "emr-serverless.amazonaws.com"}}}}},
		"vpc-ingress":             {"SecurityGroupIngress": cfn.List{cfn.Map{"CidrIp": "10.0.0.0/8"}, cfn.Map{"CidrIpv6": "::/0"}}},
		"vpc-described":           {"SecurityGroupEgress": cfn.List{cfn.Map{"CidrIp": "10.0.0.0/8"}}},
		"s3-commits":              {"Bucket": cfn.Ref("DataBucket")},
	}
	for _, c := range controls {
		properties := cfn.Map{}
		if b, ok := bad[c.id]; ok {
			properties = b
		}
		r := &cfn.Resource{ID: "R", Type: c.types[0], Properties: properties}
		if says, ok := c.look(&cfn.Template{Resources: []*cfn.Resource{r}}, r); ok || says == "" {
			t.Errorf("%s: a resource that does not meet it: got %v, %q", c.id, ok, says)
		}
	}
}

// A role may be taken by whoever is named, and by nobody who is not.
func TestWhoTakesRoles(t *testing.T) {
	for _, c := range []struct {
		principal any
		want      bool
	}{
		{cfn.Map{"AWS": "arn:aws:iam::123456789012:role/analyst"}, true},
		{cfn.Map{"AWS": cfn.List{"arn:aws:iam::123456789012:role/analyst", "*"}}, false},
		{"*", false},
		{cfn.Map{"Service": "ec2.amazonaws.com"}, true},
		{cfn.Map{"Service": "firehose.amazonaws.com"}, false},
	} {
		r := &cfn.Resource{Properties: cfn.Map{"AssumeRolePolicyDocument": cfn.Map{"Statement": cfn.List{cfn.Map{"Sid": "S", "Principal": c.principal}}}}}
		if says, ok := ownAccount(nil, r); ok != c.want {
			t.Errorf("%v: got %v, %s", c.principal, ok, says)
		}
	}
}

func action(name string) cfn.Map {
	return cfn.Map{"Statement": cfn.List{cfn.Map{"Sid": "S", "Effect": "Allow", "Action": cfn.List{"s3:GetObject", name}, "Resource": cfn.List{"*"}}}}
}

// Each control is met by something petalake makes: none looks at what is never there.
func TestControlsAreMet(t *testing.T) {
	results, err := Judge(stacks(t, "*"), "regulated", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.ID != "vpc-default-group" && !slices.ContainsFunc(r.Evidence, func(e Evidence) bool { return e.Meets }) {
			t.Errorf("%s: nothing meets it: %+v", r.ID, r.Evidence)
		}
	}
	seen := map[string]bool{}
	for _, c := range controls {
		if seen[c.id] || len(c.standards) == 0 || !slices.Contains(Profiles, c.from) {
			t.Errorf("%s: is there twice, or has no standard or no profile", c.id)
		}
		seen[c.id] = true
	}
}

func TestExceptions(t *testing.T) {
	got, err := ParseExceptions("# why\n\ns3-kms  Log*  because of that\n")
	if diff := cmp.Diff([]Exception{{"s3-kms", "Log*", "because of that"}}, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	for text, want := range map[string]string{
		"s3-kms LogBucket": "line 1: want a control, a resource and the reason", "\nnone a b": `line 2: no control "none"`, "s3-kms [ b": `line 1: bad pattern "["`,
	} {
		if _, err := ParseExceptions(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	r := Result{ID: "s3-kms", Evidence: []Evidence{{Resource: "LogBucket"}, {Resource: "DataBucket", Meets: true}}}
	if r.judge(control{}, got); r.Verdict != Excepted || r.Evidence[0].Reason != "because of that" {
		t.Errorf("got %+v, want it excepted, with the reason", r)
	}
	if r.judge(control{}, nil); r.Verdict != Fail {
		t.Errorf("without the exception: got %s, want fail", r.Verdict)
	}
	var none Result
	if none.judge(control{demanded: true}, nil); none.Verdict != Fail {
		t.Errorf("nothing where something is demanded: got %s, want fail", none.Verdict)
	}
}
