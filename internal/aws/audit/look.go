package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// control is a demand, and how to see whether it is met.
type control struct {
	id, title string
	standards []string
	from      string   // the first profile that demands it
	types     []string // of the resources it looks at
	demanded  bool     // whether there has to be such a resource
	look      look
}

// look says of a resource whether it meets a demand, and by what.
type look func(t *cfn.Template, r *cfn.Resource) (says string, ok bool)

// is demands that a property has one of some values.
func is(path string, want ...any) look {
	return func(_ *cfn.Template, r *cfn.Resource) (string, bool) {
		got := cfn.At(r.Properties, strings.Split(path, ".")...)
		if l, ok := got.(cfn.List); ok && len(l) == 1 {
			got = l[0]
		}
		return path + " = " + cfn.Text(got), slices.Contains(want, got)
	}
}

// has demands that a property is there.
func has(path string) look {
	return func(_ *cfn.Template, r *cfn.Resource) (string, bool) {
		got := cfn.At(r.Properties, strings.Split(path, ".")...)
		return path + " = " + cfn.Text(got), got != nil
	}
}

// atLeast demands a number.
func atLeast(path string, n float64) look {
	return func(_ *cfn.Template, r *cfn.Resource) (string, bool) {
		got := cfn.At(r.Properties, strings.Split(path, ".")...)
		return path + " = " + cfn.Text(got), cfn.Number(got) >= n
	}
}

// all demands several things at once, and says the first that is not met, or the last.
func all(looks ...look) look {
	return func(t *cfn.Template, r *cfn.Resource) (says string, ok bool) {
		for _, l := range looks {
			if says, ok = l(t, r); !ok {
				return says, false
			}
		}
		return says, ok
	}
}

// statements are those of a policy document.
func statements(document any) (list []cfn.Map) {
	for _, s := range cfn.Each(cfn.At(document, "Statement")) {
		if m, ok := s.(cfn.Map); ok {
			list = append(list, m)
		}
	}
	return list
}

// bucketDenies demands that the policy of a bucket denies everybody what fits a condition.
func bucketDenies(operator, key, value string) look {
	return func(t *cfn.Template, r *cfn.Resource) (string, bool) {
		for _, p := range t.Resources {
			if p.Type != "AWS::S3::BucketPolicy" || cfn.At(p.Properties, "Bucket", "Ref") != r.ID {
				continue
			}
			for _, s := range statements(p.Properties["PolicyDocument"]) {
				if denies(s, operator, key, value) {
					return fmt.Sprintf("%s: %s denies s3:* where %s is %s", p.ID, cfn.Text(s["Sid"]), key, value), true
				}
			}
		}
		return "no policy denies requests where " + key + " is " + value, false
	}
}

func denies(s cfn.Map, operator, key, value string) bool {
	return s["Effect"] == "Deny" && s["Principal"] == "*" && slices.Contains(cfn.Each(s["Action"]), "s3:*") &&
		cfn.At(s, "Condition", operator, key) == value && len(cfn.Each(s["Resource"])) == 2
}

// denied demands a statement in the policy of a resource that refuses requests without TLS.
func denied(types string) look {
	return func(t *cfn.Template, r *cfn.Resource) (string, bool) {
		for _, p := range t.Resources {
			if p.Type != types || !refersTo(p.Properties, r.ID) {
				continue
			}
			for _, s := range statements(p.Properties["PolicyDocument"]) {
				if s["Effect"] == "Deny" && cfn.At(s, "Condition", "Bool", "aws:SecureTransport") == "false" {
					return p.ID + " denies requests without TLS", true
				}
			}
		}
		return "no policy denies requests without TLS", false
	}
}

// refersTo says whether a list of a policy names a resource.
func refersTo(properties cfn.Map, id string) bool {
	for _, key := range []string{"Queues", "Topics"} {
		for _, v := range cfn.Each(properties[key]) {
			if cfn.At(v, "Ref") == id {
				return true
			}
		}
	}
	return false
}

// noOpenIngress demands that no rule lets in the whole internet.
func noOpenIngress(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	rules := cfn.Each(r.Properties["SecurityGroupIngress"])
	if r.Type == "AWS::EC2::SecurityGroupIngress" {
		rules = cfn.List{r.Properties}
	}
	for _, rule := range rules {
		for _, key := range []string{"CidrIp", "CidrIpv6"} {
			if from, ok := cfn.At(rule, key).(string); ok && strings.HasSuffix(from, "/0") {
				return "ingress from " + from, false
			}
		}
	}
	return fmt.Sprintf("%d rules let in, none from everywhere", len(rules)), true
}

// described demands words on every rule.
func described(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	rules := cfn.Each(r.Properties["SecurityGroupIngress"])
	rules = append(rules[:len(rules):len(rules)], cfn.Each(r.Properties["SecurityGroupEgress"])...)
	if r.Type != "AWS::EC2::SecurityGroup" {
		rules = cfn.List{r.Properties}
	}
	for i, rule := range rules {
		if cfn.At(rule, "Description") == nil {
			return fmt.Sprintf("rule %d has no description", i+1), false
		}
	}
	return fmt.Sprintf("%d rules, each with a description", len(rules)), true
}

