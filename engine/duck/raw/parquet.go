package raw

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"
	parquetschema "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// untyped makes columns strings of which files of Parquet say that they hold nulls alone: DuckDB has them as INTEGER.
func untyped(ctx context.Context, conn *duckdb.Conn, files []rawFile, found *schema.Struct) error {
	rows, err := conn.Strings(ctx, "SELECT name FROM parquet_schema("+literal(files)+") GROUP BY name HAVING bool_and(coalesce(logical_type LIKE 'NullType%', false))")
	if err != nil {
		return fileFault(files, err)
	}
	for _, row := range rows {
		if at := found.Index(row[0]); at >= 0 && found.Fields[at].Type == schema.Integer {
			found.Fields[at].Type = schema.String
		}
	}
	return nil
}

// cutMoments refuses files of Parquet that hold moments of nanoseconds, which DuckDB cuts to microseconds as it reads them. Those
// without a zone it reads as they are.
func cutMoments(ctx context.Context, conn *duckdb.Conn, files []rawFile) error {
	rows, err := conn.Strings(ctx, "SELECT DISTINCT file_name FROM parquet_schema("+literal(files)+
		") WHERE logical_type LIKE 'TimestampType(isAdjustedToUTC=1%' AND logical_type NOT LIKE '%NANOS=<null>%'")
	if err != nil {
		return fileFault(files, err)
	}
	for _, row := range rows {
		if err := cutIn(ctx, row[0]); err != nil {
			return &FileError{row[0], err}
		}
	}
	return nil
}

func cutIn(ctx context.Context, path string) error {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	defer r.Close()
	columns := r.MetaData().Schema
	for at := range columns.NumColumns() {
		t, ok := columns.Column(at).LogicalType().(parquetschema.TimestampLogicalType)
		if !ok || !t.IsAdjustedToUTC() || t.TimeUnit() != parquetschema.TimeUnitNanos {
			continue
		}
		for group := range r.NumRowGroups() {
			if err := ctx.Err(); err != nil {
				return err
			}
			chunk, err := r.RowGroup(group).Column(at)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrIncomplete, err)
			}
			values, ok := chunk.(*file.Int64ColumnChunkReader)
			if !ok {
				continue
			}
			if err := cutValue(values, columns.Column(at).Path()); err != nil {
				return err
			}
		}
	}
	return nil
}

// cutValue finds a moment that is no whole microsecond.
func cutValue(values *file.Int64ColumnChunkReader, column string) error {
	buffer := make([]int64, 8192)
	defined, repeated := make([]int16, len(buffer)), make([]int16, len(buffer))
	for values.HasNext() {
		_, n, err := values.ReadBatch(int64(len(buffer)), buffer, defined, repeated)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrIncomplete, err)
		}
		for _, v := range buffer[:n] {
			if v%1000 != 0 {
				return unfit{
					fmt.Sprintf("column %s: a moment of %d ns after 1970, and a table keeps microseconds", column, v),
					"write the column in microseconds: pyarrow does with coerce_timestamps='us' and allow_truncated_timestamps=True",
				}
			}
		}
	}
	return nil
}

// calendar makes a source of files of Parquet give the dates and times that were meant, where old versions of Spark wrote some.
func (r *rawRows) calendar(ctx context.Context, files []rawFile, source string, described *arrow.Schema) (string, error) {
	const variable = "petalake_calendar"
	columns, err := tablefile.ColumnsOf(described)
	if err != nil {
		return "", err
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.path
	}
	found, err := tablefile.ReadCalendars(ctx, paths, func(i int) (string, bool) { return paths[i], true })
	if err != nil || !found.Any() {
		return source, err
	}
	var replaced []string
	for _, f := range columns.Fields {
		name := duckdb.QuoteIdent(f.Name)
		sql, changed, err := found.Rebase(name, f.Name, f.Type, variable)
		if err != nil {
			return "", err
		}
		if changed {
			replaced = append(replaced, sql+" AS "+name)
		}
	}
	if len(replaced) == 0 {
		return source, nil
	}
	if err := r.Conn.SetVariable(ctx, variable, found.Files()); err != nil {
		return "", err
	}
	return "(SELECT * REPLACE (" + strings.Join(replaced, ", ") + ") FROM " + source + ")", nil
}
