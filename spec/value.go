package spec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value reads a node into the Go field v in the form that f says. Positions of parts of a list or
// a mapping go to el, under key.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, f *field, el *Element, key string, pos Pos) {
	if !d.spend(n, path) {
		return
	}
	n = follow(n)
	switch f.form {
	case formTexts:
		d.texts(n, path, v, f, el, key)
	case formMap:
		d.textsByName(n, path, v, f, el, key)
	case formObject:
		d.object(n, path, v, pos)
	case formNamed:
		d.named(n, path, v, f)
	case formList:
		d.list(n, path, v, f)
	default:
		d.scalar(n, path, v, f)
	}
}

// texts reads a list of texts, or one text that stands for a list of one.
func (d *decoder) texts(n *yaml.Node, path string, v reflect.Value, f *field, el *Element, key string) {
	if n.Kind == yaml.ScalarNode {
		one := reflect.New(v.Type().Elem()).Elem()
		if d.scalar(n, path, one, f) {
			v.Set(reflect.Append(v, one))
			el.keys = append(el.keys, keyPos{key + "[0]", d.pos(n)})
		}
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(d.pos(n), path, "", "expected a list of %ss, found %s", f.look().noun(), describe(n))
		return
	}
	if f.required && len(n.Content) == 0 {
		d.fail(d.pos(n), path, "", "the list is empty")
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("[%d]", i)
		one := reflect.New(v.Type().Elem()).Elem()
		if !d.spend(item, path+at) {
			return
		}
		if d.scalar(follow(item), path+at, one, f) {
			el.keys = append(el.keys, keyPos{fmt.Sprintf("%s[%d]", key, v.Len()), d.pos(item)})
			v.Set(reflect.Append(v, one))
		}
	}
}

// textsByName reads texts by name. A number or true is taken as it was written.
func (d *decoder) textsByName(n *yaml.Node, path string, v reflect.Value, f *field, el *Element, key string) {
	if n.Kind != yaml.MappingNode {
		if !isNull(n) {
			d.fail(d.pos(n), path, "write name: "+f.each, "expected names with values, found %s", describe(n))
		}
		return
	}
	texts := map[string]string{}
	for _, p := range d.pairs(n, path) {
		at, value := join(path, p.key.Value), follow(p.value)
		switch {
		case !d.spend(p.value, at):
			return
		case value.Kind != yaml.ScalarNode || isNull(value):
			d.fail(d.pos(p.value), at, "", "expected a %s, found %s", f.each, describe(value))
		case d.plainText(value, at):
			texts[p.key.Value] = value.Value
			el.keys = append(el.keys, keyPos{join(key, p.key.Value), d.pos(p.value)})
		}
	}
	v.Set(reflect.ValueOf(texts))
}

// named reads objects by name.
func (d *decoder) named(n *yaml.Node, path string, v reflect.Value, f *field) {
	if n.Kind != yaml.MappingNode {
		if !isNull(n) {
			d.fail(d.pos(n), path, "write each one's name as a key, without a dash", "expected names, found %s", describe(n))
		}
		return
	}
	pairs := d.pairs(n, path)
	v.Set(reflect.MakeSlice(v.Type(), 0, len(pairs)))
	for _, p := range pairs {
		at := join(path, p.key.Value)
		if !d.spend(p.value, at) {
			return
		}
		one := reflect.New(f.typ)
		name := d.shapes.of(f.typ).name
		good := d.scalar(p.key, at, one.Elem().Field(name.index), name)
		d.object(p.value, at, one.Elem(), d.pos(p.key))
		if good {
			v.Set(reflect.Append(v, one))
		}
	}
}

// list reads a list of objects.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, f *field) {
	if n.Kind != yaml.SequenceNode {
		if !isNull(n) {
			d.fail(d.pos(n), path, d.objectHint(d.shapes.of(f.typ)), "expected a list, found %s", describe(n))
		}
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, len(n.Content)))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !d.spend(item, at) {
			return
		}
		one := reflect.New(f.typ)
		if isNull(follow(item)) {
			d.fail(d.pos(item), at, d.objectHint(d.shapes.of(f.typ)), "has no value")
			continue
		}
		d.object(item, at, one.Elem(), d.pos(item))
		v.Set(reflect.Append(v, one))
	}
}

