package raw

import (
	"context"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/text"
)

func (r *rawRows) stageCSV(ctx context.Context, files []rawFile) ([]tablefile.Staged, []badRow, error) {
	d, err := r.dialect(ctx, files)
	if err != nil {
		return nil, nil, err
	}
	d.columns, d.pick = r.raw.Columns, r.raw.Pick
	d.fileColumn, d.timeColumn = r.raw.FileColumn, r.raw.TimeColumn
	source, err := r.raw.source(files)
	if err != nil {
		return nil, nil, err
	}
	if err := d.describe(&source, files, r.declared()); err != nil {
		return nil, nil, err
	}
	staged, ok, err := r.stagePlain(ctx, d, source)
	if isViolation(err) && r.Spec.Quarantine != "" {
		ok, err = false, nil // the other reader knows where rows are
	}
	if ok || err != nil {
		return staged, nil, err
	}
	return r.stageText(ctx, source)
}

// dialect is the files' dialect. Their first record is a header if it names columns of the table,
// whatever the sniffer thinks.
func (r *rawRows) dialect(ctx context.Context, files []rawFile) (dialect, error) {
	var d dialect
	var err error
	if r.raw.sniffed != nil {
		d = *r.raw.sniffed
	} else if d, err = r.raw.CSV.sniff(ctx, r.Conn, files, r.Dir); err != nil {
		return d, err
	}
	if r.raw.CSV.Header != nil || d.header {
		return d, nil
	}
	names, err := d.firstRecord(files[0])
	if err != nil {
		return d, err
	}
	d.header = len(names) > 0
	for _, name := range names {
		d.header = d.header && r.Spec.Schema.Index(strings.TrimSpace(name)) >= 0
	}
	return d, nil
}

// present are the fields that some file of CSV has.
func present(s text.Source, fileColumn, timeColumn string) *schema.Struct {
	found := &schema.Struct{}
	for i, f := range s.Fields {
		if slices.ContainsFunc(s.Files, func(file text.File) bool {
			return slices.Contains(file.Columns, i) || f.Name == s.Rescue || schema.SameName(f.Name, fileColumn) || schema.SameName(f.Name, timeColumn)
		}) {
			found.Fields = append(found.Fields, f)
		}
	}
	return found
}
