package raw

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// rawRows are raw files on their way into a table.
type rawRows struct {
	*tablefile.Writer
	raw   Files
	files []rawFile

	rescued int64 // rows of which values were rescued
}

// load writes the good rows and, if wanted, the bad ones. What it returns beside an error is already in the store.
func (r *rawRows) load(ctx context.Context) (tablefile.Written, error) {
	for _, f := range r.files {
		r.Reporter.Bytes += f.size
	}
	staged, bad, err := r.stage(ctx)
	if ctx.Err() != nil {
		return tablefile.Written{}, ctx.Err()
	}
	if err != nil {
		return tablefile.Written{}, err
	}
	out, err := r.Publish(ctx, staged)
	out.Rescued = r.rescued
	if err != nil || len(bad) == 0 {
		return out, err
	}
	aside, err := r.quarantine(ctx, bad)
	out.Bad, out.BadRows = aside.Files, int64(len(bad))
	return out, err
}

// stage writes the rows of the files into the staging folder.
func (r *rawRows) stage(ctx context.Context) ([]tablefile.Staged, []badRow, error) {
	files := withRows(r.files)
	if len(files) == 0 {
		return nil, nil, nil
	}
	switch r.raw.Format {
	case FormatCSV:
		return r.stageCSV(ctx, files)
	case FormatJSON:
		return r.stageJSON(ctx, files)
	case FormatParquet:
		return r.stageParquet(ctx, files)
	}
	return nil, nil, errors.New("load: unknown format " + string(r.raw.Format))
}

func (r *rawRows) stageParquet(ctx context.Context, files []rawFile) ([]tablefile.Staged, []badRow, error) {
	if err := cutMoments(ctx, r.Conn, files); err != nil {
		return nil, nil, err
	}
	source := parquet(files)
	d, err := r.Conn.Describe(ctx, "FROM "+source)
	if err != nil {
		return nil, nil, err
	}
	var beside []string
	if r.raw.FileColumn != "" {
		beside = []string{r.Unused("petalake_file")}
		source = strings.TrimSuffix(source, ")") + ", filename=" + duckdb.Quote(beside[0]) + ")"
	}
	if source, err = r.calendar(ctx, files, source, d.Schema); err != nil {
		return nil, nil, err
	}
	source, described := r.raw.Pick.sql(source, d.Schema, beside...)
	source, described = r.origin(source, described)
	staged, err := r.CopyFrom(ctx, source, described)
	if fault, ok := tablefile.CalendarFault(err); ok {
		err = fault
	}
	var loss *tablefile.LossError
	if r.Spec.Quarantine == "" || !isViolation(err) && !errors.As(err, &loss) {
		return staged, nil, err
	}
	return r.parquetAside(ctx, files, source, d.Schema)
}

// parquetAside is stageParquet where some rows do not fit, or break a rule of the table: they are found with their places, and left
// out. The line of a row is its number in the file, from 1.
func (r *rawRows) parquetAside(ctx context.Context, files []rawFile, source string, described *arrow.Schema) ([]tablefile.Staged, []badRow, error) {
	file := r.Unused("petalake_file")
	placed := "read_parquet(" + literal(files) + ", union_by_name=true, hive_partitioning=false, file_row_number=true, filename=" + duckdb.Quote(file) + ")"
	placed, err := r.calendar(ctx, files, placed, described)
	if err != nil {
		return nil, nil, err
	}
	placed, picked := r.raw.Pick.sql(placed, described, "file_row_number", file)
	placed, picked = r.origin(placed, picked, "file_row_number", file)
	sql, err := r.BrokenFrom(placed, picked, "(file_row_number + 1)::VARCHAR || ':' || "+duckdb.QuoteIdent(file))
	if err != nil {
		return nil, nil, err
	}
	bad, err := r.broken(ctx, sql)
	if err != nil {
		return nil, nil, err
	}
	r.Aside = true
	staged, err := r.CopyFrom(ctx, source, picked)
	return staged, bad, err
}

// broken are the rows that SQL of Broken finds, whose expression is the line, a colon, and the file.
func (r *rawRows) broken(ctx context.Context, sql string) (bad []badRow, err error) {
	rows, err := r.Conn.Strings(ctx, sql+" LIMIT "+strconv.Itoa(r.Spec.MaxBad+1))
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		at, path, _ := strings.Cut(row[0], ":")
		b := badRow{file: path, reason: row[1], raw: row[2], reading: Reading{Format: FormatJSON, Named: true}}
		if b.line, err = strconv.ParseInt(at, 10, 64); err != nil {
			return nil, err
		}
		bad = append(bad, b)
	}
	if len(bad) > r.Spec.MaxBad {
		return nil, &TooManyError{r.Spec.MaxBad, bad[len(bad)-1].err()}
	}
	return bad, nil
}

func (r *rawRows) stageJSON(ctx context.Context, files []rawFile) ([]tablefile.Staged, []badRow, error) {
	source, err := r.raw.source(files)
	if err != nil {
		return nil, nil, err
	}
	return r.stageText(ctx, source)
}

// declared are the fields that raw rows may have.
func (r *rawRows) declared() []schema.Field {
	var fields []schema.Field
	for _, f := range r.Spec.Schema.Fields {
		if f.Type != schema.Void {
			fields = append(fields, f)
		}
	}
	return fields
}
