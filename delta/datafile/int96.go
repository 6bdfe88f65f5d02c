package datafile

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/petalake/petalake/delta/schema"
)

// plainInt96 reads the file's INT96 columns, in which Spark and Hive keep times, as 12 plain bytes.
// The library would make nanoseconds of them and fail on every time before 1677 or after 2262.
// Both types are encoded alike, so that only the footer has to say so.
func plainInt96(f *file.Reader, source parquet.ReaderAtSeeker) (*file.Reader, error) {
	const fixedLenByteArray = 7 // in the footer's own enumeration
	m := f.MetaData()
	var columns []int
	for i := range m.NumColumns() {
		if m.Schema.Column(i).PhysicalType() == parquet.Types.Int96 {
			columns = append(columns, i)
		}
	}
	if columns == nil {
		return f, nil
	}
	for _, e := range m.FileMetaData.Schema {
		if e.Type != nil && e.Type.String() == "INT96" {
			size := int32(int96Bytes)
			*e.Type, e.TypeLength = fixedLenByteArray, &size
		}
	}
	for _, g := range m.RowGroups {
		for _, i := range columns {
			if i >= len(g.Columns) || g.Columns[i].MetaData == nil {
				return nil, fmt.Errorf("row group of %d columns", len(g.Columns))
			}
			g.Columns[i].MetaData.Type = fixedLenByteArray
			g.Columns[i].MetaData.Statistics = nil
		}
	}
	footer, err := m.Serialize(context.Background())
	if err != nil {
		return nil, err
	}
	if m, err = metadata.NewFileMetaData(footer, nil); err != nil {
		return nil, err
	}
	return file.NewParquetReader(source, file.WithMetadata(m))
}

const int96Bytes = 12

// int96Times are the times of INT96 values - nanoseconds of the day, then the Julian day - cut to
// microseconds.
func int96Times(x *array.FixedSizeBinary, to arrow.DataType, path schema.Path) (arrow.Array, error) {
	if x.DataType().(*arrow.FixedSizeBinaryType).ByteWidth != int96Bytes {
		return nil, fmt.Errorf("column %s: from %s to %s: not without loss", path, x.DataType(), to)
	}
	const epoch, day = 2_440_588, 86_400_000_000 // 1970-01-01 as a Julian day; microseconds
	b := array.NewTimestampBuilder(memory.DefaultAllocator, to.(*arrow.TimestampType))
	defer b.Release()
	b.Reserve(x.Len())
	for i := range x.Len() {
		if x.IsNull(i) {
			b.AppendNull()
			continue
		}
		v := x.Value(i)
		days := int64(int32(binary.LittleEndian.Uint32(v[8:]))) - epoch
		micros := int64(binary.LittleEndian.Uint64(v)) / 1000
		if limit := math.MaxInt64/day - 1; days > int64(limit) || days < -int64(limit) || micros < 0 || micros > day {
			return nil, fmt.Errorf("column %s: a time beyond what microseconds can count", path)
		}
		b.Append(arrow.Timestamp(days*day + micros))
	}
	return b.NewArray(), nil
}
