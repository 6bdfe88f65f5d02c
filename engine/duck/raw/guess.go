package raw

import (
	"context"
	"maps"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/text"
)

// guess finds the columns of text from its rows.
func (r Files) guess(ctx context.Context, conn *duckdb.Conn, files []rawFile, whole bool, dir string) (Inspection, Files, error) {
	source, err := r.source(files)
	if err != nil {
		return Inspection{}, r, err
	}
	if r.Format == FormatCSV {
		d, err := r.CSV.sniff(ctx, conn, files, dir)
		if err != nil {
			return Inspection{}, r, err
		}
		d.columns, d.pick = r.Columns, r.Pick
		r.sniffed = &d
		if err := d.describe(&source, files, nil); err != nil {
			return Inspection{}, r, err
		}
	}
	most := 0
	if !whole {
		most = max(sampledRows/len(files), 1000)
	}
	guesses, err := text.Guesses(ctx, source, most)
	if err != nil {
		return Inspection{}, r, damagedText(err)
	}
	found := Inspection{Schema: &schema.Struct{}, Whole: whole, Unclear: map[string]error{}}
	r.Layouts = maps.Clone(r.Layouts)
	for _, g := range guesses {
		t, layout, err := g.Type()
		if err != nil {
			t = schema.String
			if r.Layouts[g.Name] == "" {
				found.Unclear[g.Name] = err
			}
		}
		if layout != nil && r.Layouts[g.Name] == "" {
			if r.Layouts == nil {
				r.Layouts = map[string]string{}
			}
			r.Layouts[g.Name] = layout.String()
		}
		found.Schema.Fields = append(found.Schema.Fields, schema.Field{Name: g.Name, Type: t, Nullable: true})
		found.Why = append(found.Why, g.Why())
	}
	return found, r, nil
}
