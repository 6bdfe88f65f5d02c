package raw

import (
	"context"
	"errors"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
)

// rawRows are raw files on their way into a table.
type rawRows struct {
	*tablefile.Writer
	raw   Files
	files []rawFile
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
	if source, err = r.calendar(ctx, files, source, d.Schema); err != nil {
		return nil, nil, err
	}
	staged, err := r.CopyFrom(ctx, source, d.Schema)
	if fault, ok := tablefile.CalendarFault(err); ok {
		err = fault
	}
	return staged, nil, err
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
