package cfn

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Problem is something that AWS would refuse.
type Problem struct {
	Resource string // its logical id; "" for the template
	Path     string // of the property, such as Instances.CoreInstanceFleet
	Message  string
	Hint     string // what to do about it, or ""
}

func (p Problem) Error() string {
	var where []string
	for _, s := range []string{p.Resource, p.Path} {
		if s != "" {
			where = append(where, s)
		}
	}
	return strings.Join(append(where, p.Message), ": ")
}

// The limits of CloudFormation, by the page "Understand CloudFormation quotas".
const (
	mostBytes     = 1 << 20 // of a template in S3
	mostResources = 500
	mostOutputs   = 200
)

// Check returns everything that AWS would refuse in the template, for a deployment to a region; nil
// where that is nothing.
func (t *Template) Check(region string) []Problem {
	data, err := t.JSON()
	if err != nil {
		return []Problem{{Message: err.Error()}}
	}
	plain, err := Parse(data) // every value is what JSON makes of it
	if err != nil {
		return []Problem{{Message: err.Error()}}
	}
	c := &checker{t: plain, region: region}
	for _, l := range []struct {
		what      string
		got, most int
	}{
		{"characters", len(data), mostBytes}, {"resources", len(t.Resources), mostResources},
		{"outputs", len(t.Outputs), mostOutputs}, {"parameters", len(t.Parameters), mostOutputs},
	} {
		if l.got > l.most {
			c.fail("", "the template has %d %s, CloudFormation takes %d", l.got, l.what, l.most)
		}
	}
	for i, r := range plain.Resources {
		c.resource(r, slices.IndexFunc(plain.Resources, func(o *Resource) bool { return o.ID == r.ID }) < i)
	}
	c.id = ""
	for _, o := range plain.Outputs {
		c.functions("Outputs."+o.Name, o.Value)
	}
	return c.found
}

type checker struct {
	t      *Template
	region string
	id     string // of the resource at hand
	found  []Problem
}

func (c *checker) fail(path, format string, args ...any) {
	c.found = append(c.found, Problem{Resource: c.id, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) resource(r *Resource, twice bool) {
	c.id = r.ID
	if twice {
		c.fail("", "the logical id is there twice")
	}
	if strings.IndexFunc(r.ID, func(x rune) bool { return !('a' <= x && x <= 'z' || 'A' <= x && x <= 'Z' || '0' <= x && x <= '9') }) >= 0 {
		c.fail("", "a logical id has letters and digits alone")
	}
	typ := types()[r.Type]
	if typ == nil {
		c.fail("", "the type %s is not in schema.txt", r.Type)
		return
	}
	for _, d := range r.DependsOn {
		if c.t.Resource(d) == nil {
			c.fail("DependsOn", "no resource %s", d)
		}
	}
	c.object("", r.Properties, typ.properties)
	c.functions("", r.Properties)
}

// object checks the keys of an object.
func (c *checker) object(path string, v Map, s *shape) {
	for _, name := range sorted(v) {
		p := s.property(name)
		if p == nil {
			c.fail(dot(path, name), "unknown property")
			continue
		}
		c.value(dot(path, name), v[name], p.shape)
		c.rules(dot(path, name), v[name], p)
	}
	for _, p := range s.fields {
		if _, ok := v[p.name]; p.required && !ok {
			c.fail(dot(path, p.name), "missing, and required")
		}
	}
}

// value checks that a value has the form of a shape. What a function returns is known to AWS alone.
func (c *checker) value(path string, v any, s *shape) {
	if function(v) {
		return
	}
	m, isMap := v.(Map)
	items, isList := v.([]any)
	switch s.kind {
	case either:
		if !slices.ContainsFunc(s.either, func(e *shape) bool { return e.fits(v) }) {
			c.fail(path, "%s does not fit", show(v))
			return
		}
		for _, e := range s.either {
			if e.fits(v) {
				c.value(path, v, e)
				return
			}
		}
	case object:
		if isMap {
			c.object(path, m, s)
			return
		}
	case mapping:
		for _, k := range sorted(m) {
			c.value(dot(path, k), m[k], s.elem)
		}
	case list:
		for i, item := range items {
			c.value(fmt.Sprintf("%s[%d]", path, i), item, s.elem)
		}
	}
	if !s.fits(v) || s.kind == list && !isList {
		c.fail(path, "%s is not %s", show(v), s.kind)
	}
}

// fits says whether a value has the outer form of a shape.
func (s *shape) fits(v any) bool {
	switch s.kind {
	case text:
		_, ok := v.(string)
		return ok
	case integer:
		f, ok := v.(float64)
		return ok && f == math.Trunc(f)
	case number:
		_, ok := v.(float64)
		return ok
	case boolean:
		_, ok := v.(bool)
		return ok
	case object, mapping:
		_, ok := v.(Map)
		return ok
	case list:
		_, ok := v.([]any)
		return ok
	}
	return true
}

// rules checks what rules.txt says of a property.
func (c *checker) rules(path string, v any, p *property) {
	if s, ok := v.(string); ok && len(p.enum) > 0 && !slices.Contains(p.enum, s) {
		c.fail(path, "%q is not one of %s", s, strings.Join(p.enum, ", "))
	}
	if p.most == 0 {
		return
	}
	n := c.length(v)
	if n <= p.most {
		return
	}
	what := "characters"
	if p.policy {
		what = "characters without spaces"
	}
	c.fail(path, "%d %s, AWS takes %d", n, what, p.most)
}

// functions checks that what the intrinsic functions in a value refer to is there.
func (c *checker) functions(path string, v any) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			c.functions(fmt.Sprintf("%s[%d]", path, i), item)
		}
	case Map:
		for _, k := range sorted(v) {
			inner := v[k]
			switch s, _ := inner.(string); {
			case k == "Ref" && s != "":
				c.refer(path, s)
			case k == "Fn::Sub" && s != "":
				for _, m := range substitution.FindAllStringSubmatch(s, -1) {
					c.refer(path, m[1])
				}
			case k == "Fn::GetAtt":
				if pair, ok := inner.([]any); ok && len(pair) == 2 {
					c.refer(path, fmt.Sprintf("%v.%v", pair[0], pair[1]))
				}
			default:
				c.functions(dot(path, k), inner)
			}
		}
	}
}

