package raw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/text"
)

// source says how the texts of files are read, but for what a dialect says.
func (r Files) source(files []rawFile) (text.Source, error) {
	s := text.Source{JSON: r.Format == FormatJSON, Rescue: r.Rescue, Pad: r.CSV.Pad, MaxRow: r.CSV.MaxRow, Forms: map[string]text.Form{}}
	s.Options.Null = r.CSV.Null
	var err error
	if r.CSV.Zone != "" && r.CSV.Zone != "UTC" {
		if s.Options.Zone, err = time.LoadLocation(r.CSV.Zone); err != nil {
			return s, fmt.Errorf("time_zone: %w", err)
		}
	}
	for into, said := range map[**text.Layout]string{&s.Options.Date: r.CSV.DateFormat, &s.Options.Timestamp: r.CSV.TimestampFormat} {
		if said != "" {
			if *into, err = text.NewLayout(said); err != nil {
				return s, err
			}
		}
	}
	for name, said := range map[string]string{"comment": r.CSV.Comment, "decimal": r.CSV.Decimal, "thousands": r.CSV.Thousands} {
		if len(said) > 1 {
			return s, fmt.Errorf("%s: %q is more than one character", name, said)
		}
	}
	if s.Options.Decimal, s.Options.Grouped = sign(r.CSV.Decimal), sign(r.CSV.Thousands); s.Options.Decimal == '.' {
		s.Options.Decimal = 0
	}
	decode, err := decoder(r.CSV.Encoding)
	if err != nil {
		return s, err
	}
	packings := map[string]compression{}
	for _, f := range files {
		packings[f.path] = f.packing
		s.Files = append(s.Files, text.File{Path: f.path})
	}
	s.Foreign = decode != nil
	s.Open = func(path string) (io.ReadCloser, error) {
		f, err := unpack(path, packings[path])
		if err != nil {
			return nil, err
		}
		return decoded(f, decode)
	}
	return s, nil
}

