// Package parquet writes record batches of any Arrow schema as one Parquet file.
//
// A leaf is a column of the file: a path through structs, lists and maps to a value. Each leaf
// shreds the rows of a batch into values with their repetition and definition levels. Memory holds
// one row group. Everything but a map's keys is optional, so that any batch of the schema fits.
package parquet

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

const (
	groupRows  = 122_880   // rows of a row group
	groupBytes = 128 << 20 // or its size before compression
)

// Writer writes one file.
type Writer struct {
	file   *file.Writer
	group  file.BufferedRowGroupWriter // nil between row groups
	rows   int64                       // of the row group
	leaves []*leaf
}

// UnsupportedError says that a type of Arrow has none in Parquet.
type UnsupportedError struct {
	Column string
	Type   arrow.DataType
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("column %s: %s has no Parquet type", e.Column, e.Type)
}

// Hint says what to do.
func (e *UnsupportedError) Hint() string {
	return fmt.Sprintf("cast it in the statement, as in CAST(%s AS VARCHAR)", e.Column)
}

// New starts a file for rows of a schema.
func New(w io.Writer, s *arrow.Schema) (*Writer, error) {
	var fields schema.FieldList
	var leaves []*leaf
	for i, f := range s.Fields() {
		node, of, err := column(f.Name, f.Type, nil, optional)
		if err != nil {
			return nil, err
		}
		fields = append(fields, node)
		for _, l := range of {
			l.column = i
			leaves = append(leaves, l)
		}
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("petalake"))
	f, err := file.NewParquetWriterWithError(nopCloser{w}, root, file.WithWriterProps(properties))
	if err != nil {
		return nil, err
	}
	return &Writer{file: f, leaves: leaves}, nil
}

// nopCloser hides that what is written to can be closed: it is the caller's to close.
type nopCloser struct{ io.Writer }

// Write adds the rows of a batch.
func (w *Writer) Write(batch arrow.RecordBatch) error {
	if batch.NumRows() == 0 {
		return nil
	}
	if w.group == nil {
		group, err := w.file.AppendBufferedRowGroupChecked()
		if err != nil {
			return err
		}
		w.group, w.rows = group, 0
	}
	for i, l := range w.leaves {
		chunk, err := w.group.Column(i)
		if err != nil {
			return err
		}
		if err := l.write(chunk, batch.Column(l.column)); err != nil {
			return fmt.Errorf("column %s: %w", batch.ColumnName(l.column), err)
		}
	}
	w.rows += batch.NumRows()
	if w.rows >= groupRows || w.group.TotalBytesWritten() >= groupBytes {
		return w.endGroup()
	}
	return nil
}

func (w *Writer) endGroup() error {
	if w.group == nil {
		return nil
	}
	group := w.group
	w.group = nil
	return group.Close()
}

// Close writes the last row group and the footer.
func (w *Writer) Close() error {
	if err := w.endGroup(); err != nil {
		return err
	}
	return w.file.Close()
}
