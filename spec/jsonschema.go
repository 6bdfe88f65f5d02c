package spec

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// JSONSchema returns a JSON Schema (draft 2020-12) of lakehouse.yaml, by which editors complete
// and check the file. It has all keys, their forms and their values; rules between elements, such
// as that a column exists, are Parse's alone.
func JSONSchema() []byte {
	b := schemaBuilder{shapes: shapes{}, defs: node{}}
	root := b.object(b.shapes.of(reflect.TypeFor[Lakehouse]()))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "lakehouse.yaml"
	root["$defs"] = b.defs
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil // maps, lists and texts are always written
	}
	return out.Bytes()
}

// node is a JSON object.
type node = map[string]any

type schemaBuilder struct {
	shapes shapes
	defs   node
}

var (
	anyText    = []string{"string", "number", "boolean"}
	objectNull = []string{"object", "null"}
)

// ref defines a struct type once, and refers to it.
func (b *schemaBuilder) ref(t reflect.Type) node {
	name := t.Name()
	if b.defs[name] == nil {
		b.defs[name] = true // while it is being made
		o := b.shapes.of(t)
		def := b.object(o)
		if o.short[0] != "" {
			short := node{
				"type": "object", "minProperties": 1, "maxProperties": 1,
				"additionalProperties": b.value(o.field(o.short[1], nil)),
			}
			def = node{"anyOf": []any{def, short}}
		}
		b.defs[name] = def
	}
	return node{"$ref": "#/$defs/" + name}
}

// object is the schema of a struct; of a union, one for each kind.
func (b *schemaBuilder) object(o *object) node {
	if len(o.kinds) == 0 {
		return b.keys(o.fields)
	}
	var all []any
	for _, k := range o.kinds {
		one := b.keys(append(o.fields[:len(o.fields):len(o.fields)], k.fields...))
		kind := one["properties"].(node)["kind"].(node)
		kind["enum"] = []string{k.kind}
		if k.kind != kind["default"] {
			delete(kind, "default")
			one["required"] = append([]string{"kind"}, required(one)...)
		}
		all = append(all, one)
	}
	if len(all) == 1 {
		return all[0].(node)
	}
	return node{"oneOf": all}
}

func required(n node) []string {
	list, _ := n["required"].([]string)
	return list
}

func (b *schemaBuilder) keys(fields []field) node {
	properties := node{}
	n := node{"type": objectNull, "properties": properties, "additionalProperties": false}
	var must []string
	for i := range fields {
		f := &fields[i]
		p := b.field(f)
		p["description"] = f.doc
		properties[f.key] = p
		if f.required {
			must = append(must, f.key)
		}
	}
	if must != nil {
		n["type"], n["required"] = "object", must
	}
	return n
}

func (b *schemaBuilder) field(f *field) node {
	switch f.form {
	case formObject:
		return b.ref(f.typ)
	case formNamed:
		name := b.value(b.shapes.of(f.typ).name)
		delete(name, "type")
		return node{"type": objectNull, "propertyNames": name, "additionalProperties": b.ref(f.typ)}
	case formList:
		return node{"type": []string{"array", "null"}, "items": b.ref(f.typ)}
	case formMap:
		return node{"type": objectNull, "additionalProperties": node{"type": anyText}}
	case formTexts:
		list := node{"type": "array", "items": b.value(f)}
		if f.required {
			list["minItems"] = 1
		}
		return node{"anyOf": []any{b.value(f), list}}
	}
	return b.value(f)
}

// value is the schema of one text, number or truth.
func (b *schemaBuilder) value(f *field) node {
	n := node{"type": "string"}
	switch f.form {
	case formBool:
		n["type"] = "boolean"
		if f.def != "" {
			n["default"] = f.def == "true"
		}
		return n
	case formInt:
		n["type"] = "integer"
		if f.minimum != nil {
			n["minimum"] = *f.minimum
		}
		if def, err := strconv.Atoi(f.def); err == nil {
			n["default"] = def
		}
		return n
	}
	look := f.look()
	if f.loose {
		n["type"] = anyText
	}
	if f.pattern != nil {
		look.pattern = f.pattern.String()
	}
	if look.pattern != "" {
		n["pattern"] = look.pattern
	}
	if len(look.examples) > 0 {
		n["examples"] = look.examples
	}
	if look.secret {
		n["writeOnly"] = true
	}
	if len(f.enum) > 0 {
		n["enum"] = f.enum
	}
	if f.def != "" {
		n["default"] = f.def
	}
	return n
}
