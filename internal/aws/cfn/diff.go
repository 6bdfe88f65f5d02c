package cfn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is what an update of a stack does to a resource.
type Change struct {
	Action Action
	ID     string
	Type   string
	// Why lists the properties that differ, each as "path: before -> after"; nil where the resource
	// comes or goes.
	Why []string
}

// Action is what happens to a resource.
type Action string

// The actions.
const (
	Create  Action = "create"
	Modify  Action = "modify"  // in place
	Replace Action = "replace" // a new one takes the place of the old one, which is deleted or retained
	Delete  Action = "delete"
	Forget  Action = "forget" // leaves the stack, and stays
)

// Diff returns what an update from one template to the next does, in the order of the next one, then what
// goes. Before may be nil, for a world without the stack; moved are the parameters that have another value
// than before.
//
// What refers to a resource that is replaced, or to a parameter that has moved, changes with it. A
// resource that AWS replaces for reasons that no property tells is known to CloudFormation alone.
func Diff(before, after *Template, moved map[string]bool) (changes []Change) {
	if before == nil {
		before = &Template{}
	}
	moved = maps.Clone(moved)
	if moved == nil {
		moved = map[string]bool{}
	}
	for {
		changes = compare(before, after, moved)
		n := len(moved)
		for _, c := range changes {
			if c.Action == Replace {
				moved[c.ID] = true
			}
		}
		if len(moved) == n {
			return changes
		}
	}
}

// Moved are the outputs of a template that have another value once the changes are made.
func (t *Template) Moved(changes []Change) map[string]bool {
	replaced, moved := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.Action == Replace {
			replaced[c.ID] = true
		}
	}
	for _, o := range t.Outputs {
		if refers(o.Value, replaced) != "" {
			moved[o.Name] = true
		}
	}
	return moved
}

func compare(before, after *Template, moved map[string]bool) (changes []Change) {
	for _, r := range after.Resources {
		old := before.Resource(r.ID)
		switch {
		case old == nil:
			changes = append(changes, Change{Action: Create, ID: r.ID, Type: r.Type})
		case old.Type != r.Type:
			changes = append(changes, Change{Replace, r.ID, r.Type, []string{fmt.Sprintf("type: %s -> %s", old.Type, r.Type)}})
		default:
			d := &differ{moved: moved}
			if t := types()[r.Type]; t != nil {
				d.object("", plain(old.Properties), plain(r.Properties), t.properties, false)
			}
			d.policies(old, r)
			if len(d.why) > 0 {
				changes = append(changes, Change{d.action(), r.ID, r.Type, d.why})
			}
		}
	}
	for _, old := range before.Resources {
		if after.Resource(old.ID) == nil {
			action := Delete
			if old.Retain {
				action = Forget
			}
			changes = append(changes, Change{Action: action, ID: old.ID, Type: old.Type})
		}
	}
	return changes
}

type differ struct {
	moved    map[string]bool // ids and parameters whose value is another one
	why      []string
	replaces bool
}

func (d *differ) action() Action {
	if d.replaces {
		return Replace
	}
	return Modify
}

// policies notes what stands beside the properties.
func (d *differ) policies(old, r *Resource) {
	if old.Retain != r.Retain {
		d.why = append(d.why, fmt.Sprintf("retained: %t -> %t", old.Retain, r.Retain))
	}
	if !reflect.DeepEqual(plain(old.UpdatePolicy), plain(r.UpdatePolicy)) {
		d.why = append(d.why, "update policy")
	}
}

func (d *differ) object(path string, before, after Map, s *shape, replaces bool) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range sorted(names) {
		p := s.property(name)
		if p == nil {
			p = &property{name: name, shape: &shape{}}
		}
		d.value(dot(path, name), before[name], after[name], p.shape, replaces || p.replaces)
	}
}

