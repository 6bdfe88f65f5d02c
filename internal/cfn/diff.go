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
// goes. Before may be nil, for a world without the stack.
//
// What follows from a change elsewhere, such as a resource that refers to one that is replaced, is known
// to CloudFormation alone.
func Diff(before, after *Template) (changes []Change) {
	if before == nil {
		before = &Template{}
	}
	for _, r := range after.Resources {
		old := before.Resource(r.ID)
		switch {
		case old == nil:
			changes = append(changes, Change{Action: Create, ID: r.ID, Type: r.Type})
		case old.Type != r.Type:
			changes = append(changes, Change{Replace, r.ID, r.Type, []string{fmt.Sprintf("type: %s -> %s", old.Type, r.Type)}})
		default:
			d := &differ{}
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
	if reflect.DeepEqual(before, after) {
		return
	}
	b, isMap := before.(Map)
	a, stillMap := after.(Map)
	if s.kind == object && isMap && stillMap && !function(b) && !function(a) {
		d.object(path, b, a, s, replaces)
		return
	}
	bs, isList := before.([]any)
	as, stillList := after.([]any)
	if s.kind == list && isList && stillList && len(bs) == len(as) {
		for i := range as {
			d.value(fmt.Sprintf("%s[%d]", path, i), bs[i], as[i], s.elem, replaces)
		}
		return
	}
	d.replaces = d.replaces || replaces
	d.why = append(d.why, path+": "+brief(before)+" -> "+brief(after))
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
