package spec

import (
	"fmt"
	"reflect"
	"strings"
)

// Lookup finds an environment variable, as os.LookupEnv does.
type Lookup = func(name string) (value string, ok bool)

// Resolve returns the environment with its references replaced by the variables they name. What
// is missing or wrong then is Errors, all of it at once.
func (e *Environment) Resolve(lookup Lookup) (*Environment, error) {
	if e.resolved {
		return e, nil
	}
	out := *e
	out.resolved = true
	r := resolver{lookup: lookup, shapes: shapes{}}
	at := "environments." + e.Name
	r.fields(reflect.ValueOf(&out).Elem(), at, &out.Element)
	if len(r.found) == 0 {
		out.problems(func(pos Pos, key string, f *fault) {
			r.add(Problem{Pos: pos, Path: at + "." + key, Message: at + "." + key + ": " + f.message, Hint: f.hint})
		})
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	out.Spark.deployed(&out, lookup)
	return &out, nil
}

// Resolve returns the source with its references replaced by the variables they name.
func (s *Source) Resolve(lookup Lookup) (*Source, error) {
	if s.resolved {
		return s, nil
	}
	out := *s
	out.resolved = true
	r := resolver{lookup: lookup, shapes: shapes{}}
	r.fields(reflect.ValueOf(&out).Elem(), "sources."+s.Name, &out.Element)
	if err := r.err(); err != nil {
		return nil, err
	}
	return &out, nil
}

// resolver replaces references in a struct that was copied, and copies what it points to.
type resolver struct {
	problems
	lookup Lookup
	shapes shapes
}

func (r *resolver) fields(v reflect.Value, path string, el *Element) {
	o := r.shapes.of(v.Type())
	r.each(o.fields, v, path, el)
	for _, k := range o.kinds {
		if member := v.Field(k.index); !member.IsNil() {
			fresh := reflect.New(member.Type().Elem())
			fresh.Elem().Set(member.Elem())
			member.Set(fresh)
			r.each(k.fields, fresh.Elem(), path, el)
		}
	}
}

func (r *resolver) each(fields []field, v reflect.Value, path string, el *Element) {
	for i := range fields {
		f := &fields[i]
		value := v.Field(f.index)
		switch {
		case f.form == formObject:
			inner := el
			if holder, ok := value.Addr().Interface().(interface{ element() *Element }); ok {
				inner = holder.element()
			}
			r.fields(value, join(path, f.key), inner)
		case f.form == formNamed:
			list := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
			for k := range value.Len() {
				one := reflect.New(f.typ)
				one.Elem().Set(value.Index(k).Elem())
				list.Index(k).Set(one)
				name := one.Elem().Field(r.shapes.of(f.typ).name.index).String()
				r.fields(one.Elem(), join(path, f.key)+"."+name, one.Interface().(interface{ element() *Element }).element())
			}
			value.Set(list)
		case f.form == formTexts:
			list := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
			reflect.Copy(list, value)
			for k := range value.Len() {
				at := fmt.Sprintf("%s[%d]", f.key, k)
				r.text(list.Index(k), el.At(at), join(path, at))
			}
			value.Set(list)
		default:
			r.text(value, el.At(f.key), join(path, f.key))
		}
	}
}

// text resolves one Text or Secret; other values have no references.
func (r *resolver) text(v reflect.Value, pos Pos, path string) {
	switch t := v.Addr().Interface().(type) {
	case *Text:
		*t = Text(r.expand(string(*t), pos, path))
	case *Secret:
		if !t.IsZero() {
			*t = NewSecret(r.expand(t.Reveal(), pos, path))
		}
	}
}

func (r *resolver) expand(text string, pos Pos, path string) string {
	pieces, err := references(text)
	if err != nil {
		r.add(Problem{Pos: pos, Path: path, Message: path + ": " + err.Error()})
		return ""
	}
	var out strings.Builder
	for _, p := range pieces {
		out.WriteString(p.words)
		if p.variable == "" {
			continue
		}
		value, ok := r.lookup(p.variable)
		if !ok {
			r.add(Problem{
				Pos: pos, Path: path, Message: fmt.Sprintf("%s: the environment variable %s is not set", path, p.variable),
				Hint: fmt.Sprintf("export %s=...", p.variable),
			})
		}
		out.WriteString(value)
	}
	return out.String()
}
