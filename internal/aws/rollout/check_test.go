package rollout_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/spec"
)

// answers puts answers of ours before a server: each takes the form and target of a call, and says whether it answers.
func answers(g *gate, answer func(form url.Values, target string, w http.ResponseWriter) bool) {
	to := g.to
	g.to = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		if !answer(form, r.Header.Get("X-Amz-Target"), w) {
			to.ServeHTTP(w, r)
		}
	})
}

// TestQuotas promises that what exceeds a quota of the account is found with its line, the limit and the remedy; that
// what is only a default is a note, and so is what nobody may ask.
func TestQuotas(t *testing.T) {
	g, _ := behind(t)
	l, e := lake(t, "fleet: {max: 1200, spot: 50%, max_on_demand: 400}\n")
	e.Engine = spec.EngineSpark
	r, stacks := open(t, l, e)
	problems, notes, err := r.Quotas(t.Context(), deploy.Demands(l, e, stacks))
	if err != nil || len(problems) != 0 || len(notes) != 1 || !strings.Contains(notes[0], "the account has 16 processors of EMR Serverless at once") {
		t.Errorf("within the quotas: got %v, %q, %v, want the note of a default", problems, notes, err)
	}
	l.Fleet.OnDemand = 1200
	problems, _, err = r.Quotas(t.Context(), deploy.Demands(l, e, stacks))
	if err != nil || len(problems) != 1 {
		t.Fatalf("more than the quota: got %v, %v", problems, err)
	}
	if p := problems[0]; p.Pos.Line != 9 || !strings.Contains(p.Message, "fleet.max_on_demand: it asks for 1200 ") || !strings.Contains(p.Message, "L-1216C47A of account 123456789012 is 640") || !strings.Contains(p.Hint, "--desired-value 1200") {
		t.Errorf("more than the quota: got %+v", p)
	}
	answers(g, func(form url.Values, target string, w http.ResponseWriter) bool {
		switch {
		case form.Get("Action") == "DescribeVpcs":
			fmt.Fprint(w, `<r><vpcSet>`+strings.Repeat(`<item/>`, 5)+`<item><tagSet><item><key>Name</key><value>shop-prod</value></item></tagSet></item></vpcSet></r>`)
		case strings.HasSuffix(target, "GetServiceQuota"):
			fmt.Fprint(w, `{"Quota":{"Value":5}}`)
		default:
			return false
		}
		return true
	})
	vpc := slices.DeleteFunc(deploy.Demands(l, e, stacks), func(d deploy.Demand) bool { return d.Code != deploy.VPCs })
	if problems, _, _ = r.Quotas(t.Context(), vpc); len(problems) != 1 || !strings.Contains(problems[0].Message, "is 5, of which 5 are there already") {
		t.Errorf("no network more: got %v, want the five of others, and not ours", problems)
	}
	answers(g, func(_ url.Values, target string, w http.ResponseWriter) bool {
		if strings.HasPrefix(target, "ServiceQuotas") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"no"}`)
			return true
		}
		return false
	})
	if problems, notes, err = r.Quotas(t.Context(), vpc); err != nil || len(problems) != 0 || len(notes) != 1 || !strings.Contains(notes[0], "could not be asked: aws: no (AccessDeniedException)") {
		t.Errorf("nobody may ask: got %v, %q, %v, want a note", problems, notes, err)
	}
}

// TestPermissions promises that what the credentials may not do is known before it is done, whoever they are; and that
// not being allowed to ask is a note.
func TestPermissions(t *testing.T) {
	g, _ := behind(t)
	l, e := lake(t, "")
	r, _ := open(t, l, e)
	if note, err := r.Permissions(t.Context()); note != "" || err != nil {
		t.Errorf("everything is allowed: got %q, %v", note, err)
	}
	caller, decisions, asked := "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Ops_1/me", map[string]string{}, ""
	answers(g, func(form url.Values, _ string, w http.ResponseWriter) bool {
		switch form.Get("Action") {
		case "GetCallerIdentity":
			fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, caller)
		case "GetRole":
			fmt.Fprintf(w, `<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::123456789012:role/aws-reserved/sso/%s</Arn></Role></GetRoleResult></GetRoleResponse>`, form.Get("RoleName"))
		case "SimulatePrincipalPolicy":
			asked = form.Get("PolicySourceArn")
			if decisions["*"] == "refused" {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not to be asked</Message></Error></ErrorResponse>`)
				return true
			}
			fmt.Fprint(w, `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>`)
			for key, value := range form {
				if strings.HasPrefix(key, "ActionNames.") {
					decision, missing, _ := strings.Cut(decisions[value[0]], " ")
					if decision == "" {
						decision = "allowed"
					}
					if missing != "" {
						missing = "<member>" + missing + "</member>"
					}
					fmt.Fprintf(w, `<member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision><MissingContextValues>%s</MissingContextValues></member>`, value[0], decision, missing)
				}
			}
			fmt.Fprint(w, `</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`)
		default:
			return false
		}
		return true
	})
	decisions = map[string]string{"iam:PassRole": "implicitDeny", "s3:PutObject": "explicitDeny aws:VpcSourceIp", "ec2:DescribeSecurityGroups": "implicitDeny aws:MultiFactorAuthPresent"}
	var denied *rollout.DeniedError
	_, err := r.Permissions(t.Context())
	if !errors.As(err, &denied) || len(denied.Denied) != 2 || denied.Hint() == "" || !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("two are denied: got %v", err)
	}
	if asked != "arn:aws:iam::123456789012:role/aws-reserved/sso/AWSReservedSSO_Ops_1" {
		t.Errorf("it was asked of %s, want the role behind the session", asked)
	}
	for _, want := range []string{"iam:PassRole, to hand CloudFormation the role", "role/shop-prod-us-east-1-deploy", "s3:PutObject, to upload", "shop-prod-artefacts-123456789012-us-east-1/"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q: %v", want, err)
		}
	}
	decisions = map[string]string{"ec2:DescribeSecurityGroups": "implicitDeny aws:MultiFactorAuthPresent"}
	if note, err := r.Permissions(t.Context()); err != nil || !strings.Contains(note, "conditions") {
		t.Errorf("a condition nobody knows: got %q, %v, want a note", note, err)
	}
	decisions = map[string]string{"*": "refused"}
	if note, err := r.Permissions(t.Context()); err != nil || !strings.Contains(note, "could not be asked: aws: not to be asked") {
		t.Errorf("nobody may ask: got %q, %v, want a note", note, err)
	}
	caller = "arn:aws:iam::123456789012:root"
	if note, err := r.Permissions(t.Context()); note != "" || err != nil {
		t.Errorf("the root user: got %q, %v, want nothing asked", note, err)
	}
}

// TestAllowances promises that each call that deploy makes is in the list of what it has to be allowed.
func TestAllowances(t *testing.T) {
	list, err := os.ReadFile("permission.go")
	if err != nil {
		t.Fatal(err)
	}
	beside := []string{"DetectStackDrift", "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts"} // of status
	calls := regexp.MustCompile(`s\.client\.(\w+)\(|"((?:Describe|Revoke)SecurityGroup\w+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range calls.FindAllStringSubmatch(string(text), -1) {
			n++
			if name := m[1] + m[2]; !slices.Contains(beside, name) && !strings.Contains(string(list), ":"+name+`"`) {
				t.Errorf("%s: %s is called, and allowances in permission.go does not have it", file, name)
			}
		}
	}
	if n < 15 {
		t.Errorf("%d calls were found: the test does not see them", n)
	}
}
