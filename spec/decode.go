package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/petalake/petalake/internal/words"
)

// decoder turns nodes into the Go types of this package. It never stops at a problem, but leaves
// out the value that has it.
type decoder struct {
	problems
	file   string
	lines  []string
	shapes shapes
	budget int // how many more values are read; an alias may repeat a value, so nodes do not bound them
}

// fail reports what is wrong with the value at a path.
func (d *decoder) fail(pos Pos, path, hint, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	d.add(Problem{Pos: pos, Path: path, Message: message, Hint: hint})
}

func (d *decoder) pos(n *yaml.Node) Pos { return Pos{d.file, n.Line, n.Column} }

// spend takes a value off the budget. Where none is left it reports that once, and false ever after.
func (d *decoder) spend(n *yaml.Node, path string) bool {
	if d.budget--; d.budget == 0 {
		d.fail(d.pos(n), path, "write out what is repeated", "the file grows too large through its aliases")
	}
	return d.budget > 0
}

// object reads a mapping into the struct v.
func (d *decoder) object(n *yaml.Node, path string, v reflect.Value, pos Pos) {
	o := d.shapes.of(v.Type())
	el := &Element{}
	if holder, ok := v.Addr().Interface().(interface{ element() *Element }); ok {
		el = holder.element()
		el.Pos = pos
	}
	n = follow(n)
	var pairs []pair
	switch {
	case n.Kind == yaml.MappingNode:
		pairs = d.pairs(n, path)
	case !isNull(n):
		d.fail(d.pos(n), path, d.objectHint(o), "expected keys, found %s", describe(n))
		return
	}
	if o.short[0] != "" && len(pairs) == 1 {
		d.short(pairs[0], path, v, o, el)
		d.defaults(o.fields, v, el)
		return
	}
	kind, known := d.kind(pairs, path, v, o)
	written := map[string]bool{}
	for i, p := range pairs {
		key := p.key.Value
		f := o.field(key, kind)
		switch {
		case i+1 < len(pairs) && o.cutAtComma(n, p, pairs[i+1], kind):
			hint := "write it in quotes"
			if f != nil && !f.look().secret {
				hint = fmt.Sprintf("write %q, in quotes", p.value.Value+", "+pairs[i+1].key.Value)
			}
			d.fail(d.pos(p.value), join(path, key), hint, "a comma ends a value between { and }")
			written[key] = true
		case i > 0 && o.cutAtComma(n, pairs[i-1], p, kind):
			// reported with the pair before
		case f == nil:
			if known {
				written[d.unknownKey(p.key, path, o, kind)] = true
			}
		default:
			written[key] = true
			d.set(p, join(path, key), o.place(v, f, kind), f, el, key)
		}
	}
	d.missing(o, kind, written, path, pos)
	d.defaults(o.fields, v, el)
	if kind != nil {
		d.defaults(kind.fields, v.Field(kind.index).Elem(), el)
	}
}

// place returns the Go field of f, in the struct or in that of its kind.
func (o *object) place(v reflect.Value, f *field, kind *variant) reflect.Value {
	if kind != nil && o.field(f.key, nil) == nil {
		v = v.Field(kind.index).Elem()
	}
	return v.Field(f.index)
}

// set notes where the value of a key stands, and reads it.
func (d *decoder) set(p pair, path string, v reflect.Value, f *field, el *Element, key string) {
	pos := d.pos(p.value)
	if p.value.Line == 0 {
		pos = d.pos(p.key)
	}
	el.keys = append(el.keys, keyPos{key, pos})
	d.value(p.value, path, v, f, el, key, d.pos(p.key))
}

// short reads `name: type`.
func (d *decoder) short(p pair, path string, v reflect.Value, o *object, el *Element) {
	key, value := o.field(o.short[0], nil), o.field(o.short[1], nil)
	if follow(p.value).Kind != yaml.ScalarNode {
		d.unknownKey(p.key, path, o, nil)
		return
	}
	el.keys = append(el.keys, keyPos{key.key, d.pos(p.key)})
	d.scalar(p.key, join(path, key.key), v.Field(key.index), key)
	before := len(d.found)
	d.set(p, join(path, value.key), v.Field(value.index), value, el, value.key)
	if o.field(p.key.Value, nil) != nil && len(d.found) > before {
		last := &d.found[len(d.found)-1]
		v.Field(key.index).SetZero()
		last.Hint += fmt.Sprintf(" (a single key is a column and its type; otherwise %q is missing)", value.key)
	}
}

