package access

import (
	"regexp"
	"strings"
	"testing"
)

const (
	bucket = "arn:aws:s3:::shop-prod-data-123456789012-eu-central-1"
	key    = "arn:aws:kms:eu-central-1:123456789012:key/1"
)

// The decisions of IAM that the rendered policies rest on.
func TestEvaluate(t *testing.T) {
	document := func(text string) *Document {
		d, err := ParseDocument([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return d
	}
	const ann = "arn:aws:iam::123456789012:role/ann"
	get := Request{Principal: ann, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/x/1"}
	with := func(q Request, key string, values ...string) Request {
		q.Context = map[string][]string{key: values}
		return q
	}
	allowed := `{"Statement": {"Sid": "A", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/x/*"}}`
	when := func(condition string) string {
		return `{"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": ` + condition + `}]}`
	}
	for _, c := range []struct {
		name                         string
		identity, resource, boundary string
		guarded                      bool
		q                            Request
		want                         bool
		why                          string
	}{
		{"nothing allows", `{"Statement": []}`, "", "", false, get, false, "no statement allows it"},
		{"allowed", allowed, "", "", false, get, true, "allowed by A"},
		{"another prefix", allowed, "", "", false, Request{Principal: ann, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/y/1"}, false, "no statement allows it"},
		{"case of actions", allowed, "", "", false, Request{Principal: ann, Action: "S3:getobject", Resource: get.Resource}, true, "allowed by A"},
		{"case of keys", allowed, "", "", false, Request{Principal: ann, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/X/1"}, false, "no statement allows it"},
		{"not action", `{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}`, "", "", false, get, true, "allowed by statement 0"},
		{"not resource", `{"Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}]}`, "", "", false, get, false, "no statement allows it"},
		{"deny by the bucket", allowed, `{"Statement": [{"Sid": "D", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}}]}`, "", false,
			with(get, "aws:SecureTransport", "false"), false, "denied by D"},
		{"deny that does not hold", allowed, `{"Statement": [{"Sid": "D", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`, "", false,
			with(get, "aws:SecureTransport", "true"), true, "allowed by A"},
		{"deny of somebody else", allowed, `{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::123456789012:role/bob"}, "Action": "s3:*", "Resource": "*"}]}`, "", false, get, true, "allowed by A"},
		{"boundary", allowed, "", `{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}`, false, get, false, "the boundary does not allow it"},
		{"key without its account", allowed, `{"Statement": []}`, "", true, get, false, "the policy of the resource does not allow it"},
		{"key that leaves it to the account", allowed, `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "*", "Resource": "*"}]}`, "", true, get, true, "allowed by A"},
		{"the account is not enough", `{"Statement": []}`, `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "*", "Resource": "*"}]}`, "", true, get, false, "no statement allows it"},
		{"named by the resource", `{"Statement": []}`, `{"Statement": [{"Sid": "R", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::123456789012:role/ann"]}, "Action": "*", "Resource": "*"}]}`, "", true, get, true, "allowed by R"},
		{"a service", `{"Statement": []}`, `{"Statement": [{"Sid": "R", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`, "", true,
			Request{Principal: "ec2.amazonaws.com", Action: "sts:AssumeRole"}, true, "allowed by R"},
		{"another account", allowed, "", "", false, Request{Principal: ann, Action: "s3:GetObject", Resource: get.Resource, Account: "999999999999"}, false, "the policy of the resource does not allow it"},
		{"prefix", when(`{"StringLike": {"s3:prefix": ["x/*", "y/*"]}}`), "", "", false, with(get, "s3:prefix", "y/1"), true, "allowed by A"},
		{"no prefix", when(`{"StringLike": {"s3:prefix": ["x/*", "y/*"]}}`), "", "", false, get, false, "no statement allows it"},
		{"no prefix, if it exists", when(`{"StringLikeIfExists": {"s3:prefix": "x/*"}}`), "", "", false, get, true, "allowed by A"},
		{"a condition of two", when(`{"StringEquals": {"a": "1", "b": "2"}}`), "", "", false, with(get, "a", "1"), false, "no statement allows it"},
		{"not equals without the key", when(`{"StringNotEquals": {"a": ["1", "2"]}}`), "", "", false, get, true, "allowed by A"},
		{"not equals one of two", when(`{"StringNotEquals": {"a": ["1", "2"]}}`), "", "", false, with(get, "a", "2"), false, "no statement allows it"},
		{"null", when(`{"Null": {"a": "true"}}`), "", "", false, get, true, "allowed by A"},
		{"not null", when(`{"Null": {"a": "true"}}`), "", "", false, with(get, "A", "x"), false, "no statement allows it"},
		{"an ARN part by part", when(`{"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:1:*"}}`), "", "", false, with(get, "aws:SourceArn", "arn:aws:s3:eu:2:1:x"), false, "no statement allows it"},
		{"an ARN", when(`{"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:1:x*"}}`), "", "", false, with(get, "aws:SourceArn", "arn:aws:s3:eu:1:xyz"), true, "allowed by A"},
		{"numbers", when(`{"NumericLessThan": {"s3:TlsVersion": 1.2}}`), "", "", false, with(get, "s3:TlsVersion", "1.1"), true, "allowed by A"},
		{"all of several", when(`{"ForAllValues:StringEquals": {"a": ["1", "2"]}}`), "", "", false, with(get, "a", "1", "3"), false, "no statement allows it"},
		{"any of several", when(`{"ForAnyValue:StringEquals": {"a": ["1", "2"]}}`), "", "", false, with(get, "a", "3", "1"), true, "allowed by A"},
		{"variables", `{"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}]}`, "", "", false, with(get, "aws:username", "x"), true, "allowed by A"},
		{"variables without a value", `{"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}]}`, "", "", false, get, false, "no statement allows it"},
	} {
		s := Set{Identity: []Document{*document(c.identity)}, Guarded: c.guarded}
		if c.resource != "" {
			s.Resource = document(c.resource)
		}
		if c.boundary != "" {
			s.Boundary = document(c.boundary)
		}
		got, err := s.Evaluate(c.q)
		if err != nil || got.Allowed != c.want || got.Why != c.why {
			t.Errorf("%s: got %+v, %v, want %v, %s", c.name, got, err, c.want, c.why)
		}
	}
}

// What is not understood is an error, not a guess.
func TestEvaluateRefusesWhatItDoesNotKnow(t *testing.T) {
	d, err := ParseDocument([]byte(`{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "x"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Set{Identity: []Document{*d}}).Evaluate(Request{Action: "s3:GetObject", Resource: "x"}); err == nil || !strings.Contains(err.Error(), `"DateLessThan" is not known`) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{``, `{}`, `{"Statement": 3}`, `{"Statement": [{"Effect": "allow", "Action": "*"}]}`, `{"Statement": [{"Effect": "Allow"}]}`, `{"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]}`, `{"Statement": {"Effect": "Allow", "Action": {}}}`,
		`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": []}}`, `{"Statement": {"Effect": "Allow", "Action": "*", "NotPrincipal": "*"}}`} {
		if d, err := ParseDocument([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, d)
		}
	}
}

// FuzzParseDocument promises that no policy makes the evaluator fall over, and that what was read reads the
// same when it is written.
func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:*", "kms:Decrypt"], "Resource": "*", "Condition": {"Bool": {"a": true}, "NumericLessThan": {"b": 1.2}}}]}`))
	f.Add([]byte(`{"Statement": {"Effect": "Deny", "Principal": "*", "NotAction": "s3:?*", "NotResource": ["a"], "Condition": {"ForAllValues:StringLikeIfExists": {"k": ["v"]}, "Null": {"k": "true"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument(data)
		if err != nil {
			return
		}
		q := Request{Principal: "arn:aws:iam::123456789012:role/x", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: map[string][]string{"k": {"v", "w"}, "a": {"true"}}}
		first, failed := Set{Identity: []Document{*d}, Resource: d, Boundary: d}.Evaluate(q)
		text, err := plain(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDocument(text)
		if err != nil {
			t.Fatalf("%s became %s: %v", data, text, err)
		}
		second, failedToo := Set{Identity: []Document{*again}, Resource: again, Boundary: again}.Evaluate(q)
		if first != second || (failed == nil) != (failedToo == nil) {
			t.Errorf("%s: %+v (%v), written and read again %+v (%v)", data, first, failed, second, failedToo)
		}
	})
}

// FuzzMatch holds the matcher of * and ? against regular expressions.
func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 50 || len(text) > 200 {
			return
		}
		var b strings.Builder
		b.WriteString(`(?s)^`)
		for _, c := range []byte(pattern) {
			switch {
			case c == '*':
				b.WriteString(".*")
			case c == '?':
				b.WriteString(".")
			case c < 0x80:
				b.WriteString(regexp.QuoteMeta(string(rune(c))))
			default:
				return
			}
		}
		for _, c := range []byte(text) {
			if c >= 0x80 {
				return
			}
		}
		if want := regexp.MustCompile(b.String() + `$`).MatchString(text); match(pattern, text) != want {
			t.Errorf("%q on %q: got %v", pattern, text, !want)
		}
	})
}
