package spec

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// textual is a Go type whose values are written as one text.
type textual interface {
	parse(text string) error // a *fault
	shape() shape
}

// shape says how a textual type looks to a person and to an editor.
type shape struct {
	says     string
	pattern  string
	examples []string
	secret   bool
}

// object is a Go struct as the file sees it.
type object struct {
	typ    reflect.Type
	name   *field // where the name of the element goes; nil where it has none
	fields []field
	kinds  []variant // of a union
	short  [2]string // the fields that `a: b` sets, where the struct has a short form
}

// variant is one kind of a union: fields beside those that all kinds have.
type variant struct {
	kind   string
	index  int // of the pointer in the union's struct
	fields []field
}

// field is one key of the file, as the tags of a Go struct field describe it:
//
//	key       the key; ",name" for the field that takes the name of the element
//	doc       what it means, in one line
//	required  it has no default
//	default   its value where it is not written
//	enum      the values it may have
//	pattern   what its value looks like, as a regular expression, and for a person (says)
//	minimum   its least value
//	each      what the values of a mapping are
//	loose     a number is taken as the text it was written as
//	instead   what people write by mistake
//	inline    the field is set where the key kind has this value
type field struct {
	key      string
	index    int
	form     form
	typ      reflect.Type // without the pointer, of an element where it is a list
	pointer  bool
	required bool
	loose    bool
	minimum  *int
	pattern  *regexp.Regexp
	enum     []string
	instead  []string

	doc, def, says, each string
}

// form is the form of a value in the file.
type form int

const (
	formText   form = iota // a text
	formParsed             // a text of a textual type
	formBool
	formInt
	formTexts  // a list of texts or parsed texts, or just one
	formMap    // texts by name
	formObject // keys
	formNamed  // objects by name
	formList   // a list of objects
)

var textualType = reflect.TypeFor[textual]()

// shapes remembers the objects of struct types.
type shapes map[reflect.Type]*object

func (s shapes) of(t reflect.Type) *object {
	if o := s[t]; o != nil {
		return o
	}
	o := &object{typ: t}
	o.fields = fieldsOf(t)
	for i := range t.NumField() {
		f := t.Field(i)
		if kind := f.Tag.Get("inline"); kind != "" {
			o.kinds = append(o.kinds, variant{kind, i, fieldsOf(f.Type.Elem())})
		}
		if f.Tag.Get("key") == ",name" {
			name := fieldOf(f, i)
			o.name = &name
		}
	}
	if s, ok := reflect.New(t).Interface().(interface{ short() (key, value string) }); ok {
		o.short[0], o.short[1] = s.short()
	}
	s[t] = o
	return o
}

func fieldsOf(t reflect.Type) (fields []field) {
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("key"); key != "" && key != ",name" {
			fields = append(fields, fieldOf(t.Field(i), i))
		}
	}
	return fields
}

func fieldOf(sf reflect.StructField, index int) field {
	tag := sf.Tag
	f := field{
		key: tag.Get("key"), index: index, doc: tag.Get("doc"), def: tag.Get("default"),
		says: tag.Get("says"), each: tag.Get("each"), required: tag.Get("required") == "true",
		loose: tag.Get("loose") == "true",
		enum:  split(tag.Get("enum")), instead: split(tag.Get("instead")),
	}
	if p := tag.Get("pattern"); p != "" {
		f.pattern = regexp.MustCompile(p)
	}
	if n, err := strconv.Atoi(tag.Get("minimum")); err == nil {
		f.minimum = &n
	}
	f.form, f.typ, f.pointer = formOf(sf.Type)
	return f
}

// formOf returns the form of a Go type, the type that holds one value of it, and whether a pointer
// to that is what the field has.
func formOf(t reflect.Type) (form, reflect.Type, bool) {
	if reflect.PointerTo(t).Implements(textualType) {
		return formParsed, t, false
	}
	switch t.Kind() {
	case reflect.Pointer:
		f, e, _ := formOf(t.Elem())
		return f, e, true
	case reflect.Bool:
		return formBool, t, false
	case reflect.Int:
		return formInt, t, false
	case reflect.Map:
		return formMap, t, false
	case reflect.Struct:
		return formObject, t, false
	case reflect.Slice:
		f, e, _ := formOf(t.Elem())
		if f != formObject {
			return formTexts, e, false
		}
		for i := range e.NumField() {
			if e.Field(i).Tag.Get("key") == ",name" {
				return formNamed, e, false
			}
		}
		return formList, e, false
	}
	return formText, t, false
}

// look is how one value of the field is written, where its Go type says so.
func (f *field) look() shape {
	if t, ok := reflect.New(f.typ).Interface().(textual); ok {
		return t.shape()
	}
	return shape{says: "text"}
}

// field returns the field of a key, with the fields of one kind of a union included.
func (o *object) field(key string, v *variant) *field {
	for i := range o.fields {
		if o.fields[i].key == key {
			return &o.fields[i]
		}
	}
	if v != nil {
		for i := range v.fields {
			if v.fields[i].key == key {
				return &v.fields[i]
			}
		}
	}
	return nil
}

// variant returns the kind of a union, or nil.
func (o *object) variant(kind string) *variant {
	for i := range o.kinds {
		if o.kinds[i].kind == kind {
			return &o.kinds[i]
		}
	}
	return nil
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
