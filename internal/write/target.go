package write

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/spec"
)

// target is what a table is to be after a load.
type target struct {
	base     *delta.Snapshot // the load is prepared for; nil: there is no table
	metadata delta.Metadata
	wider    *delta.Metadata // with types that hold all values of text files, should the former not do
	whole    bool            // it follows from all rows of the files, not from a sample
}

// alike says whether the rows of two targets are the same.
func (t target) alike(o target) bool {
	text := func(m *delta.Metadata) string {
		if m == nil {
			return ""
		}
		return string(m.Schema.JSON())
	}
	return text(&t.metadata) == text(&o.metadata) && text(t.wider) == text(o.wider)
}

// target decides on the table's columns: those it has, or else those that lakehouse.yaml declares,
// or else those of the raw files; with new ones as far as the table may evolve.
//
// They follow from a sample of the rows, or from all of them.
func (l *load) target(ctx context.Context, snapshot *delta.Snapshot, whole bool) (target, error) {
	t := target{base: snapshot}
	if snapshot != nil {
		t.metadata = snapshot.Metadata()
		if l.decl != nil {
			if err := declare(&t.metadata, l.decl, l.Evolve, l.Replace); err != nil {
				return t, err
			}
		}
	} else {
		err := l.writer.Env.Catalog.Vacant(ctx, l.Table)
		if err == nil {
			t.metadata, err = newDescription(l.decl)
		}
		if err != nil {
			return t, err
		}
	}
	l.Raw.Layouts = layouts(t.metadata.Schema)
	inspected, files, err := l.writer.Loader.Inspect(ctx, l.Raw, whole)
	if err != nil {
		return t, err
	}
	found := inspected.Schema
	l.Raw, l.inspected, t.whole = files, inspected, inspected.Whole
	if err := namedByText(found); err != nil {
		return t, err
	}
	if unclear := l.unclear(t.metadata.Schema, inspected); unclear != nil && whole {
		return t, unclear
	} else if unclear != nil {
		return l.target(ctx, snapshot, true)
	}
	if t.metadata.Schema == nil {
		t.metadata.Schema = found
	} else if err := l.conform(&t, found); err != nil {
		return t, err
	}
	var before *schema.Struct
	if snapshot != nil {
		before = snapshot.Schema()
	}
	if err := CheckNames(before, t.metadata.Schema, renameInFiles); err != nil {
		return t, err
	}
	t.metadata.Schema = &schema.Struct{Fields: slices.Clone(t.metadata.Schema.Fields)}
	for name, kind := range map[string]schema.Type{l.Raw.FileColumn: schema.String, l.Raw.TimeColumn: schema.Timestamp} {
		if at := t.metadata.Schema.Index(name); name != "" && at >= 0 && t.metadata.Schema.Fields[at].Type != kind {
			return t, &schema.MismatchError{Column: schema.Path{name}, Want: t.metadata.Schema.Fields[at].Type, Got: kind}
		}
	}
	for _, f := range []schema.Field{{Name: l.Raw.FileColumn, Type: schema.String, Nullable: true}, {Name: l.Raw.TimeColumn, Type: schema.Timestamp, Nullable: true}} {
		if f.Name != "" && t.metadata.Schema.Index(f.Name) < 0 {
			t.metadata.Schema.Fields = append(t.metadata.Schema.Fields, f)
		}
	}
	if l.Raw.Rescue != "" && t.metadata.Schema.Index(l.Raw.Rescue) < 0 {
		t.metadata.Schema.Fields = append(t.metadata.Schema.Fields, schema.Field{Name: l.Raw.Rescue, Type: schema.String, Nullable: true})
	}
	l.Raw.Layouts = keepLayouts(t.metadata.Schema, l.Raw.Layouts)
	return t, nil
}

// unclear is the error of a column of dates or times that files have in a form which can be read in two ways; a column of
// another type takes the texts as they are.
func (l *load) unclear(table *schema.Struct, inspected raw.Inspection) error {
	for _, f := range inspected.Schema.Fields {
		err := inspected.Unclear[f.Name]
		if err == nil {
			continue
		}
		if table == nil || table.Index(f.Name) < 0 || isTime(table.Fields[table.Index(f.Name)].Type) {
			return err
		}
	}
	return nil
}

func isTime(t schema.Type) bool {
	return t == schema.Date || t == schema.Timestamp || t == schema.TimestampNTZ
}

// layoutKey is the key of a column's metadata that keeps how its dates or times were written in the files that were loaded
// first, where that is not ISO 8601: 02/03/2024 is the same day in all files of a table.
const layoutKey = "petalake.layout"

// layouts are the forms of dates and times that a table keeps.
func layouts(s *schema.Struct) map[string]string {
	kept := map[string]string{}
	if s == nil {
		return kept
	}
	for _, f := range s.Fields {
		if layout, ok := f.Metadata[layoutKey].(string); ok {
			kept[f.Name] = layout
		}
	}
	return kept
}

// keepLayouts notes the forms in the columns of a schema, and returns them by the names of
// its columns.
func keepLayouts(s *schema.Struct, found map[string]string) map[string]string {
	kept := map[string]string{}
	for name, layout := range found {
		at := s.Index(name)
		if at < 0 || !isTime(s.Fields[at].Type) {
			continue
		}
		f := &s.Fields[at]
		kept[f.Name] = layout
		if f.Metadata[layoutKey] == layout {
			continue
		}
		f.Metadata = maps.Clone(f.Metadata)
		if f.Metadata == nil {
			f.Metadata = map[string]any{}
		}
		f.Metadata[layoutKey] = layout
	}
	return kept
}