// pseudo are the names that CloudFormation knows by itself.
var pseudo = []string{"AWS::AccountId", "AWS::Region", "AWS::Partition", "AWS::URLSuffix", "AWS::StackName", "AWS::StackId", "AWS::NoValue"}

func (c *checker) refer(path, name string) {
	id, attribute, isAttribute := strings.Cut(name, ".")
	if slices.Contains(pseudo, name) || !isAttribute && slices.ContainsFunc(c.t.Parameters, func(p Parameter) bool { return p.Name == name }) {
		return
	}
	r := c.t.Resource(id)
	switch {
	case r == nil:
		c.fail(path, "no resource or parameter %s", id)
	case isAttribute && types()[r.Type] != nil && !slices.Contains(types()[r.Type].attributes, attribute):
		c.fail(path, "%s has no attribute %s", r.Type, attribute)
	}
}

// length is the most characters that a value can have as text, or as JSON without spaces.
func (c *checker) length(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		return len(v)
	case Map:
		if function(v) {
			return c.resolved(v)
		}
		for k, inner := range v {
			n += len(k) + 4 + c.member(inner)
		}
		return n + 1
	case []any:
		for _, item := range v {
			n += c.member(item) + 1
		}
		return n + 1
	}
	b, _ := json.Marshal(v)
	return len(b)
}

// member is the length of a part of a JSON text: texts have quotes.
func (c *checker) member(v any) int {
	_, isText := v.(string)
	if m, ok := v.(Map); ok && function(m) || isText {
		return c.length(v) + 2
	}
	return c.length(v)
}

// resolved estimates the length of what a function returns; what is known only once it is deployed
// counts as an ARN of usual length.
func (c *checker) resolved(f Map) int {
	const arn = 90
	s, ok := f["Fn::Sub"].(string)
	if !ok {
		if name, _ := f["Ref"].(string); strings.HasPrefix(name, "AWS::") {
			return c.pseudoLength(name)
		}
		return arn
	}
	n := len(substitution.ReplaceAllString(s, ""))
	for _, m := range substitution.FindAllStringSubmatch(s, -1) {
		if strings.HasPrefix(m[1], "AWS::") {
			n += c.pseudoLength(m[1])
		} else {
			n += arn
		}
	}
	return n
}

func (c *checker) pseudoLength(name string) int {
	switch name {
	case "AWS::AccountId":
		return 12
	case "AWS::Region":
		return len(c.region)
	case "AWS::Partition":
		return len(partition(c.region))
	}
	return 13 // amazonaws.com
}

// partition is the part of AWS a region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// function says whether a value is an intrinsic function.
func function(v any) bool {
	m, ok := v.(Map)
	if !ok || len(m) != 1 {
		return false
	}
	for k := range m {
		return k == "Ref" || strings.HasPrefix(k, "Fn::")
	}
	return false
}

func (k kind) String() string {
	return [...]string{"anything", "a text", "a whole number", "a number", "true or false", "an object", "a list", "an object", "one of several"}[k]
}

func show(v any) string {
	b, _ := json.Marshal(v)
	if len(b) > 60 {
		return string(b[:60]) + "..."
	}
	return string(b)
}

func dot(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