// scalar reads one text, number or truth; false where it is none.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, f *field) bool {
	if f.pointer && v.Kind() == reflect.Pointer {
		v.Set(reflect.New(f.typ))
		v = v.Elem()
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		d.fail(d.pos(n), path, "", "expected %s, found %s", f.expected(), describe(n))
		return false
	case isNull(n) && n.Value == "":
		d.fail(d.pos(n), path, "write one, or leave out the key", "has no value")
		return false
	}
	switch f.form {
	case formBool:
		return d.truth(n, path, v, f)
	case formInt:
		return d.number(n, path, v, f)
	}
	if target, ok := v.Addr().Interface().(textual); ok {
		if err := target.parse(n.Value); err != nil {
			d.faulty(n, path, err)
			return false
		}
		return d.quoted(n, path, f)
	}
	if !d.quoted(n, path, f) || !d.plainText(n, path) {
		return false
	}
	switch {
	case len(f.enum) > 0 && !slices.Contains(f.enum, n.Value):
		d.fail(d.pos(n), path, d.suggest(n.Value, f.enum, "write "+oneOf(f.enum)), "unknown value %q", n.Value)
		return false
	case f.pattern != nil && !f.pattern.MatchString(n.Value):
		d.fail(d.pos(n), path, "write "+f.says, "%q does not fit", n.Value)
		return false
	}
	v.SetString(n.Value)
	return true
}

func (d *decoder) truth(n *yaml.Node, path string, v reflect.Value, f *field) bool {
	var b bool
	if n.ShortTag() != "!!bool" || n.Decode(&b) != nil {
		d.fail(d.pos(n), path, "", "expected %s, found %s", f.expected(), describe(n))
		return false
	}
	v.SetBool(b)
	return true
}

func (d *decoder) number(n *yaml.Node, path string, v reflect.Value, f *field) bool {
	var i int
	if n.ShortTag() != "!!int" || n.Decode(&i) != nil {
		d.fail(d.pos(n), path, "", "expected %s, found %s", f.expected(), describe(n))
		return false
	}
	if f.minimum != nil && i < *f.minimum {
		d.fail(d.pos(n), path, fmt.Sprintf("write %d or more", *f.minimum), "%d is too small", i)
		return false
	}
	v.SetInt(int64(i))
	return true
}

// quoted reports a value that is a text to us, and a number or something else to every other
// reader of YAML. The value is not shown: it may be a secret.
func (d *decoder) quoted(n *yaml.Node, path string, f *field) bool {
	if n.ShortTag() == "!!str" || f.key == ",name" || f.loose && n.ShortTag() != "!!null" {
		return true
	}
	d.fail(d.pos(n), path, "put it in quotes", "expected %s, found %s", f.expected(), describe(n))
	return false
}

// plainText reports a reference where none is resolved.
func (d *decoder) plainText(n *yaml.Node, path string) bool {
	if !strings.Contains(n.Value, "${env:") {
		return true
	}
	d.fail(d.pos(n), path, "only values of sources and environments depend on the machine", "${env:...} is not possible here")
	return false
}

// faulty reports what a textual type has to say about a text, at the character where it is.
func (d *decoder) faulty(n *yaml.Node, path string, err error) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{message: err.Error()}
	}
	pos := d.pos(n)
	if f.offset > 0 && n.Line > 0 && n.Line <= len(d.lines) {
		skip := n.Column - 1
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			skip++
		}
		before := string([]rune(n.Value)[:f.offset])
		if line := []rune(d.lines[n.Line-1]); skip <= len(line) && strings.HasPrefix(string(line[skip:]), before) {
			pos.Column = skip + 1 + f.offset
		}
	}
	d.fail(pos, path, f.hint, "%s", f.message)
}

// expected names what a value should be.
func (f *field) expected() string {
	switch f.form {
	case formBool:
		return "true or false"
	case formInt:
		return "a number"
	}
	if len(f.enum) > 0 {
		return oneOf(f.enum)
	}
	return "a " + f.look().noun()
}

// noun is says without what follows it.
func (s shape) noun() string {
	first, _, _ := strings.Cut(s.says, " with ")
	return first
}

func oneOf(list []string) string {
	last := len(list) - 1
	if last == 0 {
		return list[0]
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