// namedByText refuses columns whose names are no text: those of a file that is not what it is called.
func namedByText(found *schema.Struct) error {
	for _, f := range found.Fields {
		if !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) }) {
			return errNames
		}
	}
	return nil
}

var errNames = errors.New("the names of its columns are not text in UTF-8: another encoding, or no such file at all")

// conform fits the columns of raw files into the table's. Text says nothing of its types: it is read
// as the table's types, and only where that fails, and the table may, as the wider ones.
func (l *load) conform(t *target, found *schema.Struct) error {
	evolve := mode(l.Evolve)
	if l.Raw.Format == raw.FormatParquet {
		plan, err := schema.Conform(t.metadata.Schema, zoned(found, t.metadata.Schema).(*schema.Struct), evolve)
		if err == nil {
			t.metadata.Schema = plan.Schema
		}
		return err
	}
	offered := like(found, t.metadata.Schema)
	byRow := l.Raw.Format == raw.FormatJSON && l.OnError != spec.Reject || l.Raw.Rescue != ""
	if byRow { // each row tells its fields: those of the rows alone are bad
		offered = complete(offered, t.metadata.Schema)
		if !evolve.AddColumns {
			offered = known(offered, t.metadata.Schema).(*schema.Struct)
		}
	}
	plan, err := schema.Conform(t.metadata.Schema, offered, schema.Mode{AddColumns: evolve.AddColumns})
	if err != nil {
		return err
	}
	if wide := widened(t.metadata.Schema, found, evolve); wide != nil {
		wider := t.metadata
		wider.Schema = wide
		t.wider = &wider
	}
	t.metadata.Schema = plan.Schema
	return nil
}

// widened is the table's schema with the columns wider that text files have wider and that may become so; nil for none.
func widened(table, found *schema.Struct, evolve schema.Mode) *schema.Struct {
	offered := like(found, table)
	for i, f := range found.Fields {
		one := &schema.Struct{Fields: []schema.Field{f}}
		if at := table.Index(f.Name); at >= 0 {
			if _, err := schema.Conform(&schema.Struct{Fields: []schema.Field{table.Fields[at]}}, one, evolve); err == nil {
				offered.Fields[i].Type = f.Type
			}
		}
	}
	plan, err := schema.Conform(table, offered, evolve)
	if err != nil || !plan.Widened {
		return nil
	}
	return plan.Schema
}

// like gives columns of text the types that the table has for them. Fields that structs of the table have not stay.
func like(found, table *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(found.Fields)}
	for i, f := range out.Fields {
		if at := table.Index(f.Name); at >= 0 {
			out.Fields[i].Type = likeType(f.Type, table.Fields[at].Type)
		}
	}
	return out
}

// complete adds the columns of a table to those that were found.
func complete(found, table *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(found.Fields)}
	for _, f := range table.Fields {
		if out.Index(f.Name) < 0 {
			f.Nullable = true
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// known is a type without the fields of structs that the table has not.
func known(found, table schema.Type) schema.Type {
	switch t := table.(type) {
	case *schema.Struct:
		f, ok := found.(*schema.Struct)
		if !ok {
			return found
		}
		out := &schema.Struct{}
		for _, inner := range f.Fields {
			if at := t.Index(inner.Name); at >= 0 {
				inner.Type = known(inner.Type, t.Fields[at].Type)
				out.Fields = append(out.Fields, inner)
			}
		}
		return out
	case *schema.Array:
		if f, ok := found.(*schema.Array); ok {
			return &schema.Array{Element: known(f.Element, t.Element), ContainsNull: f.ContainsNull}
		}
	}
	return found
}

// zoned gives times without a zone the type timestamp where the table has it: it took them for UTC from its first file on.
func zoned(found, table schema.Type) schema.Type {
	switch t := table.(type) {
	case schema.Primitive:
		if t == schema.Timestamp && found == schema.TimestampNTZ {
			return t
		}
	case *schema.Struct:
		if f, ok := found.(*schema.Struct); ok {
			out := &schema.Struct{Fields: slices.Clone(f.Fields)}
			for i, inner := range out.Fields {
				if at := t.Index(inner.Name); at >= 0 {
					out.Fields[i].Type = zoned(inner.Type, t.Fields[at].Type)
				}
			}
			return out
		}
	case *schema.Array:
		if f, ok := found.(*schema.Array); ok {
			return &schema.Array{Element: zoned(f.Element, t.Element), ContainsNull: f.ContainsNull}
		}
	case *schema.Map:
		if f, ok := found.(*schema.Map); ok {
			return &schema.Map{Key: zoned(f.Key, t.Key), Value: zoned(f.Value, t.Value), ValueContainsNull: f.ValueContainsNull}
		}
	}
	return found
}

func likeType(found, table schema.Type) schema.Type {
	switch t := table.(type) {
	case *schema.Struct:
		f, ok := found.(*schema.Struct)
		if !ok {
			return table
		}
		out := &schema.Struct{Fields: slices.Clone(t.Fields)}
		for i, inner := range out.Fields {
			if at := f.Index(inner.Name); at >= 0 {
				out.Fields[i].Type = likeType(f.Fields[at].Type, inner.Type)
			}
		}
		for _, inner := range f.Fields {
			if t.Index(inner.Name) < 0 {
				out.Fields = append(out.Fields, inner)
			}
		}
		return out
	case *schema.Array:
		if f, ok := found.(*schema.Array); ok {
			return &schema.Array{Element: likeType(f.Element, t.Element), ContainsNull: t.ContainsNull}
		}
	}
	return table
}
