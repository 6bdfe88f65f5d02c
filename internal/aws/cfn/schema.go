package cfn

import (
	_ "embed" // schema.txt and rules.txt
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate ../../../scripts/cfn-schema

// schemaText has the resource types that the project uses, in the notation that scripts/cfn-schema explains.
//
//go:embed schema.txt
var schemaText string

// rulesText has what the schemas of AWS do not say: values, and sizes of names and policies.
//
//go:embed rules.txt
var rulesText string

// resourceType is what AWS knows of a type of resource.
type resourceType struct {
	attributes []string // for GetAtt
	properties *shape
}

// shape is what a value may look like.
type shape struct {
	kind   kind
	name   string      // of the type, of an object
	fields []*property // of an object
	elem   *shape      // of a list or a map
	either []*shape
}

type kind int

const (
	anything kind = iota // JSON
	text
	integer
	number
	boolean
	object
	list
	mapping
	either
)

// property is a named part of an object.
type property struct {
	name               string
	required, replaces bool
	shape              *shape
	enum               []string
	most               int  // characters, 0 for no limit
	policy             bool // the limit is for the JSON text without spaces
}

func (s *shape) property(name string) *property {
	for _, p := range s.fields {
		if p.name == name {
			return p
		}
	}
	return nil
}

// types are the resource types of schema.txt, with the rules of rules.txt. Both are part of the program, so
// what is wrong with them is wrong on every machine.
var types = sync.OnceValue(func() map[string]*resourceType {
	all, err := parseSchema(schemaText, rulesText)
	if err != nil {
		panic(err)
	}
	return all
})

func parseSchema(schema, rules string) (map[string]*resourceType, error) {
	all := map[string]*resourceType{}
	var last *resourceType
	for line := range strings.Lines(schema) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, " "):
			p := &schemaParser{rest: strings.TrimSpace(line)}
			last.properties = &shape{kind: object}
			last.properties.fields = p.properties()
			if p.rest != "" {
				return nil, fmt.Errorf("schema.txt: cannot read %.40q", p.rest)
			}
		default:
			name, head, _ := strings.Cut(line, "  ")
			_, attributes, _ := strings.Cut(strings.TrimSuffix(head, "]"), "GetAtt:")
			last = &resourceType{attributes: strings.Split(attributes, ",")}
			all[name] = last
		}
	}
	for line := range strings.Lines(rules) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := addRule(all, strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("rules.txt: %s: %w", line, err)
		}
	}
	return all, nil
}

// addRule adds a rule to each property that it names: type, Object.Property, rule, values.
func addRule(all map[string]*resourceType, words []string) error {
	t := all[words[0]]
	if t == nil {
		return fmt.Errorf("no type %s", words[0])
	}
	of, name, _ := strings.Cut(words[1], ".")
	found := false
	t.properties.walk(nil, func(s *shape) {
		p := s.property(name)
		if s.name != of || p == nil {
			return
		}
		found = true
		switch words[2] {
		case "enum":
			p.enum = words[3:]
		case "most", "policy":
			p.most, _ = strconv.Atoi(words[3])
			p.policy = words[2] == "policy"
		}
	})
	if !found {
		return fmt.Errorf("no property %s", words[1])
	}
	return nil
}

// walk visits every object below a shape once.
func (s *shape) walk(seen map[*shape]bool, visit func(*shape)) {
	if seen == nil {
		seen = map[*shape]bool{}
	}
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	if s.kind == object {
		visit(s)
	}
	for _, p := range s.fields {
		p.shape.walk(seen, visit)
	}
	s.elem.walk(seen, visit)
	for _, e := range s.either {
		e.walk(seen, visit)
	}
}

// schemaParser reads the notation of schema.txt.
type schemaParser struct {
	rest string
	open []*shape // the objects around, innermost last: a bare name is one of them
}

func (p *schemaParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *schemaParser) word() string {
	n := strings.IndexAny(p.rest, "*!:,{}[]<>| ")
	if n < 0 {
		n = len(p.rest)
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

func (p *schemaParser) properties() (all []*property) {
	for {
		one := &property{name: p.word()}
		one.required = p.take("*")
		one.replaces = p.take("!")
		if one.name == "" || !p.take(":") {
			return all
		}
		one.shape = p.shape()
		all = append(all, one)
		if !p.take(", ") {
			return all
		}
	}
}

func (p *schemaParser) shape() *shape {
	first := p.simple()
	if !strings.HasPrefix(p.rest, "|") {
		return first
	}
	s := &shape{kind: either, either: []*shape{first}}
	for p.take("|") {
		s.either = append(s.either, p.simple())
	}
	return s
}

func (p *schemaParser) simple() *shape {
	switch {
	case p.take("["):
		s := &shape{kind: list, elem: p.shape()}
		p.take("]")
		return s
	case p.take("map<"):
		s := &shape{kind: mapping, elem: p.shape()}
		p.take(">")
		return s
	}
	name := p.word()
	if p.take("{") {
		s := &shape{kind: object, name: name}
		p.open = append(p.open, s)
		s.fields = p.properties()
		p.open = p.open[:len(p.open)-1]
		p.take("}")
		return s
	}
	switch name {
	case "s", "date-time":
		return &shape{kind: text}
	case "i":
		return &shape{kind: integer}
	case "n":
		return &shape{kind: number}
	case "b":
		return &shape{kind: boolean}
	case "tag":
		return tagShape
	}
	i := slices.IndexFunc(p.open, func(s *shape) bool { return s.name == name })
	if i < 0 {
		return &shape{kind: anything}
	}
	return p.open[i]
}

var tagShape = &shape{kind: object, name: "Tag", fields: []*property{
	{name: "Key", required: true, shape: &shape{kind: text}},
	{name: "Value", required: true, shape: &shape{kind: text}},
}}
