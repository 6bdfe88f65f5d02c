package terraform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/deploy"
)

// leftOut says what of stacks the AWS provider does not know, a line for each type of CloudFormation.
func leftOut(stacks []*deploy.Stack) (lines []string) {
	for _, kind := range slices.Sorted(maps.Keys(omitted)) {
		if slices.ContainsFunc(stacks, func(s *deploy.Stack) bool { return bytes.Contains(s.Template, []byte(`"`+kind+`"`)) }) {
			lines = append(lines, kind+" "+omitted[kind])
		}
	}
	return lines
}

// names are the names of all files that a module may have.
var names = []string{"main.tf.json", "bootstrap.tf.json", "foundation.tf.json", "ingest.tf.json", "compute.tf.json", "observe.tf.json"}

// Write returns the files of a module that makes what the stacks make, by their names.
func Write(stacks []*deploy.Stack, region string) (map[string][]byte, error) {
	m := &module{layers: map[string]*template{}, locals: object{}, used: map[string]bool{}, kinds: table()}
	for _, s := range stacks {
		t := &template{Layer: s.Layer, Parameters: map[string]source{}}
		if err := json.Unmarshal(s.Template, t); err != nil {
			return nil, fmt.Errorf("stack %s: %w", s.Name, err)
		}
		for _, p := range s.Parameters {
			t.Parameters[p.Name] = source{p.Layer, p.Output, p.Given}
		}
		m.layers[s.Layer] = t
	}
	files := map[string][]byte{}
	for _, s := range stacks {
		m.made = map[string]map[string]object{}
		t := m.layers[s.Layer]
		for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
			if err := m.resource(t, id); err != nil {
				return nil, fmt.Errorf("stack %s: %s: %w", s.Layer, id, err)
			}
		}
		outputs := object{}
		for _, name := range slices.Sorted(maps.Keys(t.Outputs)) {
			value, err := m.value(t, t.Outputs[name].Value)
			if err != nil {
				return nil, fmt.Errorf("stack %s: output %s: %w", s.Layer, name, err)
			}
			outputs[s.Layer+"_"+snake(name)] = object{"value": value}
		}
		file := object{"resource": m.made}
		if len(outputs) > 0 {
			file["output"] = outputs
		}
		if err := add(files, s.Layer+".tf.json", file); err != nil {
			return nil, err
		}
	}
	return files, add(files, "main.tf.json", m.main(region, stacks[0].Tags))
}

// main is what the module needs beside the layers.
func (m *module) main(region string, tags map[string]string) object {
	general := map[string]string{}
	for key, value := range tags {
		if key != "petalake:layer" {
			general[key] = value
		}
	}
	variables := object{}
	for name := range m.used {
		variables[snake(name)] = object{"type": "string", "description": given[name]}
	}
	out := object{
		"terraform": object{"required_version": ">= 1.5", "required_providers": object{"aws": object{"source": "hashicorp/aws", "version": ">= 5.90, < 6.0"}}},
		"provider":  object{"aws": object{"region": region, "default_tags": object{"tags": general}}},
		"data": object{
			"aws_caller_identity": object{"current": object{}}, "aws_region": object{"current": object{}}, "aws_partition": object{"current": object{}},
		},
	}
	for name, block := range map[string]object{"variable": variables, "locals": m.locals} {
		if len(block) > 0 { // an empty one is an error
			out[name] = block
		}
	}
	return out
}

// given are what petalake deploy uploads and hands on, and a person who uses Terraform has to.
var given = map[string]string{
	deploy.BinaryKey:    "the key of the program petalake, for the machine's processors, in the bucket for artefacts",
	deploy.BinaryDigest: "its SHA-256 in hexadecimal",
	deploy.BundleKey:    "the key of a .tar.gz with lakehouse.yaml and the files it names, in the bucket for artefacts",
	deploy.BundleDigest: "its SHA-256 in hexadecimal",
}

func add(files map[string][]byte, name string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	files[name] = b.Bytes()
	return err
}

// resource adds a resource of a template.
func (m *module) resource(t *template, id string) error {
	r := t.Resources[id]
	k, ok := m.kinds[r.Type]
	if !ok {
		return fmt.Errorf("no %s in Terraform", r.Type)
	}
	p := object{}
	for _, name := range slices.Sorted(maps.Keys(r.Properties)) {
		to := snake(name)
		if other, ok := k.fields[name]; ok {
			to = other
		}
		var value any
		var err error
		switch as, isText := strings.CutPrefix(to, "text:"); {
		case to == "-":
			continue
		case isText:
			to = as
			value, err = m.text(t, r.Properties[name])
		default:
			value, err = m.value(t, r.Properties[name])
			value = small(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p[to] = value
	}
	tags(p)
	if r.DeletionPolicy == "Retain" {
		p["lifecycle"] = object{"prevent_destroy": true}
	}
	if needs := m.needs(t, r.DependsOn); needs != nil {
		p["depends_on"] = needs
	}
	if k.fix != nil {
		if err := k.fix(m, t, id, p); err != nil {
			return err
		}
	}
	m.add(k.name, id, p)
	return nil
}

func (m *module) add(kind, name string, p object) {
	if p == nil {
		return
	}
	if m.made[kind] == nil {
		m.made[kind] = map[string]object{}
	}
	m.made[kind][name] = p
}

func (m *module) needs(t *template, on any) (all []string) {
	list, ok := on.([]any)
	if s, one := on.(string); one {
		list, ok = []any{s}, true
	}
	if !ok {
		return nil
	}
	for _, one := range list {
		if k, known := m.kinds[t.Resources[one.(string)].Type]; known {
			all = append(all, k.name+"."+one.(string))
		}
	}
	return all
}

// small is a value with the names in it in small letters.
func small(v any) any {
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			v[i] = small(one)
		}
	case object:
		out := object{}
		for key, one := range v {
			out[snake(key)] = small(one)
		}
		return out
	}
	return v
}

// tags are an object in Terraform.
func tags(p object) {
	list, ok := p["tags"].([]any)
	if !ok {
		return
	}
	out := object{}
	for _, one := range list {
		if _, spreads := one.(object)["propagate_at_launch"]; spreads {
			return
		}
		out[one.(object)["key"].(string)] = one.(object)["value"]
	}
	p["tags"] = out
}

// child is an object in an object; an empty one that is not in it where there is none.
func child(p object, keys ...string) object {
	for _, key := range keys {
		next, ok := p[key].(object)
		if list, many := p[key].([]any); many && len(list) > 0 {
			next, ok = list[0].(object)
		}
		if !ok {
			return object{}
		}
		p = next
	}
	return p
}

// rename gives a property another name; "" takes it out.
func rename(p object, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if value, ok := p[pairs[i]]; ok {
			delete(p, pairs[i])
			if pairs[i+1] != "" {
				p[pairs[i+1]] = value
			}
		}
	}
}
