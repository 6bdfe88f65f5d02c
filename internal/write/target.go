package write

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/raw"
)

// target is what a table is to be after a load.
type target struct {
	base     *delta.Snapshot // the load is prepared for; nil: there is no table
	metadata delta.Metadata
	wider    *delta.Metadata // with types that hold all values of text files, should the former not do
}

// target decides on the table's columns: those it has, or else those that lakehouse.yaml declares,
// or else those of the raw files; with new ones as far as the table may evolve.
func (l *load) target(ctx context.Context, snapshot *delta.Snapshot) (target, error) {
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
	found, raw, err := l.writer.Loader.Inspect(ctx, l.Raw)
	if err != nil {
		return t, err
	}
	l.Raw = raw
	if err := namedByText(found); err != nil {
		return t, err
	}
	if t.metadata.Schema == nil {
		t.metadata.Schema = found
		return t, nil
	}
	return t, l.conform(&t, found)
}

// namedByText refuses columns whose names are no text: those of a file that is not what it is called.
func namedByText(found *schema.Struct) error {
	for _, f := range found.Fields {
		if !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) }) {
			return errors.New("the names of its columns are not text in UTF-8: another encoding, or no such file at all")
		}
	}
	return nil
}

// conform fits the columns of raw files into the table's. Text says nothing of its types: it is read
// as the table's types, and only where that fails, and the table may, as the wider ones.
func (l *load) conform(t *target, found *schema.Struct) error {
	evolve := mode(l.Evolve)
	if l.Raw.Format == raw.FormatParquet {
		plan, err := schema.Conform(t.metadata.Schema, found, evolve)
		if err == nil {
			t.metadata.Schema = plan.Schema
		}
		return err
	}
	plan, err := schema.Conform(t.metadata.Schema, like(found, t.metadata.Schema), schema.Mode{AddColumns: evolve.AddColumns})
	if err != nil {
		return err
	}
	if wide, err := schema.Conform(t.metadata.Schema, found, evolve); err == nil && wide.Widened {
		wider := t.metadata
		wider.Schema = wide.Schema
		t.wider = &wider
	}
	t.metadata.Schema = plan.Schema
	return nil
}

// like gives columns of text the types that the table has for them.
func like(found, table *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(found.Fields)}
	for i, f := range out.Fields {
		if at := table.Index(f.Name); at >= 0 {
			out.Fields[i].Type = table.Fields[at].Type
		}
	}
	return out
}