func (d *differ) value(path string, before, after any, s *shape, replaces bool) {
	b, isMap := before.(Map)
	a, stillMap := after.(Map)
	bs, isList := before.([]any)
	as, stillList := after.([]any)
	equal := reflect.DeepEqual(before, after)
	switch {
	case isMap && stillMap && !function(b) && !function(a):
		d.object(path, b, a, s.inner(), replaces)
	case isList && stillList && len(bs) == len(as):
		for i := range as {
			d.value(fmt.Sprintf("%s[%d]", path, i), bs[i], as[i], s.element(), replaces)
		}
	case equal && function(a):
		if id := refers(a, d.moved); id != "" {
			d.follow(path, id, replaces)
		}
	case equal:
	case isList && stillList:
		d.note(path+": "+moves(bs, as), replaces)
	default:
		d.note(path+": "+brief(before)+" -> "+brief(after), replaces)
	}
}

// follow notes that a value refers to something that is another one, at the first place for each.
func (d *differ) follow(path, id string, replaces bool) {
	why := ": " + id + " is another one"
	d.replaces = d.replaces || replaces
	if !slices.ContainsFunc(d.why, func(w string) bool { return strings.HasSuffix(w, why) }) {
		d.why = append(d.why, path+why)
	}
}

func (d *differ) note(why string, replaces bool) {
	d.replaces = d.replaces || replaces
	d.why = append(d.why, why)
}

// inner is the shape of an object, or one that knows of no property.
func (s *shape) inner() *shape {
	if s.kind == object {
		return s
	}
	return &shape{}
}

func (s *shape) element() *shape {
	if s.elem != nil {
		return s.elem
	}
	return &shape{}
}

// refers returns the first of some names that a value refers to, or "".
func refers(v any, names map[string]bool) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if id := refers(item, names); id != "" {
				return id
			}
		}
	case Map:
		for _, k := range sorted(v) {
			for _, id := range referents(k, v[k]) {
				if names[id] {
					return id
				}
			}
			if id := refers(v[k], names); id != "" {
				return id
			}
		}
	}
	return ""
}

// referents are the ids that a function names.
func referents(function string, argument any) (ids []string) {
	if l, ok := argument.([]any); ok && len(l) > 0 {
		argument = l[0] // of GetAtt, and of Sub with names of its own
	}
	text, _ := argument.(string)
	switch function {
	case "Ref", "Fn::GetAtt":
		return []string{text}
	case "Fn::Sub":
		for _, m := range substitution.FindAllStringSubmatch(text, -1) {
			id, _, _ := strings.Cut(m[1], ".")
			ids = append(ids, id)
		}
	}
	return ids
}

// moves says which elements of a list come and go, the first few.
func moves(before, after []any) string {
	var words []string
	for _, side := range []struct {
		sign      string
		from, not []any
	}{{"+", after, before}, {"-", before, after}} {
		for _, v := range side.from {
			if !slices.ContainsFunc(side.not, func(o any) bool { return reflect.DeepEqual(o, v) }) {
				words = append(words, side.sign+brief(v))
			}
		}
	}
	if len(words) == 0 {
		return "other repetitions"
	}
	if len(words) > 4 {
		return strings.Join(words[:3], ", ") + fmt.Sprintf(" and %d more", len(words)-3)
	}
	return strings.Join(words, ", ")
}

func brief(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		if len(v) <= 60 && !strings.Contains(v, "\n") {
			return v
		}
		return "a text"
	case Map:
		if name, ok := named(v); ok && len(name) > 120 {
			return "a text"
		} else if ok {
			return name
		}
		if !function(v) {
			return "{...}"
		}
	case []any:
		if len(v) > 3 {
			return fmt.Sprintf("a list of %d", len(v))
		}
	}
	return show(v)
}

// plain is a value as JSON reads it back, so that two of them can be compared.
func plain(m Map) Map {
	t := &Template{}
	t.Add("X", "X", m)
	data, err := t.JSON()
	if err != nil {
		return m
	}
	again, err := Parse(data)
	if err != nil {
		return m
	}
	return again.Resources[0].Properties
}

func sorted(m Map) []string { return slices.Sorted(maps.Keys(m)) }
