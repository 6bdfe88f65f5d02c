package terraform

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

type object = map[string]any

// template is a stack of CloudFormation.
type template struct {
	Layer      string
	Parameters map[string]source // by name
	Resources  map[string]resource
	Outputs    map[string]struct{ Value any }
}

// source is where the value of a parameter is from: an output of a layer, or what is given.
type source struct{ Layer, Output, Given string }

type resource struct {
	Type           string
	Properties     object
	DeletionPolicy string
	DependsOn      any
}

// module is what is being written: the templates by layer, and what they become.
type module struct {
	layers map[string]*template
	made   map[string]map[string]object // resources by type and name
	locals object
	used   map[string]bool // variables
	kinds  map[string]kind
}

// value turns a value of a template into one of Terraform: references into references, texts into templates.
func (m *module) value(t *template, v any) (any, error) {
	switch v := v.(type) {
	case string:
		return literal(v), nil
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			var err error
			if out[i], err = m.value(t, one); err != nil {
				return nil, err
			}
		}
		return out, nil
	case object:
		if text, ok, err := m.function(t, v); ok || err != nil {
			return text, err
		}
		out := object{}
		for key, one := range v {
			var err error
			if out[key], err = m.value(t, one); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// literal is a text as it is.
func literal(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}

// function turns an intrinsic function into a template; false for an object that is none.
func (m *module) function(t *template, v object) (string, bool, error) {
	if len(v) != 1 {
		return "", false, nil
	}
	for name, arg := range v {
		switch name {
		case "Ref":
			text, err := m.ref(t, arg.(string))
			return text, true, err
		case "Fn::GetAtt":
			parts, ok := arg.([]any)
			if !ok || len(parts) != 2 {
				return "", true, fmt.Errorf("want an attribute of a resource, not %v", arg)
			}
			text, err := m.attribute(t, parts[0].(string), parts[1].(string))
			return text, true, err
		case "Fn::Sub":
			text, err := m.sub(t, arg)
			return text, true, err
		case "Fn::Join":
			text, err := m.join(t, arg)
			return text, true, err
		case "Fn::Base64":
			inner, err := m.value(t, arg)
			if err != nil {
				return "", true, err
			}
			name := fmt.Sprintf("text%d", len(m.locals)+1)
			m.locals[name] = inner
			return "${base64encode(local." + name + ")}", true, nil
		}
		if strings.HasPrefix(name, "Fn::") {
			return "", true, fmt.Errorf("no %s in Terraform", name)
		}
	}
	return "", false, nil
}

// pseudo are the parameters that CloudFormation has by itself.
var pseudo = map[string]string{
	"AWS::AccountId": "${data.aws_caller_identity.current.account_id}",
	"AWS::Region":    "${data.aws_region.current.name}",
	"AWS::Partition": "${data.aws_partition.current.partition}",
}

// ref is a reference to a resource, a parameter, or what CloudFormation has by itself.
func (m *module) ref(t *template, name string) (string, error) {
	if text, ok := pseudo[name]; ok {
		return text, nil
	}
	if r, ok := t.Resources[name]; ok {
		k, known := m.kinds[r.Type]
		if !known {
			return "", fmt.Errorf("no %s in Terraform", r.Type)
		}
		return "${" + k.name + "." + name + "." + orID(k.ref) + "}", nil
	}
	from, ok := t.Parameters[name]
	if !ok {
		return "", fmt.Errorf("nothing has the name %s", name)
	}
	if from.Given != "" {
		m.used[from.Given] = true
		return "${var." + snake(from.Given) + "}", nil
	}
	other, ok := m.layers[from.Layer]
	if !ok {
		return "", fmt.Errorf("no layer %s", from.Layer)
	}
	text, err := m.value(other, other.Outputs[from.Output].Value)
	if err != nil {
		return "", err
	}
	s, ok := text.(string)
	if !ok {
		return "", fmt.Errorf("the output %s of %s is no text", from.Output, from.Layer)
	}
	return s, nil
}

func orID(name string) string {
	if name == "" {
		return "id"
	}
	return name
}

// attribute is an attribute of a resource.
func (m *module) attribute(t *template, id, name string) (string, error) {
	r, ok := t.Resources[id]
	k, known := m.kinds[r.Type]
	if !ok || !known {
		return "", fmt.Errorf("no %s (%s) in Terraform", id, r.Type)
	}
	attribute := snake(name)
	if other, ok := k.attributes[name]; ok {
		attribute = other
	}
	return "${" + k.name + "." + id + "." + attribute + "}", nil
}

// join is the text of Fn::Join.
func (m *module) join(t *template, arg any) (string, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 {
		return "", fmt.Errorf("want a list to join, not %v", arg)
	}
	value, err := m.value(t, list[1])
	parts, many := value.([]any)
	if err != nil || !many {
		return "", fmt.Errorf("join %v: %w", list[1], err)
	}
	var out []string
	for _, p := range parts {
		out = append(out, fmt.Sprint(p))
	}
	return strings.Join(out, literal(list[0].(string))), nil
}

var inSub = regexp.MustCompile(`\$\{([^}]*)\}`)

// sub is the text of Fn::Sub, with or without values of its own.
func (m *module) sub(t *template, arg any) (string, error) {
	own := object{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		arg, own = list[0], list[1].(object)
	}
	text, ok := arg.(string)
	if !ok {
		return "", fmt.Errorf("want a text to fill in, not %v", arg)
	}
	var failed error
	var out strings.Builder
	last := 0
	for _, at := range inSub.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(literal(text[last:at[0]]))
		last = at[1]
		name := text[at[2]:at[3]]
		var one any
		var err error
		switch id, attribute, dotted := strings.Cut(name, "."); {
		case strings.HasPrefix(name, "!"):
			one = "$${" + name[1:] + "}"
		case own[name] != nil:
			one, err = m.value(t, own[name])
		case dotted:
			one, err = m.attribute(t, id, attribute)
		default:
			one, err = m.ref(t, name)
		}
		if err != nil {
			failed = err
		}
		fmt.Fprint(&out, one)
	}
	out.WriteString(literal(text[last:]))
	return out.String(), failed
}

// text is a value as the text of JSON, as policies are.
func (m *module) text(t *template, v any) (any, error) {
	if s, ok := v.(string); ok {
		return literal(s), nil
	}
	converted, err := m.value(t, v)
	if err != nil {
		return nil, err
	}
	if s, ok := converted.(string); ok {
		return s, nil
	}
	data, err := json.Marshal(converted)
	return string(data), err
}

// snake is a name in small letters: KMSMasterKeyID is kms_master_key_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) {
			before := i > 0 && !unicode.IsUpper(runes[i-1])
			after := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])
			if before || after {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