// allowed visits the actions that the statements of a policy allow.
func allowed(r *cfn.Resource, refuse func(s cfn.Map, action string) string) (string, bool) {
	document, n := r.Properties["PolicyDocument"], 0
	for _, s := range statements(document) {
		if s["Effect"] != "Allow" {
			continue
		}
		for _, a := range cfn.Each(s["Action"]) {
			n++
			if why := refuse(s, cfn.Text(a)); why != "" {
				return cfn.Text(s["Sid"]) + ": " + why, false
			}
		}
	}
	return fmt.Sprintf("%d actions, each by name", n), true
}

func noFullAccess(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	return allowed(r, func(_ cfn.Map, action string) string {
		if action == "*" {
			return "allows every action"
		}
		return ""
	})
}

func noServiceWildcard(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	return allowed(r, func(_ cfn.Map, action string) string {
		if strings.HasSuffix(action, ":*") {
			return "allows " + action
		}
		return ""
	})
}

// passesTo demands that a role is handed to named services alone.
func passesTo(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	says, ok := allowed(r, func(s cfn.Map, action string) string {
		if action == "iam:PassRole" && cfn.At(s, "Condition", "StringEquals", "iam:PassedToService") == nil {
			return "hands roles to any service"
		}
		return ""
	})
	if ok {
		says = "roles are handed to named services, or to none"
	}
	return says, ok
}

// noDecryptEverywhere demands that no policy decrypts with every key.
func noDecryptEverywhere(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	says, ok := allowed(r, func(s cfn.Map, action string) string {
		if (action == "kms:Decrypt" || action == "kms:ReEncryptFrom") && slices.Contains(cfn.Each(s["Resource"]), "*") {
			return "decrypts with every key"
		}
		return ""
	})
	if ok {
		says = "decrypts with named keys, or with none"
	}
	return says, ok
}

// passed are services that are handed their roles by iam:PassRole alone, which reaches no other account:
// nobody else can make them take one.
var passed = []any{"ec2.amazonaws.com", "cloudformation.amazonaws.com", "cloudtrail.amazonaws.com", "dms.amazonaws.com"}

// ownAccount demands that a service takes a role for this account alone, and that others who take it are named.
func ownAccount(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	says := "services take the role for this account alone"
	for _, s := range statements(r.Properties["AssumeRolePolicyDocument"]) {
		if s["Principal"] == "*" || slices.Contains(cfn.Each(cfn.At(s, "Principal", "AWS")), "*") {
			return cfn.Text(s["Sid"]) + ": anybody takes the role", false
		}
		if cfn.At(s, "Principal", "Service") == nil {
			continue
		}
		services := cfn.Each(cfn.At(s, "Principal", "Service"))
		if len(services) > 0 && slices.Contains(passed, services[0]) {
			says = cfn.Text(services[0]) + " is handed the role within this account"
			continue
		}
		equals := cfn.At(s, "Condition", "StringEquals")
		if cfn.At(equals, "aws:SourceAccount") == nil && cfn.At(equals, "sts:ExternalId") == nil {
			return cfn.Text(s["Sid"]) + ": a service takes the role for any account", false
		}
	}
	return says, true
}

// closedKey demands that a key lets in nobody without a condition.
func closedKey(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	for _, s := range statements(r.Properties["KeyPolicy"]) {
		everybody := s["Principal"] == "*" || cfn.At(s, "Principal", "AWS") == "*"
		if s["Effect"] == "Allow" && everybody {
			return cfn.Text(s["Sid"]) + ": allows everybody", false
		}
	}
	return "allows its account, and services of AWS for it", true
}

// conditionalCommits demands that the bucket of the lake refuses commits that may overwrite another.
func conditionalCommits(_ *cfn.Template, r *cfn.Resource) (string, bool) {
	for _, s := range statements(r.Properties["PolicyDocument"]) {
		if s["Effect"] == "Deny" && cfn.At(s, "Condition", "Null", "s3:if-none-match") == "true" && slices.Contains(cfn.Each(s["Action"]), "s3:PutObject") {
			return cfn.Text(s["Sid"]) + " denies s3:PutObject without If-None-Match to _delta_log", true
		}
	}
	if cfn.At(r.Properties, "Bucket", "Ref") != "DataBucket" {
		return "not the bucket of the lake", true
	}
	return "a commit may overwrite another", false
}

// several demands a list with more than one element.
func several(path string) look {
	return func(_ *cfn.Template, r *cfn.Resource) (string, bool) {
		n := len(cfn.Each(cfn.At(r.Properties, strings.Split(path, ".")...)))
		return fmt.Sprintf("%s has %d", path, n), n > 1
	}
}

// secureEndpoint demands TLS to a database, and encryption of what is written.
func secureEndpoint(t *cfn.Template, r *cfn.Resource) (string, bool) {
	if r.Properties["EngineName"] == "s3" {
		return is("S3Settings.EncryptionMode", "sse-kms")(t, r)
	}
	return is("SslMode", "require", "verify-ca", "verify-full")(t, r)
}

// byCall is never met by a template.
func byCall(*cfn.Template, *cfn.Resource) (string, bool) {
	return "a template cannot say it", false
}

// either demands one of two things.
func either(one, other look) look {
	return func(t *cfn.Template, r *cfn.Resource) (string, bool) {
		if says, ok := one(t, r); ok {
			return says, true
		}
		return other(t, r)
	}
}
