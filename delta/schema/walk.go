package schema

import (
	"iter"
	"strings"
)

// Equal says whether two types are the same: names with their case, order, nullability. Metadata
// does not count.
func Equal(a, b Type) bool {
	switch a := a.(type) {
	case *Struct:
		b, ok := b.(*Struct)
		if !ok || len(a.Fields) != len(b.Fields) {
			return false
		}
		for i, f := range a.Fields {
			g := b.Fields[i]
			if f.Name != g.Name || f.Nullable != g.Nullable || !Equal(f.Type, g.Type) {
				return false
			}
		}
		return true
	case *Array:
		b, ok := b.(*Array)
		return ok && a.ContainsNull == b.ContainsNull && Equal(a.Element, b.Element)
	case *Map:
		b, ok := b.(*Map)
		return ok && a.ValueContainsNull == b.ValueContainsNull && Equal(a.Key, b.Key) && Equal(a.Value, b.Value)
	}
	return a == b
}

// Leaves yields the leaf columns in order, each with its path: fields that are not structs, at the
// top and inside structs. It does not go into arrays and maps. A path may be kept.
func (s *Struct) Leaves() iter.Seq2[Path, Field] {
	return func(yield func(Path, Field) bool) { s.leaves(nil, yield) }
}

func (s *Struct) leaves(parent Path, yield func(Path, Field) bool) bool {
	for _, f := range s.Fields {
		path := append(parent[:len(parent):len(parent)], f.Name)
		if inner, ok := f.Type.(*Struct); ok {
			if !inner.leaves(path, yield) {
				return false
			}
		} else if !yield(path, f) {
			return false
		}
	}
	return true
}

// Index is the position of the field of that name, whatever its case, or -1.
func (s *Struct) Index(name string) int {
	for i, f := range s.Fields {
		if f.Name == name {
			return i
		}
	}
	for i, f := range s.Fields {
		if SameName(f.Name, name) {
			return i
		}
	}
	return -1
}

// Names finds fields as Index does, at a cost that does not grow with their number.
type Names struct {
	exact, folded map[string]int
	n             int
}

// Names are those of the fields.
func (s *Struct) Names() *Names {
	names := &Names{exact: make(map[string]int, len(s.Fields)), folded: make(map[string]int, len(s.Fields))}
	for _, f := range s.Fields {
		names.Add(f.Name)
	}
	return names
}

// Add adds a name behind the others. Of names that are equal the first one is found.
func (x *Names) Add(name string) {
	if _, ok := x.exact[name]; !ok {
		x.exact[name] = x.n
	}
	if key := strings.ToLower(name); !x.has(key) {
		x.folded[key] = x.n
	}
	x.n++
}

func (x *Names) has(key string) bool {
	_, ok := x.folded[key]
	return ok
}

// Index is that of a name, as Struct.Index has it.
func (x *Names) Index(name string) int {
	if i, ok := x.exact[name]; ok {
		return i
	}
	if i, ok := x.folded[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

// SameName says whether two column names are equal as SQL compares them, without case.
func SameName(a, b string) bool {
	//lint:ignore SA6005 EqualFold folds more than SQL does: "ſ" would be "s"
	return a == b || strings.ToLower(a) == strings.ToLower(b)
}

// Lookup finds a field by its path through structs, whatever the case; the path it returns has the
// schema's own case.
func (s *Struct) Lookup(path ...string) (Path, Field, bool) {
	var found Path
	for i, name := range path {
		at := s.Index(name)
		if at < 0 {
			break
		}
		f := s.Fields[at]
		found = append(found, f.Name)
		if i == len(path)-1 {
			return found, f, true
		}
		inner, ok := f.Type.(*Struct)
		if !ok {
			break
		}
		s = inner
	}
	return nil, Field{}, false
}

// Without is the schema less the top-level columns of these names: what a data file of a
// partitioned table holds.
func (s *Struct) Without(columns ...string) *Struct {
	rest := &Struct{}
	for _, f := range s.Fields {
		gone := false
		for _, c := range columns {
			gone = gone || SameName(f.Name, c)
		}
		if !gone {
			rest.Fields = append(rest.Fields, f)
		}
	}
	return rest
}
