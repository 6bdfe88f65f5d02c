package cli

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetRows is how many rows a row group of an answer has.
const parquetRows = 122_880

// parquetWriter writes rows as one Parquet file. Memory holds one row group.
type parquetWriter struct{ file *pqarrow.FileWriter }

func newParquet(out io.Writer, schema *arrow.Schema) (parquetWriter, error) {
	properties := parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(parquetRows), parquet.WithCreatedBy("petalake"))
	// The writer closes what it writes to where it can: what is behind out is closed elsewhere.
	file, err := pqarrow.NewFileWriter(schema, struct{ io.Writer }{out}, properties, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return parquetWriter{}, fmt.Errorf("write Parquet: %w", err)
	}
	return parquetWriter{file}, nil
}

func (w parquetWriter) Write(batch arrow.RecordBatch) error { return w.file.WriteBuffered(batch) }

func (w parquetWriter) Close() error { return w.file.Close() }
