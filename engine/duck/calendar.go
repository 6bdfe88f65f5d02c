package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// fileKey tells versions of data files apart.
type fileKey struct {
	path          string
	size, modTime int64
}

// rememberedCalendars bounds the memory of which files are known to have the Gregorian calendar; a file more begins anew.
const rememberedCalendars = 100_000

// calendars finds out in which calendar the view's files keep dates and times, and sets the expressions of columns for which it is not
// the Gregorian one. It reads the footers of files that it has not seen, where such a column is read at all.
func (t *fileTypes) calendars(ctx context.Context, c *duckdb.Conn, v *view) error {
	in := v.input
	if len(in.paths) == 0 || !slices.ContainsFunc(in.fields(), func(f schema.Field) bool { return v.inFile(f) && in.reads(f.Name) && dated(f.Type) }) {
		return nil
	}
	key := func(i int) fileKey { return fileKey{in.paths[i], in.files[i].Size, in.files[i].ModTime} }
	t.mu.Lock()
	unseen := make([]bool, len(in.paths))
	for i := range unseen {
		unseen[i] = !t.gregorian[key(i)]
	}
	t.mu.Unlock()
	found, err := tablefile.ReadCalendars(ctx, in.paths, func(i int) (string, bool) { return in.files[i].Path, unseen[i] })
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range in.paths {
		if !unseen[i] || found.Hybrid(i) {
			continue
		}
		if t.gregorian == nil || len(t.gregorian) >= rememberedCalendars {
			t.gregorian = map[fileKey]bool{}
		}
		t.gregorian[key(i)] = true
	}
	if !found.Any() {
		return nil
	}
	v.rebased = make([]string, len(in.fields()))
	for i, f := range in.fields() {
		if !v.inFile(f) {
			continue
		}
		name := duckdb.QuoteIdent(f.Name)
		sql, changed, err := found.Rebase(name, f.Name, f.Type, v.calendarVariable())
		if err != nil {
			return err
		}
		if changed {
			v.rebased[i] = sql + " AS " + name
		}
	}
	return c.SetVariable(ctx, v.calendarVariable(), found.Files())
}

func (v *view) calendarVariable() string { return fmt.Sprintf("petalake_calendar_%d", v.number) }

// reads says whether a statement may touch a column.
func (in *input) reads(column string) bool {
	return in.all || slices.ContainsFunc(in.columns, func(c string) bool { return strings.EqualFold(c, column) })
}

// dated says whether values of a type hold dates or times that a calendar is needed for.
func dated(t schema.Type) bool {
	switch t := t.(type) {
	case *schema.Struct:
		return slices.ContainsFunc(t.Fields, func(f schema.Field) bool { return dated(f.Type) })
	case *schema.Array:
		return dated(t.Element)
	case *schema.Map:
		return dated(t.Key) || dated(t.Value)
	}
	return t == schema.Date || t == schema.Timestamp || t == schema.TimestampNTZ
}
