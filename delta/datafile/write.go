package datafile

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// Options say how a file is written. The zero value is good.
type Options struct {
	Codec        Codec         // the zero value is zstd
	RowGroupRows int64         // at most; default 1,048,576
	Indexed      []schema.Path // leaf columns with statistics; nil: the default of stats.Indexed
	Prefix       int           // of strings in statistics, in UTF-16 units; 0: the default
	Spill        int           // bytes kept in memory before a temporary file; default 16 MiB
	SpillDir     string        // folder of the temporary file; "" is the system's
}

// rowGroupBytes is when a row group ends that has fewer rows than it may have.
const rowGroupBytes = 128 << 20

// Write puts one data file of the rows of all batches and returns its size in bytes and its
// statistics. The schema is that of the file, without partition columns; batches are adapted to it
// (see Adapt), columns of type void are left out. Write does not release the batches it is given.
// When the store's Put fails the file may be there or not; without its add action nobody sees it.
func Write(ctx context.Context, s store.Store, key string, sch *schema.Struct,
	batches iter.Seq2[arrow.RecordBatch, error], o Options) (int64, stats.File, error) {
	size, f, err := write(ctx, s, key, sch, batches, o)
	if err != nil {
		return 0, stats.File{}, fmt.Errorf("write %s: %w", key, err)
	}
	return size, f, nil
}

func write(ctx context.Context, s store.Store, key string, sch *schema.Struct,
	batches iter.Seq2[arrow.RecordBatch, error], o Options) (size int64, f stats.File, err error) {
	out := &spill{limit: o.Spill, dir: o.SpillDir}
	if out.limit == 0 {
		out.limit = 16 << 20
	}
	defer func() { err = errors.Join(err, out.close()) }()
	stored, err := storedStruct(sch, nil)
	if err != nil {
		return 0, f, err
	}
	w, err := newWriter(out, stored, o)
	if err != nil {
		return 0, f, err
	}
	for batch, err := range batches {
		if err == nil {
			err = w.add(ctx, batch)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, f, errors.Join(err, w.parquet.Close())
		}
	}
	if err := w.parquet.Close(); err != nil {
		return 0, f, err
	}
	body, err := out.body()
	if err != nil {
		return 0, f, err
	}
	if err := s.Put(ctx, key, body, store.Always); err != nil {
		return 0, f, err
	}
	return out.size, w.stats.File(), nil
}

// writer adds batches to a Parquet file and to its statistics.
type writer struct {
	schema  *schema.Struct
	parquet *pqarrow.FileWriter
	stats   *stats.Collector
}

func newWriter(out *spill, stored *schema.Struct, o Options) (*writer, error) {
	codec, err := o.Codec.library()
	if err != nil {
		return nil, err
	}
	rows := o.RowGroupRows
	if rows == 0 {
		rows = 1 << 20
	}
	options, err := withoutFloatBounds(schema.ToArrow(stored))
	if err != nil {
		return nil, err
	}
	properties := parquet.NewWriterProperties(append(options, parquet.WithCompression(codec), parquet.WithMaxRowGroupLength(rows),
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithDictionaryDefault(true), parquet.WithCreatedBy("petalake"))...)
	// bytes.Buffer and files need no further buffer; the writer must not close the file.
	p, err := pqarrow.NewFileWriter(schema.ToArrow(stored), struct{ *spill }{out}, properties, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	indexed := o.Indexed
	if indexed == nil {
		indexed = stats.Indexed(stored, nil)
	}
	return &writer{schema: stored, parquet: p, stats: stats.NewCollector(stored, indexed, o.Prefix)}, nil
}

// withoutFloatBounds leaves the bounds of floats and doubles out of the footer. Arrow leaves NaN out
// of them, and Spark, to which NaN is the greatest number, would skip row groups that hold it.
func withoutFloatBounds(s *arrow.Schema) ([]parquet.WriterProperty, error) {
	file, err := pqarrow.ToParquet(s, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	var out []parquet.WriterProperty
	for i := range file.NumColumns() {
		if c := file.Column(i); c.PhysicalType() == parquet.Types.Float || c.PhysicalType() == parquet.Types.Double {
			out = append(out, parquet.WithStatsPath(c.ColumnPath(), false))
		}
	}
	return out, nil
}

func (w *writer) add(ctx context.Context, batch arrow.RecordBatch) error {
	rows, err := Adapt(ctx, batch, w.schema)
	if err != nil {
		return err
	}
	defer rows.Release()
	if rows.NumRows() == 0 {
		return nil
	}
	if err := w.stats.Add(rows); err != nil {
		return err
	}
	if w.parquet.RowGroupTotalCompressedBytes() > rowGroupBytes {
		if err := w.parquet.NewBufferedRowGroupChecked(); err != nil {
			return err
		}
	}
	return w.parquet.WriteBuffered(rows)
}

// storedStruct leaves out void columns and refuses what Parquet cannot hold.
func storedStruct(s *schema.Struct, path schema.Path) (*schema.Struct, error) {
	stored := &schema.Struct{}
	for _, f := range s.Fields {
		if f.Type == schema.Void {
			continue
		}
		t, err := storedType(f.Type, append(path[:len(path):len(path)], f.Name))
		if err != nil {
			return nil, err
		}
		f.Type = t
		stored.Fields = append(stored.Fields, f)
	}
	if len(stored.Fields) == 0 {
		if path == nil {
			return nil, errors.New("the schema has no column that a file could hold")
		}
		return nil, fmt.Errorf("column %s: a struct without members cannot be stored", path)
	}
	return stored, nil
}

func storedType(t schema.Type, path schema.Path) (schema.Type, error) {
	switch t := t.(type) {
	case *schema.Struct:
		return storedStruct(t, path)
	case *schema.Array:
		e, err := storedType(t.Element, append(path[:len(path):len(path)], "element"))
		return &schema.Array{Element: e, ContainsNull: t.ContainsNull}, err
	case *schema.Map:
		k, err := storedType(t.Key, append(path[:len(path):len(path)], "key"))
		if err != nil {
			return nil, err
		}
		v, err := storedType(t.Value, append(path[:len(path):len(path)], "value"))
		return &schema.Map{Key: k, Value: v, ValueContainsNull: t.ValueContainsNull}, err
	}
	if t == schema.Void || t == schema.Variant {
		return nil, fmt.Errorf("column %s: values of type %s cannot be stored", path, t)
	}
	return t, nil
}
