package raw

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/csv"
	"github.com/petalake/petalake/internal/duckdb"
)

// stagePlain writes the rows of files that are plain CSV, read by package csv in half the time that
// DuckDB takes. It says false where they are not, which may show at any row: all files are then for
// read_csv, which knows every form and says what is wrong with a row.
func (r *rawRows) stagePlain(ctx context.Context, d dialect, groups []csvGroup) ([]tablefile.Staged, bool, error) {
	var parts []string
	var tables []*duckdb.Table
	var readers []*csv.Reader
	columns := &schema.Struct{}
	for i, g := range groups {
		fields, err := r.fieldsOf(g)
		if err != nil {
			return nil, false, err
		}
		format, ok := d.plain(g, fields)
		if !ok {
			return nil, false, nil
		}
		reader := csv.NewReader(pathsOf(g.files), format)
		readers = append(readers, reader)
		t, name := r.table(ctx, reader, g, fields), fmt.Sprintf("petalake_csv_%d", i)
		if err := r.Conn.Register(name, t); err != nil {
			return nil, false, err
		}
		tables, parts = append(tables, t), append(parts, "FROM "+name+"()")
		for _, f := range fields {
			if columns.Index(f.Name) < 0 {
				columns.Fields = append(columns.Fields, f)
			}
		}
	}
	staged, err := r.copyPlain(ctx, "("+strings.Join(parts, " UNION ALL BY NAME ")+")", columns, func() float64 {
		read, all := int64(0), int64(1)
		for i, reader := range readers {
			read, all = read+reader.Read(), all+sizeOf(groups[i].files)
		}
		return float64(read) / float64(all)
	})
	for _, reader := range readers {
		reader.Close()
	}
	for _, t := range tables {
		switch cause := t.Err(); {
		case ctx.Err() != nil:
		case errors.Is(cause, csv.ErrDeclined):
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

// fieldsOf are the fields of the table that a group's columns go to.
func (r *rawRows) fieldsOf(g csvGroup) ([]schema.Field, error) {
	fields := make([]schema.Field, len(g.names))
	for i, name := range g.names {
		at := r.Spec.Schema.Index(name)
		if at < 0 {
			return nil, &tablefile.SchemaError{Column: name, File: g.files[0].path}
		}
		fields[i] = r.Spec.Schema.Fields[at]
	}
	return fields, nil
}

// plain is how package csv reads a group of files, if it can.
func (d dialect) plain(g csvGroup, fields []schema.Field) (csv.Format, bool) {
	f := csv.Format{Header: d.header}
	utf8 := d.encoding == "" || strings.EqualFold(d.encoding, "utf-8") || strings.EqualFold(d.encoding, "utf8")
	if len(d.delimiter) != 1 || len(d.quote) > 1 || d.escape != d.quote || d.skip > 0 || d.dateFormat != "" || d.timestampFormat != "" ||
		len(d.null) > 0 || !utf8 || g.files[0].packing != plain {
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
	for _, field := range fields {
		c, ok := plainColumn(field.Type)
		if !ok {
			return f, false
		}
		f.Columns = append(f.Columns, c)
	}
	return f, true
}

// plainKinds are how package csv reads the types of columns.
var plainKinds = map[schema.Primitive]csv.Kind{
	schema.Boolean: csv.Bool, schema.Byte: csv.Int8, schema.Short: csv.Int16, schema.Integer: csv.Int32, schema.Long: csv.Int64,
	schema.Float: csv.Float32, schema.Double: csv.Float64, schema.Date: csv.Date, schema.Timestamp: csv.Timestamp, schema.TimestampNTZ: csv.Timestamp,
	schema.String: csv.Text,
}

func plainColumn(t schema.Type) (csv.Column, bool) {
	switch t := t.(type) {
	case schema.Primitive:
		kind, ok := plainKinds[t]
		return csv.Column{Kind: kind}, ok
	case schema.Decimal:
		c := csv.Column{Kind: csv.Decimal64, Width: int(t.Precision), Scale: int(t.Scale)}
		if c.Width <= 9 {
			c.Kind = csv.Decimal32
		}
		if c.Width <= 4 {
			c.Kind = csv.Decimal16
		}
		return c, c.Width <= 18
	}
	return csv.Column{}, false
}

// table is a group of files as DuckDB reads it.
func (r *rawRows) table(ctx context.Context, reader *csv.Reader, g csvGroup, fields []schema.Field) *duckdb.Table {
	t := &duckdb.Table{Rows: uint64(sizeOf(g.files) / 100), Threads: 64}
	for _, f := range fields {
		name, _ := tablefile.QueryType(f.Type) // plain saw that it can be read
		t.Columns = append(t.Columns, duckdb.TableColumn{Name: f.Name, Type: name})
	}
	t.Thread = func() duckdb.Filler {
		return &plainFiller{ctx: ctx, thread: reader.Thread(), out: make([]csv.Vector, len(fields))}
	}
	return t
}

// plainFiller hands DuckDB's vectors to a thread of package csv.
type plainFiller struct {
	ctx    context.Context
	thread *csv.Thread
	out    []csv.Vector
}

func (f *plainFiller) Fill(out []duckdb.Vector, most int) (int, error) {
	for i := range out {
		f.out[i] = csv.Vector{Data: out[i].Data, Null: out[i].Null}
	}
	return f.thread.Fill(f.ctx, f.out, most)
}

func (f *plainFiller) Close() { f.thread.Close() }

func pathsOf(files []rawFile) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.path
	}
	return paths
}

func sizeOf(files []rawFile) (size int64) {
	for _, f := range files {
		size += f.size
	}
	return size
}
