package rollout_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/spec"
)

// house is an environment that is deployed again and again, with everything recorded.
type house struct {
	t   *testing.T
	rec *recorder
	cfg aws.Config
	l   *spec.Lakehouse
	e   *spec.Environment
}

func (h *house) open() *rollout.Rollout {
	h.t.Helper()
	r, _ := open(h.t, h.l, h.e)
	return r
}

// change writes lakehouse.yaml anew.
func (h *house) change(old, new string) {
	h.t.Helper()
	text := strings.Replace(read(h.t, h.l.File), old, new, 1)
	write(h.t, h.l.File, text)
	l, err := spec.Load(h.l.File)
	if err != nil {
		h.t.Fatal(err)
	}
	e, err := l.Environment("prod")
	if err == nil {
		e, err = e.Resolve(func(string) (string, bool) { return "", false })
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.l, h.e = l, e
}

// deployed plans and runs the plan without the steps that are left out; it returns the steps of the plan.
func (h *house) deployed(out func(deploy.Step) bool) []deploy.Step {
	h.t.Helper()
	program, err := rollout.Pack(h.l, h.e, "/proc/self/exe")
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := h.open().Plan(h.t.Context(), program)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.run(p, out)
}

func (h *house) run(p *rollout.Plan, out func(deploy.Step) bool) []deploy.Step {
	h.t.Helper()
	all := slices.Clone(p.Steps)
	p.Steps = slices.DeleteFunc(p.Steps, out)
	h.rec.shows(p.Steps)
	defer h.rec.over()
	var told []string
	err := p.Run(h.t.Context(), rollout.Consent{}, func(x rollout.Progress) { told = append(told, x.Layer+" "+x.Text+x.Event.Resource+" "+x.Event.Status) })
	if err != nil {
		h.t.Fatalf("%v\n%s", err, strings.Join(told, "\n"))
	}
	return all
}

func nothing(deploy.Step) bool { return false }

func kinds(steps []deploy.Step) (all []deploy.Kind) {
	for _, s := range steps {
		if !slices.Contains(all, s.Kind) {
			all = append(all, s.Kind)
		}
	}
	return all
}

func (h *house) want(when string, steps []deploy.Step, want ...deploy.Kind) {
	h.t.Helper()
	if got := kinds(steps); !slices.Equal(got, want) {
		h.t.Errorf("%s: got steps of the kinds %q, want %q", when, got, want)
	}
}

// ask makes a call as somebody else would, who is not recorded.
func (h *house) ask(service string, out any, pairs ...string) {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	if err := awsx.Query(h.t.Context(), h.cfg, service, "us-east-1", form, out); err != nil {
		h.t.Fatalf("%v: %v", pairs, err)
	}
}

// TestAccounted promises that AWS is changed by what a plan shows, and by nothing else: each call that changes
// something is recorded, and some step of the plan that is run has to account for it. What is left out of a plan is not
// done, and is in the next one.
func TestAccounted(t *testing.T) {
	if testing.Short() {
		t.Skip("an environment is deployed seven times")
	}
	g, cfg := behind(t)
	h := &house{t: t, rec: record(t, g), cfg: cfg}
	h.l, h.e = lake(t, "fleet: {size: small}\n"+roles)
	failed(t, cfg, "shop-prod-observe")
	later := []deploy.Kind{deploy.CloseGroup, deploy.RegisterLake, deploy.MakeCertificate}

	first := h.deployed(func(s deploy.Step) bool { return slices.Contains(later, s.Kind) })
	h.want("from nothing", first, deploy.MakeStack, deploy.CloseGroup, deploy.UploadProgram, deploy.UploadBundle, deploy.RegisterLake, deploy.MakeCertificate, deploy.ClearStack, deploy.ActivateTag)
	second := h.deployed(nothing)
	h.want("what was left out", second, later...)
	h.want("nothing to do", h.deployed(nothing))
	if got := h.rec.calls; len(got) != 0 {
		t.Errorf("nothing to do: got the calls %q", got)
	}

	h.overtaken(g)
	h.undo()
	h.want("undone by hand", h.deployed(nothing), deploy.ProtectStack, deploy.CloseGroup)
	h.change("xlarge", "2xlarge")
	h.want("another machine", h.deployed(nothing), deploy.UploadBundle, deploy.MakeStack)
	h.change("sources:\n  orders: {kind: files, path: raw/orders/*.csv, table: bronze.orders}\n", "tables: {bronze.orders: }\n")
	h.want("no source", h.deployed(nothing), deploy.UploadBundle, deploy.MakeStack, deploy.RemoveStack)

	h.removed()
	var missing []deploy.Kind
	for _, k := range deploy.Kinds() {
		if !h.rec.used[k] {
			missing = append(missing, k)
		}
	}
	if want := []deploy.Kind{deploy.EraseStream, deploy.StopReplications}; !slices.Equal(missing, want) {
		t.Errorf("the kinds %q were never run, want that of all but %q", missing, want)
	}
	for k := range h.rec.used {
		if calls, _ := rollout.Changes(k); h.rec.seen[k] == "" && k != deploy.ActivateTag && k != deploy.StopDaemon {
			t.Errorf("a step of the kind %s was shown, and none of its calls was made: %q", k, calls)
		}
	}
}

// overtaken runs a plan that knows nothing of what follows from a stack that has other outputs than before: it ends in an
// error, and the stacks that are given them stay as they are.
func (h *house) overtaken(g *gate) {
	h.t.Helper()
	program, err := rollout.Pack(h.l, h.e, "/proc/self/exe")
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := h.open().Plan(h.t.Context(), program)
	if err != nil {
		h.t.Fatal(err)
	}
	p.Add(deploy.Step{Kind: deploy.MakeStack, Verb: deploy.Change, Stack: deploy.Foundation, Object: "Network"})
	to := g.to
	g.to = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		to.ServeHTTP(answer, r)
		w.WriteHeader(answer.Code)
		fmt.Fprint(w, strings.ReplaceAll(answer.Body.String(), "<OutputValue>vpc-", "<OutputValue>vpc-another-"))
	})
	defer func() { g.to = to }()
	h.rec.shows(p.Steps)
	defer h.rec.over()
	var overtaken *rollout.OvertakenError
	if err := p.Run(h.t.Context(), rollout.Consent{}, func(rollout.Progress) {}); !errors.As(err, &overtaken) || overtaken.Stack != "shop-prod-compute" || overtaken.Value != "Network" || overtaken.Hint() == "" {
		h.t.Errorf("another network: got %v, want that the plan of shop-prod-compute is overtaken", err)
	}
}

