package rollout_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/servers"
)

const roles = `access:
  roles:
    analyst:
      members: "arn:aws:iam::123456789012:role/team"
      reads: [gold.*, bronze.orders]
      except: bronze.orders.customer
    clerk:
      members: "arn:aws:iam::123456789012:user/clerk"
      reads: gold.sums
      writes: bronze.orders
`

// TestAccess promises that the roles of access and their policies are made, and that these, as AWS has them, let each do
// what lakehouse.yaml says. (The server that plays AWS attaches no policies to the roles of stacks.)
func TestAccess(t *testing.T) {
	moto := servers.Moto(t)
	moto.Environ(t)
	ctx := t.Context()
	l, e := lake(t, roles)
	r, _ := open(t, l, e)
	program, err := rollout.Pack(l, e, "/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	if err := r.Apply(ctx, program, rollout.Consent{}, func(x rollout.Progress) { told = append(told, x.Layer+" "+x.Text+x.Event.Resource+" "+x.Event.Status) }); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(told, "\n"))
	}
	cfg, err := awsx.Load(ctx, awsx.Of(e))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(out any, pairs ...string) {
		t.Helper()
		form := url.Values{"Version": {"2010-05-08"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		if err := awsx.Query(ctx, cfg, "iam", awsx.Global, form, out); err != nil {
			t.Fatalf("%v: %v", pairs, err)
		}
	}
	document := func(escaped string) access.Document {
		t.Helper()
		text, err := url.PathUnescape(escaped)
		if err != nil {
			t.Fatal(err)
		}
		d, err := access.ParseDocument([]byte(text))
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return *d
	}
	const bucket = "arn:aws:s3:::shop-prod-data-123456789012-us-east-1"
	for _, c := range []struct {
		policy, action, on string
		want               bool
	}{
		{"role-analyst-tables", "s3:GetObject", "/lake/gold/sums/1.parquet", true},
		{"role-analyst-tables", "s3:GetObject", "/lake/bronze/orders/1.parquet", false},
		{"role-analyst-tables", "s3:PutObject", "/lake/gold/sums/1.parquet", false},
		{"role-clerk-tables", "s3:PutObject", "/lake/bronze/orders/1.parquet", true},
		{"role-clerk-tables", "s3:PutObject", "/lake/gold/sums/1.parquet", false},
		{"tables", "s3:PutObject", "/lake/gold/sums/1.parquet", true},
		{"tables", "s3:GetObject", "/raw/orders/1.csv", true},
		{"tables", "s3:GetObject", "/other/1.csv", false},
	} {
		var version struct {
			Document string `xml:"GetPolicyVersionResult>PolicyVersion>Document"`
		}
		ask(&version, "Action", "GetPolicyVersion", "PolicyArn", "arn:aws:iam::123456789012:policy/shop-prod-us-east-1-"+c.policy, "VersionId", "v1")
		set := access.Set{Identity: []access.Document{document(version.Document)}}
		got, err := set.Evaluate(access.Request{Principal: "x", Action: c.action, Resource: bucket + c.on})
		if err != nil || got.Allowed != c.want {
			t.Errorf("%s: %s on %s: got %+v, %v, want %v", c.policy, c.action, c.on, got, err, c.want)
		}
	}
	var made struct {
		Trust string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	ask(&made, "Action", "GetRole", "RoleName", "shop-prod-us-east-1-role-clerk")
	trust := document(made.Trust)
	for who, want := range map[string]bool{"arn:aws:iam::123456789012:user/clerk": true, "arn:aws:iam::123456789012:role/team": false} {
		got, err := access.Set{Resource: &trust, Guarded: true}.Evaluate(access.Request{Principal: who, Action: "sts:AssumeRole"})
		if err != nil || got.Allowed != want {
			t.Errorf("%s takes the role clerk: got %+v, %v, want %v", who, got, err, want)
		}
	}
}
