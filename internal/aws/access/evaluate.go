package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Request is one request to AWS.
type Request struct {
	Principal string // the ARN of a role or a user, or a service such as emr-serverless.amazonaws.com
	Action    string // such as s3:GetObject
	Resource  string // the ARN
	Account   string // that the resource is in; "" for that of the principal
	// Context are the keys of the request that conditions ask for, such as s3:prefix.
	Context map[string][]string
}

// Set is the policies that a request is held against.
type Set struct {
	Identity []Document // of the principal
	Resource *Document  // of the resource: a bucket, a key, what a role trusts
	Boundary *Document  // of the principal's permissions
	// Guarded says that the resource decides: without a word of its policy the principal's count for
	// nothing, as with keys of KMS and with roles that are taken.
	Guarded bool
}

// Decision is what IAM says.
type Decision struct {
	Allowed bool
	Why     string // the statement that decides, or what is missing
}

// Evaluate decides a request. A policy that it does not understand is an error: nothing is assumed.
//
// It follows Policy evaluation logic of the IAM user guide. What allows somebody by the policy of the resource
// is held to the boundary too, which IAM does for roles and not for users.
func (s Set) Evaluate(q Request) (Decision, error) {
	identity, err := judge(s.Identity, q, false)
	if err != nil {
		return Decision{}, err
	}
	var resource, boundary verdict
	if s.Resource != nil {
		if resource, err = judge([]Document{*s.Resource}, q, true); err != nil {
			return Decision{}, err
		}
	}
	boundary.allows = "no boundary"
	if s.Boundary != nil {
		if boundary, err = judge([]Document{*s.Boundary}, q, false); err != nil {
			return Decision{}, err
		}
	}
	for _, v := range []verdict{identity, resource, boundary} {
		if v.denies != "" {
			return Decision{false, "denied by " + v.denies}, nil
		}
	}
	elsewhere := q.Account != "" && !strings.Contains(q.Principal, "::"+q.Account+":")
	switch {
	case boundary.allows == "":
		return Decision{false, "the boundary does not allow it"}, nil
	case resource.allows != "" && !elsewhere:
		return Decision{true, "allowed by " + resource.allows}, nil
	case (s.Guarded || elsewhere) && resource.allows == "" && resource.delegates == "":
		return Decision{false, "the policy of the resource does not allow it"}, nil
	case identity.allows == "":
		return Decision{false, "no statement allows it"}, nil
	}
	return Decision{true, "allowed by " + identity.allows}, nil
}

// verdict is what documents say, by the Sid of a statement.
type verdict struct {
	denies, allows string
	delegates      string // allows the account of the principal, which then decides
}

func judge(documents []Document, q Request, ofResource bool) (v verdict, err error) {
	for _, d := range documents {
		for i, s := range d.Statements {
			name := s.Sid
			if name == "" {
				name = fmt.Sprintf("statement %d", i)
			}
			whom := named
			if ofResource {
				whom = s.Principal.has(q.Principal)
			}
			if whom == not {
				continue
			}
			fits, err := s.fits(q)
			switch {
			case err != nil:
				return v, fmt.Errorf("%s: %w", name, err)
			case !fits:
			case s.Effect == deny:
				v.denies = name
			case whom == account:
				v.delegates = name
			default:
				v.allows = name
			}
		}
	}
	return v, nil
}

// whom is how a policy names a principal.
type whom int

const (
	not     whom = iota
	account      // by its account
	named        // itself, or anybody
)

func (p Principal) has(principal string) whom {
	if p.Any {
		return named
	}
	for kind, list := range p.Kind {
		for _, text := range list {
			switch {
			case text == "*" && kind == "AWS", text == principal:
				return named
			case kind == "AWS" && (strings.HasSuffix(text, ":root") || len(text) == 12 && strings.Trim(text, "0123456789") == ""):
				number := text
				if parts := strings.Split(text, ":"); len(parts) == 6 {
					number = parts[4]
				}
				if parts := strings.Split(principal, ":"); len(parts) == 6 && parts[4] == number {
					return account
				}
			}
		}
	}
	return not
}

// fits says whether a statement speaks of the request.
func (s Statement) fits(q Request) (bool, error) {
	act := func(pattern string) bool { return match(strings.ToLower(pattern), strings.ToLower(q.Action)) }
	on := func(pattern string) bool { return match(fillIn(pattern, q), q.Resource) }
	if s.NotAction != nil && slices.ContainsFunc(s.NotAction, act) || s.Action != nil && !slices.ContainsFunc(s.Action, act) {
		return false, nil
	}
	if s.NotResource != nil && slices.ContainsFunc(s.NotResource, on) || s.Resource != nil && !slices.ContainsFunc(s.Resource, on) {
		return false, nil
	}
	for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
		for key, values := range s.Condition[operator] {
			holds, err := q.holds(operator, key, values)
			if err != nil || !holds {
				return false, err
			}
		}
	}
	return true, nil
}

// fillIn puts values of the request in the place of variables such as ${aws:username}. One without a value
// stays, and matches nothing.
func fillIn(pattern string, q Request) string {
	if !strings.Contains(pattern, "${") {
		return pattern
	}
	for key, values := range q.Context {
		if len(values) == 1 {
			pattern = strings.ReplaceAll(pattern, "${"+key+"}", values[0])
		}
	}
	return pattern
}

// match says whether a pattern with * and ? stands for a text.
func match(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
