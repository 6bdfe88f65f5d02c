package rollout

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
)

// allowance is what deploy itself does to one thing. What is in the stacks but the first is made by
// CloudFormation, with the role that is in the first.
type allowance struct {
	why      string
	resource string // with BASE for what all names begin with
	when     occasion
	actions  []string
}

// occasion is when something is done.
type occasion int

const (
	always  occasion = iota
	first            // where there is no first stack yet, which is made by the one who deploys
	guarded          // where access asks for grants of Lake Formation
)

// allowances are all calls of this package that deploy cannot do without. Whoever adds a
// call adds it here.
var allowances = []allowance{
	{"to make and change the stacks", "arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/BASE-foundation/0", always, []string{
		"cloudformation:DescribeStacks", "cloudformation:GetTemplate", "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet",
		"cloudformation:DeleteChangeSet", "cloudformation:DescribeStackEvents", "cloudformation:GetStackPolicy", "cloudformation:SetStackPolicy", "cloudformation:UpdateTerminationProtection", "cloudformation:DeleteStack",
	}},
	{"to hand CloudFormation the role that makes the rest", "arn:PARTITION:iam::ACCOUNT:role/BASE-REGION-deploy", always, []string{"iam:PassRole"}},
	{"to upload templates, the program and the lakehouse", "arn:PARTITION:s3:::ARTEFACTS/templates/0", always, []string{"s3:PutObject", "s3:GetObject"}},
	{"to close the default security group", "*", always, []string{"ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"}},
	{"to close the default security group", "arn:PARTITION:ec2:REGION:ACCOUNT:security-group/sg-0", always, []string{"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"}},
	{"to make the buckets of the first stack", "arn:PARTITION:s3:::ARTEFACTS", first, []string{
		"s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutBucketLogging", "s3:PutBucketNotification",
		"s3:PutBucketOwnershipControls", "s3:PutBucketPublicAccessBlock", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketTagging",
	}},
	{"to make the role of CloudFormation", "arn:PARTITION:iam::ACCOUNT:role/BASE-REGION-deploy", first, []string{"iam:CreateRole", "iam:GetRole", "iam:TagRole", "iam:AttachRolePolicy"}},
	{"to make the role of CloudFormation", "arn:PARTITION:iam::ACCOUNT:policy/BASE-REGION-deploy-work", first, []string{"iam:CreatePolicy", "iam:GetPolicy", "iam:TagPolicy"}},
	{"to put the lake under Lake Formation", "*", guarded, []string{"lakeformation:RegisterResource"}},
}

// Denied is an action that deploy needs, and that the credentials may not do.
type Denied struct{ Action, Why, Resource string }

// DeniedError says that the credentials do not suffice.
type DeniedError struct {
	Principal string // its ARN
	Denied    []Denied
}

func (e *DeniedError) Error() string {
	out := fmt.Sprintf("%s may not do all that deploy does:", e.Principal)
	for _, d := range e.Denied {
		out += fmt.Sprintf("\n%s, %s, on %s", d.Action, d.Why, d.Resource)
	}
	return out
}

// Hint says what to do.
func (e *DeniedError) Hint() string {
	return "let the administrator of the account allow these, or use other credentials, as with AWS_PROFILE; --unchecked deploys all the same"
}

// Unwrap makes it a lack of permission.
func (e *DeniedError) Unwrap() error { return fs.ErrPermission }

