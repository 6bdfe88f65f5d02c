package raw

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// rawRows are raw files on their way into a table.
type rawRows struct {
	*tablefile.Writer
	raw   Files
	files []rawFile
}

// load writes the good rows and, if wanted, the bad ones. While DuckDB reads, compressed files are
// checked for their end. What it returns beside an error is already in the store.
func (r *rawRows) load(ctx context.Context) (tablefile.Written, error) {
	for _, f := range r.files {
		r.Reporter.Bytes += f.size
	}
	var staged []tablefile.Staged
	var bad []badRow
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return verify(inner, r.files) })
	group.Go(func() error {
		var err error
		staged, bad, err = r.stage(inner)
		return err
	})
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return tablefile.Written{}, ctx.Err()
		}
		return tablefile.Written{}, err
	}
	out, err := r.Publish(ctx, staged)
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
	source := r.raw.reader(files, "")
	d, err := r.Conn.Describe(ctx, "FROM "+source)
	if err != nil {
		return nil, nil, err
	}
	columns, err := tablefile.ColumnsOf(d.Schema)
	if err != nil {
		return nil, nil, err
	}
	staged, err := r.Copy(ctx, source, columns)
	return staged, nil, err
}

func (r *rawRows) stageJSON(ctx context.Context, files []rawFile) ([]tablefile.Staged, []badRow, error) {
	columns, err := r.columns()
	if err != nil {
		return nil, nil, err
	}
	fields := &schema.Struct{Fields: r.declared()}
	staged, err := r.Copy(ctx, r.jsonSource(files, columns), fields)
	if !aboutRows(err) {
		return staged, nil, err
	}
	good, bad, splitErr := r.splitJSON(ctx, files, columns)
	if splitErr != nil {
		return nil, nil, splitErr
	}
	if len(bad) == 0 {
		return nil, nil, err // not about a single row after all
	}
	if good.size == 0 {
		return nil, bad, nil
	}
	staged, err = r.Copy(ctx, r.jsonSource([]rawFile{good}, columns), fields)
	return staged, bad, err
}

func (r *rawRows) jsonSource(files []rawFile, columns string) string {
	var parts []string
	for _, g := range byPacking(files) {
		parts = append(parts, "FROM "+r.raw.reader(g, columns))
	}
	return "(" + strings.Join(parts, " UNION ALL BY NAME ") + ")"
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

// columns are the declared names and types as a struct in SQL.
func (r *rawRows) columns() (string, error) {
	var names, types []string
	for _, f := range r.declared() {
		t, err := tablefile.QueryType(f.Type)
		if err != nil {
			return "", err
		}
		names, types = append(names, f.Name), append(types, t)
	}
	return structLiteral(names, types), nil
}

// aboutRows says whether an error may come from the text of a row.
func aboutRows(err error) bool {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case duckdb.Conversion, duckdb.Invalid:
		return true
	}
	return false
}
