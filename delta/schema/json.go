package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deep types nest; a table made by hand stays below ten.
const maxDepth = 64

// Parse reads a schema in the protocol's JSON form, the value of schemaString. Errors name the
// field by its path. A struct that holds two names which differ only in case is refused. Empty text
// is a schema without columns: a table may begin so.
func Parse(text []byte) (*Struct, error) {
	if len(text) == 0 {
		return &Struct{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("schema: not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("schema: bytes after the end of the JSON value")
	}
	t, err := typeOf(v, nil)
	if err != nil {
		return nil, err
	}
	s, ok := t.(*Struct)
	if !ok {
		return nil, fmt.Errorf("schema: want a struct, found %s", t)
	}
	return s, nil
}

// fault is an error at a place inside a schema.
func fault(path []string, format string, args ...any) error {
	what := fmt.Errorf(format, args...)
	if len(path) == 0 {
		return fmt.Errorf("schema: %w", what)
	}
	return fmt.Errorf("schema: column %s: %w", Path(path), what)
}

func typeOf(v any, path []string) (Type, error) {
	if len(path) > maxDepth {
		return nil, fault(path[:3], "types nest more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case string:
		return primitiveOf(v, path)
	case map[string]any:
		switch v["type"] {
		case "struct":
			return structOf(v, path)
		case "array":
			return arrayOf(v, path)
		case "map":
			return mapOf(v, path)
		}
		if name, ok := v["type"].(string); ok {
			return nil, &UnknownTypeError{Column: path, Type: name}
		}
	}
	return nil, fault(path, "want a type, found %s", brief(v))
}

func primitiveOf(name string, path []string) (Type, error) {
	switch p := Primitive(name); p {
	case String, Long, Integer, Short, Byte, Float, Double, Boolean, Binary, Date, Timestamp,
		TimestampNTZ, Void, Variant:
		return p, nil
	case "null":
		return Void, nil
	}
	if strings.HasPrefix(name, "decimal") {
		if t, err := ParseType(name); err == nil {
			return t, nil
		}
		return nil, fault(path, "malformed type %q", name)
	}
	return nil, &UnknownTypeError{Column: path, Type: name}
}

// UnknownTypeError is a column of a type that this package has no name for: of a newer protocol,
// or of none.
type UnknownTypeError struct {
	Column Path
	Type   string
}

func (e *UnknownTypeError) Error() string {
	return fault(e.Column, "unknown type %q", e.Type).Error()
}

func structOf(v map[string]any, path []string) (Type, error) {
	list, ok := v["fields"].([]any)
	if !ok {
		return nil, fault(path, "fields: want a list, found %s", brief(v["fields"]))
	}
	s := &Struct{Fields: make([]Field, 0, len(list))}
	for i, item := range list {
		f, err := fieldOf(item, i, path)
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, f)
	}
	if err := s.unique(path); err != nil {
		return nil, err
	}
	return s, nil
}

func fieldOf(item any, i int, path []string) (Field, error) {
	v, ok := item.(map[string]any)
	if !ok {
		return Field{}, fault(path, "field %d: want an object, found %s", i, brief(item))
	}
	f := Field{Nullable: true}
	if f.Name, ok = v["name"].(string); !ok || f.Name == "" {
		return Field{}, fault(path, "field %d has no name", i)
	}
	path = append(path[:len(path):len(path)], f.Name)
	if x, found := v["nullable"]; found {
		if f.Nullable, ok = x.(bool); !ok {
			return Field{}, fault(path, "nullable: want true or false, found %s", brief(x))
		}
	}
	if x := v["metadata"]; x != nil {
		if f.Metadata, ok = x.(map[string]any); !ok {
			return Field{}, fault(path, "metadata: want an object, found %s", brief(x))
		}
	}
	var err error
	f.Type, err = typeOf(v["type"], path)
	return f, err
}

func arrayOf(v map[string]any, path []string) (Type, error) {
	a := &Array{ContainsNull: true}
	var err error
	if a.ContainsNull, err = flag(v, "containsNull", path); err != nil {
		return nil, err
	}
	a.Element, err = typeOf(v["elementType"], append(path[:len(path):len(path)], "element"))
	return a, err
}

func mapOf(v map[string]any, path []string) (Type, error) {
	m := &Map{}
	var err error
	if m.ValueContainsNull, err = flag(v, "valueContainsNull", path); err != nil {
		return nil, err
	}
	if m.Key, err = typeOf(v["keyType"], append(path[:len(path):len(path)], "key")); err != nil {
		return nil, err
	}
	m.Value, err = typeOf(v["valueType"], append(path[:len(path):len(path)], "value"))
	return m, err
}

// flag reads a boolean member; one that is absent is true, as Spark reads it.
func flag(v map[string]any, name string, path []string) (bool, error) {
	x, found := v[name]
	if !found {
		return true, nil
	}
	b, ok := x.(bool)
	if !ok {
		return false, fault(path, "%s: want true or false, found %s", name, brief(x))
	}
	return b, nil
}

// unique refuses two names that differ only in case: no engine could tell them apart.
func (s *Struct) unique(path []string) error {
	seen := make(map[string]string, len(s.Fields))
	for _, f := range s.Fields {
		key := strings.ToLower(f.Name)
		if other, ok := seen[key]; ok {
			return fault(append(path[:len(path):len(path)], f.Name),
				"a second column of this name (names are equal that differ only in case: %q, %q)", other, f.Name)
		}
		seen[key] = f.Name
	}
	return nil
}

// brief shows a JSON value inside an error message.
func brief(v any) string {
	if v == nil {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil || len(text) > 60 {
		return fmt.Sprintf("a %T", v)
	}
	return string(text)
}

// JSON writes the schema as the protocol does. Keys of metadata are in byte order.
func (s *Struct) JSON() []byte { return appendType(nil, s) }

func appendType(b []byte, t Type) []byte {
	switch t := t.(type) {
	case Primitive:
		return appendString(b, string(t))
	case Decimal:
		return fmt.Appendf(b, `"decimal(%d,%d)"`, t.Precision, t.Scale)
	case *Struct:
		b = append(b, `{"type":"struct","fields":[`...)
		for i, f := range t.Fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendField(b, f)
		}
		return append(b, "]}"...)
	case *Array:
		b = append(b, `{"type":"array","elementType":`...)
		b = appendType(b, t.Element)
		return fmt.Appendf(b, `,"containsNull":%t}`, t.ContainsNull)
	case *Map:
		b = append(b, `{"type":"map","keyType":`...)
		b = appendType(b, t.Key)
		b = append(b, `,"valueType":`...)
		b = appendType(b, t.Value)
		return fmt.Appendf(b, `,"valueContainsNull":%t}`, t.ValueContainsNull)
	}
	return append(b, "null"...)
}

func appendField(b []byte, f Field) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, f.Name)
	b = append(b, `,"type":`...)
	b = appendType(b, f.Type)
	b = fmt.Appendf(b, `,"nullable":%t,"metadata":`, f.Nullable)
	if len(f.Metadata) == 0 {
		return append(b, "{}}"...)
	}
	return append(appendJSON(b, f.Metadata), '}')
}

func appendString(b []byte, s string) []byte { return appendJSON(b, s) }

// appendJSON writes a value without escaping <, > and &.
func appendJSON(b []byte, v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // metadata made by hand that is not JSON
		return append(b, "{}"...)
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