func sign(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// declares are the columns whose types somebody wrote down.
func (r Files) declares() *schema.Names {
	names := (&schema.Struct{}).Names()
	for _, name := range r.Declared {
		names.Add(name)
	}
	return names
}

// damagedText is the error of a file whose text ends where its packing does not.
func damagedText(err error) error {
	var f *text.FileError
	if errors.As(err, &f) {
		return &FileError{f.Path, fmt.Errorf("%w: %w", ErrIncomplete, f.Err)}
	}
	return err
}

// forms say how the texts of single columns are written.
func (r *rawRows) forms() (map[string]text.Form, error) {
	forms := map[string]text.Form{}
	declared := r.raw.declares()
	for _, f := range r.declared() {
		form := text.Form{Canonical: declared.Index(f.Name) < 0}
		said := f.Type == schema.Date && r.raw.CSV.DateFormat != "" || f.Type != schema.Date && r.raw.CSV.TimestampFormat != ""
		if layout := r.raw.Layouts[f.Name]; layout != "" && !said {
			var err error
			if form.Layout, err = text.NewLayout(layout); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
		forms[f.Name] = form
	}
	return forms, nil
}

// stageText writes the rows of text files, and returns those that are bad. Where they are not wanted the first one is
// the error.
func (r *rawRows) stageText(ctx context.Context, source text.Source) ([]tablefile.Staged, []badRow, error) {
	forms, err := r.forms()
	if err != nil {
		return nil, nil, err
	}
	source.Fields, source.Forms = r.declared(), forms
	if source.JSON {
		source.Keys, source.Ignore = r.raw.Pick.keys(source.Fields), !r.raw.Pick.all() && !r.raw.Pick.Rest
		for i, f := range source.Fields {
			if source.Ignore && (f.Name == r.raw.FileColumn || f.Name == r.raw.TimeColumn) {
				source.Keys[i] = "\x00" + f.Name // no record has it
			}
		}
	}
	columns := &schema.Struct{Fields: source.Fields}
	if !source.JSON {
		columns = present(source, r.raw.FileColumn, r.raw.TimeColumn)
	}
	source.Origin = text.Origin{File: r.raw.FileColumn, Names: r.raw.Shown, Time: r.raw.TimeColumn, At: r.Spec.Now.UnixMicro()}
	source.All, source.Most = r.Spec.Quarantine != "", r.Spec.MaxBad
	var read atomic.Int64
	open := source.Open
	source.Open = func(path string) (io.ReadCloser, error) {
		f, err := open(path)
		return counting{f, &read}, err
	}
	reader := text.NewReader(source)
	if _, err := reader.Rows(); err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("petalake_text_%d", tables.Add(1))
	if err := r.Conn.Register(name, textTable(ctx, reader, source.Fields, uint64(r.Reporter.Bytes/100))); err != nil {
		return nil, nil, err
	}
	staged, err := r.copyPlain(ctx, name+"()", columns, func() float64 {
		return min(float64(read.Load())/float64(r.Reporter.Bytes+1), 1)
	})
	reader.Close()
	r.rescued = reader.Rescued()
	faults, failed := reader.Faults()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case failed != nil:
		return nil, nil, damagedText(failed)
	case isViolation(err) && source.All && !r.Aside:
		return r.stageKeeping(ctx, source, columns)
	case err != nil && len(faults) == 0:
		return nil, nil, err
	}
	return r.judge(source, faults, staged, err)
}

func isViolation(err error) bool {
	var broken *tablefile.ViolationError
	return errors.As(err, &broken)
}

// stageKeeping is stageText where some rows break a rule of the table: they are found with their places, and left out.
func (r *rawRows) stageKeeping(ctx context.Context, source text.Source, columns *schema.Struct) ([]tablefile.Staged, []badRow, error) {
	placed := source
	placed.Places = true
	reader := text.NewReader(placed)
	defer reader.Close()
	table := textTable(ctx, reader, source.Fields, 0)
	file, line := r.Unused("petalake_file"), r.Unused("petalake_line")
	table.Columns = append(table.Columns, duckdb.TableColumn{Name: file, Type: "VARCHAR"}, duckdb.TableColumn{Name: line, Type: "BIGINT"})
	name := fmt.Sprintf("petalake_text_%d", tables.Add(1))
	if err := r.Conn.Register(name, table); err != nil {
		return nil, nil, err
	}
	place := duckdb.QuoteIdent(line) + "::VARCHAR || ':' || " + duckdb.QuoteIdent(file)
	sql, err := r.Broken(name+"()", columns, place)
	if err != nil {
		return nil, nil, err
	}
	broken, err := r.broken(ctx, sql)
	if err != nil {
		return nil, nil, err
	}
	r.Aside = true
	staged, bad, err := r.stageText(ctx, source)
	if bad = append(bad, broken...); err == nil && len(bad) > r.Spec.MaxBad {
		err = &TooManyError{r.Spec.MaxBad, bad[len(bad)-1].err()}
	}
	return staged, bad, err
}

// textTable is what a reader reads, as DuckDB reads it. That the reader can read the columns was seen before.
func textTable(ctx context.Context, reader *text.Reader, fields []schema.Field, about uint64) *duckdb.Table {
	table := &duckdb.Table{Rows: about, Threads: 64, Thread: func() duckdb.Filler {
		rows, err := reader.Rows()
		if err != nil {
			panic(err)
		}
		return &textFiller{ctx, rows}
	}}
	for _, f := range fields {
		table.Columns = append(table.Columns, tableColumn(f))
	}
	return table
}

// tables numbers the tables from Go: a name may be registered once.
var tables atomic.Int64

// judge says what becomes of a load some of whose rows are bad.
func (r *rawRows) judge(source text.Source, faults []text.Fault, staged []tablefile.Staged, err error) ([]tablefile.Staged, []badRow, error) {
	var bad []badRow
	for _, f := range faults {
		b := badRow{file: f.File, line: f.Line, column: f.Column, reason: f.Reason, raw: f.Raw}
		switch {
		case f.Unknown != "" && r.Spec.Quarantine == "":
			return nil, nil, &tablefile.SchemaError{Column: f.Unknown, File: f.File}
		case f.Unknown != "":
			b.reason = "column " + f.Unknown + ": the table has no such column"
		case f.Column != "":
			b.reason = "column " + f.Column + ": " + f.Reason
		}
		if r.Spec.Quarantine != "" {
			b.reading = readingOf(source, f.File)
		}
		bad = append(bad, b)
	}
	switch {
	case len(bad) > 0 && r.Spec.Quarantine == "":
		return nil, nil, bad[0].err()
	case len(bad) > r.Spec.MaxBad:
		return nil, nil, &TooManyError{r.Spec.MaxBad, bad[0].err()}
	}
	return staged, bad, err
}

// counting counts the bytes that are read of text.
type counting struct {
	io.ReadCloser
	read *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// tableColumn is a field as the column of a table from Go.
func tableColumn(f schema.Field) duckdb.TableColumn {
	c := duckdb.TableColumn{Name: f.Name}
	switch t := f.Type.(type) {
	case *schema.Struct:
		c.Type = "STRUCT"
		for _, inner := range t.Fields {
			c.Children = append(c.Children, tableColumn(inner))
		}
	case *schema.Array:
		c.Type, c.Children = "LIST", []duckdb.TableColumn{tableColumn(schema.Field{Name: "element", Type: t.Element})}
	case *schema.Map:
		c.Type, c.Children = "MAP", []duckdb.TableColumn{tableColumn(schema.Field{Name: "key", Type: t.Key}), tableColumn(schema.Field{Name: "value", Type: t.Value})}
	default:
		c.Type, _ = tablefile.QueryType(t) // package text saw that it can be read
	}
	return c
}

// textFiller hands the columns of package text to DuckDB.
type textFiller struct {
	ctx  context.Context
	rows *text.Rows
}

func (f *textFiller) Fill(out []duckdb.Vector, most int) (int, error) {
	n, err := f.rows.Fill(f.ctx, most)
	if err != nil {
		return 0, err
	}
	for i, c := range f.rows.Columns {
		fill(c, out[i])
	}
	if places := f.rows.Places; len(out) > len(f.rows.Columns) {
		files, lines := out[len(out)-2], unsafe.Slice((*int64)(out[len(out)-1].Data), n)
		for i, p := range places {
			files.SetText(i, p.File)
			lines[i] = p.Line
		}
	}
	return n, nil
}

func (f *textFiller) Close() {}

// fill writes a column into a vector.
func fill(c *text.Column, v duckdb.Vector) {
	switch c.Kind {
	case text.Struct:
		for i, child := range c.Children {
			fill(child, v.Field(i))
		}
	case text.List:
		copy(memory(v, len(c.Data)), c.Data)
		fill(c.Children[0], v.Elements(c.Children[0].Rows))
	case text.Map:
		copy(memory(v, len(c.Data)), c.Data)
		pairs := v.Elements(c.Children[0].Rows)
		for i, child := range c.Children {
			fill(child, pairs.Field(i))
		}
	default:
		copy(memory(v, len(c.Data)), c.Data)
	}
	if c.Nulls == 0 {
		return
	}
	for i, null := range c.Null {
		if null {
			v.Null(i)
		}
	}
}

func memory(v duckdb.Vector, n int) []byte { return unsafe.Slice((*byte)(v.Data), n) }

// describe completes a source of CSV: how the files are written, and which columns the values of each are. Without a
// header they are those of the table in their order, or else are numbered. Columns is nil where the files say
// which columns there are.
func (d dialect) describe(s *text.Source, files []rawFile, columns []schema.Field) error {
	s.CSV = text.Dialect{Delimiter: d.delimiter, Quote: sign(d.quote), Escape: sign(d.escape), Comment: sign(d.comment)}
	s.Fields = columns
	found := schema.Struct{Fields: columns}
	known := found.Names()
	for i, f := range files {
		names, err := d.columnsOf(f, columns)
		if err != nil {
			return err
		}
		s.Files[i].Skip, s.Files[i].Header = d.skip, d.header
		for _, name := range names {
			name, taken := d.pick.table(name)
			taken = taken && name != ""
			at := -1
			if taken {
				at = known.Index(name)
			}
			if columns != nil && s.Rescue != "" && schema.SameName(name, s.Rescue) {
				at = -1
			}
			if at >= 0 && d.origin(name) {
				return &tablefile.SchemaError{Column: name, File: f.path, Reason: "the column says where a row comes from, and the file has it too"}
			}
			if at < 0 && taken && columns != nil && s.Rescue == "" {
				return &tablefile.SchemaError{Column: name, File: f.path}
			}
			if at < 0 && taken && columns == nil {
				found.Fields = append(found.Fields, schema.Field{Name: name, Type: schema.String, Nullable: true})
				known.Add(name)
				at = len(found.Fields) - 1
			}
			if !taken {
				name = ""
			}
			s.Files[i].Names = append(s.Files[i].Names, name)
			s.Files[i].Columns = append(s.Files[i].Columns, at)
		}
	}
	if columns == nil {
		if err := d.pick.missing(&found); err != nil {
			return err
		}
	}
	s.Fields = found.Fields
	return nil
}

// columnsOf are the names of the columns of a file.
func (d dialect) columnsOf(f rawFile, columns []schema.Field) ([]string, error) {
	if d.header {
		return d.names(f)
	}
	if len(d.columns) > 0 {
		return d.columns, nil
	}
	var names []string
	if columns != nil {
		for _, c := range columns {
			names = append(names, c.Name)
		}
		return names, nil
	}
	first, err := d.firstRecord(f)
	for i := range first {
		names = append(names, fmt.Sprintf("column%d", i))
	}
	return names, err
}
