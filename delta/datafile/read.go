package datafile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// ReadOptions say how a file is read. The zero value is good for a table without partitions.
type ReadOptions struct {
	Partition map[string]stats.Value // by the schema's name: the value of a column in every row
	BatchRows int64                  // at most; default 65,536
}

// Read yields the rows of a data file with the columns of want: those that the file lacks are null,
// those of a narrower type are cast, those of Partition have its value. Only the needed columns are
// fetched. The caller releases each batch. Every error names the file; after one the sequence ends.
func Read(ctx context.Context, s store.Store, key string, size int64, want *schema.Struct, o ReadOptions) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		r, err := openReader(ctx, s, key, size, want, o)
		if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", key, err))
			return
		}
		defer r.close()
		for {
			batch, err := r.next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, fmt.Errorf("read %s: %w", key, err))
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// CorruptError is a file whose bytes are not those of a Parquet file.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "not a valid Parquet file: " + e.Err.Error() }

func (e *CorruptError) Unwrap() error { return e.Err }

// reader yields the rows of one file.
type reader struct {
	want      *schema.Struct
	partition map[string]stats.Value
	source    *ranges
	calendar  Calendar
	records   pqarrow.RecordReader // nil where no column of the file is wanted
	rest      int64                // rows still to come, counted where records is nil
	rows      int64                // of a batch
}

// guard turns a panic of the Parquet library, which bytes of others can cause, into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = &CorruptError{fmt.Errorf("%v", p)}
	}
}

func openReader(ctx context.Context, s store.Store, key string, size int64, want *schema.Struct, o ReadOptions) (r *reader, err error) {
	defer guard(&err)
	if size < 12 {
		return nil, &CorruptError{fmt.Errorf("%d bytes are too few", size)}
	}
	source, err := openRanges(ctx, s, key, size)
	if err != nil {
		return nil, err
	}
	f, err := file.NewParquetReader(source)
	var calendar Calendar
	if err == nil {
		calendar, err = CalendarOf(f.MetaData())
	}
	if err == nil {
		f, err = plainInt96(f, source)
	}
	if err != nil {
		return nil, source.blame(err)
	}
	r = &reader{want: want, partition: o.Partition, calendar: calendar, source: source, rows: o.BatchRows, rest: f.NumRows()}
	if r.rows <= 0 {
		r.rows = 64 << 10
	}
	stored := &schema.Struct{}
	for _, c := range want.Fields {
		if _, constant := o.Partition[c.Name]; !constant {
			stored.Fields = append(stored.Fields, c)
		}
	}
	leaves := project(f.MetaData().Schema, stored)
	chunks, err := chunksOf(f, leaves, size)
	if err != nil {
		return nil, &CorruptError{err}
	}
	if len(leaves) == 0 {
		return r, nil
	}
	source.plan(chunks)
	rows, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: r.rows}, memory.DefaultAllocator)
	if err != nil {
		return nil, source.blame(err)
	}
	r.records, err = rows.GetRecordReader(ctx, leaves, nil)
	return r, source.blame(err)
}

// blame is the reason for an error of the Parquet library: the store, the context, or else the file.
func (r *ranges) blame(err error) error {
	switch {
	case err == nil:
		return nil
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.err != nil:
		return r.err
	case errors.As(err, new(*CorruptError)), errors.As(err, new(*HybridError)):
		return err
	}
	return &CorruptError{err}
}

// chunksOf are the byte ranges of the wanted columns. The footer is not believed: a range outside
// the file would make the library ask for any amount of memory.
func chunksOf(f *file.Reader, leaves []int, size int64) ([]chunk, error) {
	var chunks []chunk
	rows := int64(0)
	for g := range f.NumRowGroups() {
		m := f.MetaData().RowGroup(g)
		rows += m.NumRows()
		if m.NumRows() < 0 || m.NumColumns() != f.MetaData().Schema.NumColumns() {
			return nil, fmt.Errorf("row group %d: %d rows, %d columns", g, m.NumRows(), m.NumColumns())
		}
		for _, leaf := range leaves {
			c, err := m.ColumnChunk(leaf)
			if err != nil {
				return nil, err
			}
			off := c.DataPageOffset()
			if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 {
				off = min(off, c.DictionaryPageOffset())
			}
			n := c.TotalCompressedSize()
			if off < 4 || n < 0 || n > size || off > size-n {
				return nil, fmt.Errorf("row group %d: column %d lies outside the file", g, leaf)
			}
			chunks = append(chunks, chunk{off: off, n: n, group: g})
		}
	}
	if rows != f.NumRows() {
		return nil, fmt.Errorf("the row groups have %d rows, the file %d", rows, f.NumRows())
	}
	return chunks, nil
}

func (r *reader) close() {
	if r.records != nil {
		r.records.Release()
	}
}

// next returns io.EOF after the last batch.
func (r *reader) next(ctx context.Context) (batch arrow.RecordBatch, err error) {
	defer guard(&err)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.records == nil {
		if r.rest == 0 {
			return nil, io.EOF
		}
		n := min(r.rest, r.rows)
		r.rest -= n
		return r.finish(ctx, array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, n))
	}
	rows, err := r.records.Read()
	if errors.Is(err, io.EOF) || err == nil && rows == nil {
		if r.rest != 0 {
			return nil, &CorruptError{fmt.Errorf("%d rows are missing", r.rest)}
		}
		return nil, io.EOF
	}
	if err != nil {
		return nil, r.source.blame(err)
	}
	r.rest -= rows.NumRows()
	return r.finish(ctx, rows)
}

// finish adds the constant columns and adapts the rest.
func (r *reader) finish(ctx context.Context, rows arrow.RecordBatch) (arrow.RecordBatch, error) {
	n := int(rows.NumRows())
	fields := append([]arrow.Field{}, rows.Schema().Fields()...)
	columns := append([]arrow.Array{}, rows.Columns()...)
	if r.calendar.Hybrid() {
		for i, column := range columns {
			c, err := r.calendar.rebase(column, fields[i].Name)
			if err != nil {
				return nil, err
			}
			defer c.Release()
			columns[i] = c
		}
	}
	for _, f := range r.want.Fields {
		v, ok := r.partition[f.Name]
		if !ok {
			continue
		}
		c, err := constant(f.Type, v, n)
		if err != nil {
			return nil, fmt.Errorf("partition column %s: %w", f.Name, err)
		}
		defer c.Release()
		fields = append(fields, arrow.Field{Name: f.Name, Type: c.DataType(), Nullable: true})
		columns = append(columns, c)
	}
	all := array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(n))
	defer all.Release()
	return adapter{ctx: ctx, int96: true}.batch(all, r.want)
}