// Permissions asks IAM whether the credentials may do what deploy does: a *DeniedError where they may not.
// The note says why that could not be asked, or is not sure; else it is "".
func (r *Rollout) Permissions(ctx context.Context) (note string, err error) {
	region := r.environment.AWS.Region
	in := identities{r.cfg}
	principal, err := in.principal(ctx)
	if err == nil && principal == "" {
		return "", nil // the root user, who may do everything
	}
	denied := &DeniedError{Principal: principal}
	unsure := false
	if err == nil {
		resource := strings.NewReplacer("PARTITION", strings.Split(principal, ":")[1], "REGION", region, "ACCOUNT", r.Account, "BASE", r.base(), "ARTEFACTS", r.bucketName("artefacts"))
		_, state := r.driver.State(ctx, r.name(deploy.Bootstrap))
		now := map[occasion]bool{always: true, first: errors.Is(state, fs.ErrNotExist), guarded: len(access.Grants(r.lakehouse, r.environment)) > 0}
		for _, a := range allowances {
			if !now[a.when] {
				continue
			}
			var guess bool
			if guess, err = in.simulate(ctx, a, resource.Replace(a.resource), region, denied); err != nil {
				break
			}
			unsure = unsure || guess
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "what the credentials may do could not be asked: " + err.Error(), nil
	case len(denied.Denied) > 0:
		return "", denied
	case unsure:
		return "what the credentials may do depends on conditions that IAM could not be told", nil
	}
	return "", nil
}

// identities are the users, roles and policies of an account, which IAM keeps.
type identities struct{ cfg aws.Config }

// principal is the user or role of the credentials, by the ARN that IAM knows; "" for the root user.
func (in identities) principal(ctx context.Context) (string, error) {
	arn, err := awsx.Principal(ctx, in.cfg)
	if err != nil || strings.HasSuffix(arn, ":root") {
		return "", err
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn, nil
	}
	rest, assumed := strings.CutPrefix(parts[5], "assumed-role/")
	if !assumed {
		return arn, nil
	}
	// Its path is not in the ARN of a session.
	name, _, _ := strings.Cut(rest, "/")
	var out struct {
		ARN string `xml:"GetRoleResult>Role>Arn"`
	}
	err = in.query(ctx, url.Values{"Action": {"GetRole"}, "RoleName": {name}}, &out)
	if errors.Is(err, fs.ErrPermission) {
		return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + name, nil
	}
	return out.ARN, err
}

// query makes a call of IAM, which has one place for all regions.
func (in identities) query(ctx context.Context, form url.Values, out any) error {
	form.Set("Version", "2010-05-08")
	return awsx.Query(ctx, in.cfg, "iam", awsx.Global, form, out)
}

// simulate asks for the actions on one thing, and takes up those that are denied. It is unsure of those whose
// policies ask for what it cannot tell.
func (in identities) simulate(ctx context.Context, a allowance, resource, region string, denied *DeniedError) (unsure bool, err error) {
	form := url.Values{"Action": {"SimulatePrincipalPolicy"}, "PolicySourceArn": {denied.Principal}, "ResourceArns.member.1": {resource}}
	for i, action := range a.actions {
		form.Set("ActionNames.member."+strconv.Itoa(i+1), action)
	}
	for i, pair := range [][3]string{{"aws:RequestedRegion", "string", region}, {"aws:SecureTransport", "boolean", "true"}, {"iam:PassedToService", "string", "cloudformation.amazonaws.com"}} {
		entry := "ContextEntries.member." + strconv.Itoa(i+1) + "."
		form.Set(entry+"ContextKeyName", pair[0])
		form.Set(entry+"ContextKeyType", pair[1])
		form.Set(entry+"ContextKeyValues.member.1", pair[2])
	}
	var out struct {
		XMLName xml.Name
		Results []struct {
			Action   string   `xml:"EvalActionName"`
			Decision string   `xml:"EvalDecision"`
			Missing  []string `xml:"MissingContextValues>member"`
		} `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	}
	if err := in.query(ctx, form, &out); err != nil {
		return false, err
	}
	for _, one := range out.Results {
		switch {
		case one.Decision == "allowed" || !slices.Contains(a.actions, one.Action):
		case len(one.Missing) > 0 && one.Decision != "explicitDeny":
			unsure = true
		default:
			denied.Denied = append(denied.Denied, Denied{one.Action, a.why, resource})
		}
	}
	return unsure, nil
}
