package raw

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// Pick says which columns of files are loaded, and under which names. The zero value takes all as they are.
type Pick struct {
	Names map[string]string // of columns in files, by their names in the table
	Rest  bool              // the others are taken too, as they are
}

// all says whether all columns are taken as they are.
func (p Pick) all() bool { return len(p.Names) == 0 }

// table is the name in the table of a column of a file; false where it is not taken.
func (p Pick) table(file string) (string, bool) {
	for table, name := range p.Names {
		if schema.SameName(name, file) {
			return table, true
		}
	}
	return file, p.Rest || p.all()
}

// file is the name in files of a column of the table.
func (p Pick) file(table string) string {
	for name, file := range p.Names {
		if schema.SameName(name, table) {
			return file
		}
	}
	return table
}

// PickError says that no file has a column that is to be loaded.
type PickError struct{ Table, File string }

// Error implements error.
func (e *PickError) Error() string {
	return fmt.Sprintf("column %s: no file has a column %q", e.Table, e.File)
}

// Hint says what to do.
func (e *PickError) Hint() string {
	return "correct columns: it has the names in the files behind those of the table"
}

// renamed gives the columns that were found in files their names in the table, and leaves out those that are not taken.
func (p Pick) renamed(found Inspection) (Inspection, error) {
	if p.all() {
		return found, nil
	}
	out := Inspection{Schema: &schema.Struct{}, Whole: found.Whole, Unclear: map[string]error{}}
	for i, f := range found.Schema.Fields {
		name, ok := p.table(f.Name)
		if !ok {
			continue
		}
		if err := found.Unclear[f.Name]; err != nil {
			out.Unclear[name] = err
		}
		f.Name = name
		out.Schema.Fields = append(out.Schema.Fields, f)
		if i < len(found.Why) {
			out.Why = append(out.Why, found.Why[i])
		}
	}
	return out, p.missing(out.Schema)
}

// missing is the error of a column that no file has.
func (p Pick) missing(found *schema.Struct) error {
	for _, table := range slices.Sorted(maps.Keys(p.Names)) {
		if found.Index(table) < 0 {
			return &PickError{table, p.Names[table]}
		}
	}
	return nil
}

// sql is the SQL of a source with the columns that are taken, and with others that it has beside, and what they are.
func (p Pick) sql(source string, described *arrow.Schema, beside ...string) (string, *arrow.Schema) {
	if p.all() {
		return source, described
	}
	var columns []string
	var fields []arrow.Field
	for _, f := range described.Fields() {
		if name, ok := p.table(f.Name); ok {
			columns = append(columns, duckdb.QuoteIdent(f.Name)+" AS "+duckdb.QuoteIdent(name))
			f.Name = name
			fields = append(fields, f)
		}
	}
	for _, name := range beside {
		columns = append(columns, duckdb.QuoteIdent(name))
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM " + source + ")", arrow.NewSchema(fields, nil)
}

// keys are the names in files of columns of the table; nil where all are their own.
func (p Pick) keys(fields []schema.Field) (keys []string) {
	if p.all() {
		return nil
	}
	for _, f := range fields {
		keys = append(keys, p.file(f.Name))
	}
	return keys
}

// origin says whether a column is one of those that say where a row comes from.
func (d dialect) origin(name string) bool {
	return d.fileColumn != "" && schema.SameName(name, d.fileColumn) || d.timeColumn != "" && schema.SameName(name, d.timeColumn)
}

// origin is the SQL of files of Parquet, whose column petalake_file is the file, with the columns that say where a row comes from, and
// what they are.
func (r *rawRows) origin(source string, described *arrow.Schema, beside ...string) (string, *arrow.Schema) {
	if r.raw.FileColumn == "" && r.raw.TimeColumn == "" {
		return source, described
	}
	fields := described.Fields()
	var columns []string
	for _, f := range fields {
		columns = append(columns, duckdb.QuoteIdent(f.Name))
	}
	for _, name := range beside {
		columns = append(columns, duckdb.QuoteIdent(name))
	}
	if r.raw.FileColumn != "" {
		var paths, names []string
		for _, f := range r.files {
			paths, names = append(paths, f.path), append(names, cmp.Or(r.raw.Shown[f.path], f.path))
		}
		columns = append(columns, "map("+textList(paths)+", "+textList(names)+")["+duckdb.QuoteIdent(r.Unused("petalake_file"))+"] AS "+duckdb.QuoteIdent(r.raw.FileColumn))
		fields = append(fields, arrow.Field{Name: r.raw.FileColumn, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	if r.raw.TimeColumn != "" {
		columns = append(columns, "make_timestamptz("+strconv.FormatInt(r.Spec.Now.UnixMicro(), 10)+") AS "+duckdb.QuoteIdent(r.raw.TimeColumn))
		fields = append(fields, arrow.Field{Name: r.raw.TimeColumn, Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true})
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM " + source + ")", arrow.NewSchema(fields, nil)
}