// undo does by hand what a plan is to find: a rule in the default security group, and no protection of a stack.
func (h *house) undo() {
	var groups struct {
		IDs []string `xml:"securityGroupInfo>item>groupId"`
	}
	var network struct {
		IDs []string `xml:"vpcSet>item>vpcId"`
	}
	h.ask("ec2", &network, "Version", "2016-11-15", "Action", "DescribeVpcs", "Filter.1.Name", "tag:Name", "Filter.1.Value.1", "shop-prod")
	h.ask("ec2", &groups, "Version", "2016-11-15", "Action", "DescribeSecurityGroups", "Filter.1.Name", "vpc-id", "Filter.1.Value.1", network.IDs[0], "Filter.2.Name", "group-name", "Filter.2.Value.1", "default")
	h.ask("ec2", nil, "Version", "2016-11-15", "Action", "AuthorizeSecurityGroupIngress", "GroupId", groups.IDs[0], "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", "22", "IpPermissions.1.ToPort", "22", "IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8")
	h.ask("cloudformation", nil, "Version", "2010-05-15", "Action", "SetStackPolicy", "StackName", "shop-prod-foundation", "StackPolicyBody", string(rollout.Unlocked))
	h.ask("cloudformation", nil, "Version", "2010-05-15", "Action", "UpdateTerminationProtection", "StackName", "shop-prod-bootstrap", "EnableTerminationProtection", "false")
}

// removed takes the environment down, with tables in the catalog and a cluster, then what holds data.
func (h *house) removed() {
	h.t.Helper()
	ctx := h.t.Context()
	for target, in := range map[string]any{
		"AWSGlue.CreateDatabase": map[string]any{"DatabaseInput": map[string]any{"Name": "shop_prod_bronze", "Parameters": map[string]string{"petalake": "shop/prod"}}},
		"secretsmanager.CreateSecret": map[string]any{
			"Name": "shop-prod-database-orders", "SecretString": "hush", "ClientRequestToken": strings.Repeat("x", 32), "Tags": []map[string]string{{"Key": "petalake:environment", "Value": "shop-prod"}},
		},
		"ElasticMapReduce.RunJobFlow": map[string]any{
			"Name": "shop-prod-spark-1", "ReleaseLabel": "emr-7.2.0", "ServiceRole": "r", "JobFlowRole": "p",
			"Instances": map[string]any{"MasterInstanceType": "m7g.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": true},
		},
	} {
		family, _, _ := strings.Cut(target, ".")
		service := map[string]string{"AWSGlue": "glue", "ElasticMapReduce": "elasticmapreduce", "secretsmanager": "secretsmanager"}[family]
		if err := awsx.JSON(ctx, h.cfg, service, "us-east-1", target, in, nil); err != nil {
			h.t.Fatalf("%s: %v", target, err)
		}
	}
	p, err := h.open().End(ctx, false)
	if err != nil {
		h.t.Fatal(err)
	}
	h.want("taken down", h.run(p, nothing), deploy.RemoveStack, deploy.StopDaemon, deploy.EndClusters, deploy.ClearCatalog)
	if p, err = h.open().End(ctx, true); err != nil {
		h.t.Fatal(err)
	}
	h.want("deleted for good", h.run(p, nothing), deploy.EraseBucket, deploy.EraseLogs, deploy.EraseSecret, deploy.EraseKey)
	if p, err = h.open().End(ctx, true); err != nil || !p.Empty() {
		h.t.Errorf("at the end: got %v, %v, want nothing to do", p, err)
	}
}

// failed makes a stack whose making fails.
func failed(t *testing.T, cfg aws.Config, name string) {
	t.Helper()
	driver := rollout.NewStacks(cfg, nil)
	driver.Poll(10 * time.Millisecond)
	set, err := driver.Plan(t.Context(), rollout.Stack{Name: name, Template: []byte(
		`{"Resources":{"Q":{"Type":"AWS::SQS::Queue"},"Policy":{"Type":"AWS::IAM::ManagedPolicy","Properties":{"PolicyDocument":{"Version":"1999-01-01"}}}}}`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Execute(t.Context(), set, nil); err == nil {
		t.Fatalf("the stack %s came to be", name)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
