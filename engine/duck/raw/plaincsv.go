package raw

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/text"
)

// stagePlain writes the rows of files that are plain CSV, in a quarter of the time that other CSV
// takes. It says false where they are not, which may show at any row: all files are then for
// package text, which knows every form and says what is wrong with a row.
func (r *rawRows) stagePlain(ctx context.Context, d dialect, source text.Source) ([]tablefile.Staged, bool, error) {
	if r.raw.FileColumn+r.raw.TimeColumn != "" || !r.raw.isPlain(source) || slices.ContainsFunc(source.Files, func(f text.File) bool { return slices.Contains(f.Columns, -1) }) {
		return nil, false, nil
	}
	var parts []string
	var tables []*duckdb.Table
	var readers []*text.PlainReader
	columns := &schema.Struct{}
	known := columns.Names()
	groups := groupsOf(source, r.files)
	for i, g := range groups {
		format, ok := d.plain(g, r.raw)
		if !ok {
			return nil, false, nil
		}
		reader := text.NewPlainReader(g.paths, format)
		readers = append(readers, reader)
		t, name := r.table(ctx, reader, g), fmt.Sprintf("petalake_csv_%d", i)
		if err := r.Conn.Register(name, t); err != nil {
			return nil, false, err
		}
		tables, parts = append(tables, t), append(parts, "FROM "+name+"()")
		for _, f := range g.fields {
			if known.Index(f.Name) < 0 {
				columns.Fields = append(columns.Fields, f)
				known.Add(f.Name)
			}
		}
	}
	if len(groups) == 0 {
		return nil, true, nil
	}
	staged, err := r.copyPlain(ctx, "("+strings.Join(parts, " UNION ALL BY NAME ")+")", columns, func() float64 {
		read, all := int64(0), int64(1)
		for i, reader := range readers {
			read, all = read+reader.Read(), all+groups[i].size
		}
		return float64(read) / float64(all)
	})
	for _, reader := range readers {
		reader.Close()
	}
	for _, t := range tables {
		switch cause := t.Err(); {
		case ctx.Err() != nil:
		case errors.Is(cause, text.ErrDeclined):
			return nil, false, nil
		case cause != nil:
			return nil, false, cause
		}
	}
	return staged, true, err
}

// copyPlain is copy where DuckDB does not know how much is done; asking it for that all the time, as it
// does by itself, takes a thirtieth of the time of a load.
func (r *rawRows) copyPlain(ctx context.Context, source string, columns *schema.Struct, fraction func() float64) ([]tablefile.Staged, error) {
	if _, err := r.Conn.Exec(ctx, "SET enable_progress_bar=false"); err != nil {
		return nil, err
	}
	r.Reporter.Fraction = fraction
	staged, err := r.Copy(ctx, source, columns)
	r.Reporter.Fraction = nil
	if _, again := r.Conn.Exec(context.WithoutCancel(ctx), "SET enable_progress_bar=true"); err == nil {
		err = again
	}
	return staged, err
}

// csvGroup is files that have the same columns in the same order.
type csvGroup struct {
	columns []int
	paths   []string
	size    int64 // of the files, in bytes
	fields  []schema.Field
}

// groupsOf are the files that have a record, in groups.
func groupsOf(s text.Source, files []rawFile) (groups []csvGroup) {
	sizes := make(map[string]int64, len(files))
	for _, f := range files {
		sizes[f.path] = f.size
	}
	for _, f := range s.Files {
		if f.Columns == nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g csvGroup) bool { return slices.Equal(g.columns, f.Columns) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, csvGroup{columns: f.Columns})
			for _, at := range f.Columns {
				groups[i].fields = append(groups[i].fields, s.Fields[at])
			}
		}
		groups[i].paths = append(groups[i].paths, f.Path)
		groups[i].size += sizes[f.Path]
	}
	return groups
}

// isPlain says whether files may be plain CSV, as far as that shows before they are read.
func (r Files) isPlain(s text.Source) bool {
	o := s.Options
	return !s.Foreign && len(o.Null) == 0 && o.Zone == nil && o.Date == nil && o.Timestamp == nil && o.Decimal == 0 && o.Grouped == 0 && s.CSV.Comment == 0
}

// plain is how the plain reader reads a group of files, if it can.
func (d dialect) plain(g csvGroup, raw Files) (text.PlainFormat, bool) {
	f := text.PlainFormat{Header: d.header}
	if len(d.delimiter) != 1 || len(d.quote) > 1 || d.escape != d.quote || d.skip > 0 {
		return f, false
	}
	f.Delimiter = d.delimiter[0]
	if d.quote != "" {
		f.Quote = d.quote[0]
	}
	// Signs that begin or end a value, or a line, are for others.
	if strings.IndexByte("0123456789+-.eE\r\n\x00", f.Delimiter) >= 0 || strings.IndexByte("0123456789+-.eE\r\n", f.Quote) >= 0 || f.Delimiter == f.Quote {
		return f, false
	}
	declared := raw.declares()
	for _, field := range g.fields {
		c, ok := plainColumn(field.Type)
		if !ok || raw.Layouts[field.Name] != "" {
			return f, false
		}
		c.Canonical = c.Kind != text.Text && c.Kind != text.Date && c.Kind != text.Timestamp && c.Kind != text.Bool && declared.Index(field.Name) < 0
		f.Columns = append(f.Columns, c)
	}
	return f, true
}

// plainKinds are how the plain reader reads the types of columns.
var plainKinds = map[schema.Primitive]text.Kind{
	schema.Boolean: text.Bool, schema.Byte: text.Int8, schema.Short: text.Int16, schema.Integer: text.Int32, schema.Long: text.Int64,
	schema.Float: text.Float32, schema.Double: text.Float64, schema.Date: text.Date, schema.Timestamp: text.Timestamp, schema.TimestampNTZ: text.Timestamp,
	schema.String: text.Text,
}

func plainColumn(t schema.Type) (text.PlainColumn, bool) {
	switch t := t.(type) {
	case schema.Primitive:
		kind, ok := plainKinds[t]
		return text.PlainColumn{Kind: kind}, ok
	case schema.Decimal:
		c := text.PlainColumn{Kind: text.Decimal64, Width: int(t.Precision), Scale: int(t.Scale)}
		if c.Width <= 9 {
			c.Kind = text.Decimal32
		}
		if c.Width <= 4 {
			c.Kind = text.Decimal16
		}
		return c, c.Width <= 18
	}
	return text.PlainColumn{}, false
}

// table is a group of files as DuckDB reads it.
func (r *rawRows) table(ctx context.Context, reader *text.PlainReader, g csvGroup) *duckdb.Table {
	t := &duckdb.Table{Rows: uint64(g.size / 100), Threads: 64}
	for _, f := range g.fields {
		name, _ := tablefile.QueryType(f.Type) // plain saw that it can be read
		t.Columns = append(t.Columns, duckdb.TableColumn{Name: f.Name, Type: name})
	}
	t.Thread = func() duckdb.Filler {
		return &plainFiller{ctx: ctx, thread: reader.Thread(), out: make([]text.Vector, len(g.fields))}
	}
	return t
}

// plainFiller hands DuckDB's vectors to a thread of the plain reader.
type plainFiller struct {
	ctx    context.Context
	thread *text.PlainThread
	out    []text.Vector
}

func (f *plainFiller) Fill(out []duckdb.Vector, most int) (int, error) {
	for i := range out {
		f.out[i] = text.Vector{Data: out[i].Data, Null: out[i].Null}
	}
	return f.thread.Fill(f.ctx, f.out, most)
}

func (f *plainFiller) Close() { f.thread.Close() }
