package write

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

// PreviewColumn is a column of a table as a load would leave it.
type PreviewColumn struct {
	Name  string
	Type  schema.Type
	From  string // table, lakehouse.yaml, or files: who says the type
	Found string // the type that the files alone would give; "" where they have no such column
	Why   string // what decided that, in a few words; "" where the type says it all
}

// Preview says what columns a table would have after a load by hand, from all rows of the files, and changes nothing.
func (w *Writer) Preview(ctx context.Context, o Load) ([]PreviewColumn, error) {
	l, err := w.byHand(ctx, o, nil)
	if err != nil {
		return nil, err
	}
	defer l.done()
	if err := l.setFormat(spec.Format(o.Format), l.Raw.CSV); err != nil {
		return nil, err
	}
	snapshot, err := l.table.Snapshot(ctx, delta.When{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	t, err := l.target(ctx, snapshot, true)
	if err != nil {
		return nil, failure("", o.Table.String(), about(l.Files, err))
	}
	var before *schema.Struct
	if snapshot != nil {
		before = snapshot.Metadata().Schema
	}
	var out []PreviewColumn
	for _, f := range t.metadata.Schema.Fields {
		c := PreviewColumn{Name: f.Name, Type: f.Type, From: "files"}
		switch {
		case before != nil && before.Index(f.Name) >= 0:
			c.From = "table"
		case slices.ContainsFunc(l.Raw.Declared, func(n string) bool { return schema.SameName(n, f.Name) }):
			c.From = "lakehouse.yaml"
		}
		if at := l.inspected.Schema.Index(f.Name); at >= 0 {
			c.Found = l.inspected.Schema.Fields[at].Type.String()
			if at < len(l.inspected.Why) {
				c.Why = l.inspected.Why[at]
			}
		}
		out = append(out, c)
	}
	return out, nil
}
