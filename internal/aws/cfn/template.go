package cfn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// Map is a JSON object; its keys are written in alphabetical order.
type Map = map[string]any

// List is a JSON array.
type List = []any

// Template is a CloudFormation template. The zero value is an empty one.
type Template struct {
	Description string
	Parameters  []Parameter
	Resources   []*Resource // in the order they were added
	Outputs     []Output
}

// Parameter is a value that a template is given when it is deployed.
type Parameter struct {
	Name        string
	Type        string // String, AWS::EC2::VPC::Id and the like
	Description string
}

// Output is a value that a stack hands out once it is deployed.
type Output struct {
	Name        string
	Description string
	Value       any
}

// Resource is one thing that AWS makes.
type Resource struct {
	ID             string // logical: letters and digits
	Type           string // such as AWS::S3::Bucket
	Properties     Map
	DependsOn      []string
	Retain         bool // whether it outlives its stack, and its own replacement
	CreationPolicy Map
	UpdatePolicy   Map
}

// Add appends a resource and returns it, for what not every resource has.
func (t *Template) Add(id, typ string, properties Map) *Resource {
	r := &Resource{ID: id, Type: typ, Properties: properties}
	t.Resources = append(t.Resources, r)
	return r
}

// Resource returns the resource of a logical id, or nil.
func (t *Template) Resource(id string) *Resource {
	for _, r := range t.Resources {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Ref is the value of a parameter, or the physical id of a resource.
func Ref(name string) Map { return Map{"Ref": name} }

// GetAtt is an attribute of a resource.
func GetAtt(id, attribute string) Map { return Map{"Fn::GetAtt": List{id, attribute}} }

// Sub is a text in which ${Name}, ${Id.Attribute} and ${AWS::Region} are replaced.
func Sub(text string) Map { return Map{"Fn::Sub": text} }

// JSON writes the template: indented, ending in a newline, the same bytes each time.
func (t *Template) JSON() ([]byte, error) {
	w := &writer{}
	w.open("{")
	w.key("AWSTemplateFormatVersion", "2010-09-09")
	if t.Description != "" {
		w.key("Description", t.Description)
	}
	if len(t.Parameters) > 0 {
		w.section("Parameters")
		for _, p := range t.Parameters {
			w.key(p.Name, Map{"Type": p.Type, "Description": p.Description})
		}
		w.close("}")
	}
	w.section("Resources")
	for _, r := range t.Resources {
		r.write(w)
	}
	w.close("}")
	if len(t.Outputs) > 0 {
		w.section("Outputs")
		for _, o := range t.Outputs {
			w.key(o.Name, Map{"Description": o.Description, "Value": o.Value})
		}
		w.close("}")
	}
	w.close("}")
	if w.err != nil {
		return nil, fmt.Errorf("template: %w", w.err)
	}
	w.WriteByte('\n')
	return w.Bytes(), nil
}

func (r *Resource) write(w *writer) {
	w.section(r.ID)
	w.key("Type", r.Type)
	if len(r.DependsOn) > 0 {
		w.key("DependsOn", r.DependsOn)
	}
	if r.Retain {
		w.key("DeletionPolicy", "Retain")
		w.key("UpdateReplacePolicy", "Retain")
	}
	if r.CreationPolicy != nil {
		w.key("CreationPolicy", r.CreationPolicy)
	}
	if r.UpdatePolicy != nil {
		w.key("UpdatePolicy", r.UpdatePolicy)
	}
	if len(r.Properties) > 0 {
		w.key("Properties", r.Properties)
	}
	w.close("}")
}

// writer writes JSON whose keys keep the order they are given in.
type writer struct {
	bytes.Buffer
	indent string
	more   bool // a comma is due before the next key
	err    error
}

func (w *writer) open(bracket string) {
	w.WriteString(bracket)
	w.indent += "  "
	w.more = false
}

func (w *writer) close(bracket string) {
	w.indent = w.indent[2:]
	if w.more {
		w.WriteString("\n" + w.indent)
	}
	w.WriteString(bracket)
	w.more = true
}

func (w *writer) name(name string) {
	if w.more {
		w.WriteByte(',')
	}
	w.WriteString("\n" + w.indent)
	w.value(name)
	w.WriteString(": ")
	w.more = true
}

func (w *writer) section(name string) {
	w.name(name)
	w.open("{")
}

func (w *writer) key(name string, value any) {
	w.name(name)
	w.value(value)
}

func (w *writer) value(v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(w.indent, "  ")
	if err := e.Encode(v); err != nil && w.err == nil {
		w.err = err
	}
	w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// Parse reads a template that JSON wrote. Resources come in the order of the text.
func Parse(data []byte) (*Template, error) {
	var raw struct {
		Description string
		Parameters  ordered[struct{ Type, Description string }]
		Resources   ordered[struct {
			Type           string
			Properties     Map
			DependsOn      []string
			DeletionPolicy string
			CreationPolicy Map
			UpdatePolicy   Map
		}]
		Outputs ordered[struct {
			Description string
			Value       any
		}]
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("not a template in JSON: %w", err)
	}
	t := &Template{Description: raw.Description}
	for _, p := range raw.Parameters {
		t.Parameters = append(t.Parameters, Parameter{p.name, p.value.Type, p.value.Description})
	}
	for _, r := range raw.Resources {
		v := r.value
		t.Resources = append(t.Resources, &Resource{ID: r.name, Type: v.Type, Properties: v.Properties, DependsOn: v.DependsOn,
			Retain: v.DeletionPolicy == "Retain", CreationPolicy: v.CreationPolicy, UpdatePolicy: v.UpdatePolicy})
	}
	for _, o := range raw.Outputs {
		t.Outputs = append(t.Outputs, Output{o.name, o.value.Description, o.value.Value})
	}
	if len(t.Resources) == 0 {
		return nil, fmt.Errorf("not a template: it has no Resources")
	}
	return t, nil
}

// ordered is a JSON object that keeps the order of its keys.
type ordered[T any] []struct {
	name  string
	value T
}

// UnmarshalJSON reads the object key by key.
func (o *ordered[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("expected an object, found %.20s", data)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
		*o = append(*o, struct {
			name  string
			value T
		}{name.(string), v})
	}
	return nil
}

var substitution = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)