// kind finds the kind of a union's element and makes room for its fields; false where it has none.
func (d *decoder) kind(pairs []pair, path string, v reflect.Value, o *object) (*variant, bool) {
	if len(o.kinds) == 0 {
		return nil, true
	}
	kind := o.field("kind", nil).def
	for _, p := range pairs {
		if p.key.Value == "kind" {
			kind = follow(p.value).Value
		}
	}
	k := o.variant(kind)
	if k == nil {
		return nil, false
	}
	member := v.Field(k.index)
	member.Set(reflect.New(member.Type().Elem()))
	return k, true
}

// missing reports required keys that are not there.
func (d *decoder) missing(o *object, kind *variant, written map[string]bool, path string, pos Pos) {
	fields := o.fields
	if kind != nil {
		fields = append(fields[:len(fields):len(fields)], kind.fields...)
	}
	for _, f := range fields {
		if !f.required || written[f.key] {
			continue
		}
		where := ""
		if path != "" {
			where = " in " + path
		}
		hint, _, _ := strings.Cut(strings.ToLower(f.doc[:1])+strings.TrimSuffix(f.doc[1:], "."), ". ")
		d.add(Problem{Pos: pos, Path: path, Message: fmt.Sprintf("missing key %q%s", f.key, where), Hint: hint})
	}
}

// defaults sets what was not written.
func (d *decoder) defaults(fields []field, v reflect.Value, el *Element) {
	for i := range fields {
		f := &fields[i]
		switch {
		case f.form == formObject && !el.Has(f.key):
			inner := v.Field(f.index)
			d.defaults(d.shapes.of(f.typ).fields, inner, &Element{})
		case f.def != "" && !el.Has(f.key):
			n := &yaml.Node{Kind: yaml.ScalarNode, Value: f.def}
			n.Tag = n.ShortTag()
			d.scalar(n, f.key, v.Field(f.index), f)
		}
	}
}

// unknownKey reports a key that is not there, and returns the one that was meant, or "".
func (d *decoder) unknownKey(key *yaml.Node, path string, o *object, kind *variant) (meant string) {
	fields := o.fields
	if kind != nil {
		fields = append(fields[:len(fields):len(fields)], kind.fields...)
	}
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
		if slices.ContainsFunc(f.instead, func(wrong string) bool { return strings.EqualFold(wrong, key.Value) }) {
			meant = f.key
		}
	}
	hint := fmt.Sprintf("write %q", meant)
	if meant == "" {
		meant = words.Nearest(key.Value, keys)
		hint = d.suggest(key.Value, keys, "the keys here are "+strings.Join(keys, ", "))
		if strings.ContainsAny(key.Value, " ()") { // { query: SELECT a, b } is two keys
			hint = "a value inside { } that holds a comma stands in quotes"
		}
	}
	where := ""
	if path != "" {
		where = " in " + path
	}
	d.add(Problem{Pos: d.pos(key), Path: join(path, key.Value), Message: fmt.Sprintf("unknown key %q%s", key.Value, where), Hint: hint})
	return meant
}

func (d *decoder) objectHint(o *object) string {
	if o.short[0] != "" {
		return "write one on each line, as in - origin: string"
	}
	return ""
}

// cutAtComma reports whether a flow mapping has taken "a(b,c)" for the value "a(b" and the key "c)".
// A key without a value after a secret is taken for a part of it, and so not shown.
func (o *object) cutAtComma(n *yaml.Node, p, next pair, kind *variant) bool {
	if !rest(n, next.value) || p.value.Kind != yaml.ScalarNode || p.value.Style != 0 {
		return false
	}
	if f := o.field(p.key.Value, kind); f != nil && f.look().secret {
		return true
	}
	open := strings.Count(p.value.Value, "(") + strings.Count(p.value.Value, "<")
	return open > strings.Count(p.value.Value, ")")+strings.Count(p.value.Value, ">")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
