package datafile_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	pq "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// int96 is a time as Spark and Hive write it.
func int96(t time.Time) (v parquet.Int96) {
	const epoch = 2_440_588
	day := t.Unix() / 86400
	if t.Unix()%86400 < 0 {
		day--
	}
	binary.LittleEndian.PutUint64(v[:], uint64(t.Sub(time.Unix(day*86400, 0)).Nanoseconds()))
	binary.LittleEndian.PutUint32(v[8:], uint32(day+epoch))
	return v
}

// int96File is a file of one group "s" with one INT96 column "at", null in its last row.
func int96File(t *testing.T, dictionary bool, times []time.Time) []byte {
	t.Helper()
	at := pq.NewInt96Node("at", parquet.Repetitions.Optional, -1)
	group, err := pq.NewGroupNode("s", parquet.Repetitions.Optional, pq.FieldList{at}, -1)
	if err != nil {
		t.Fatal(err)
	}
	root, err := pq.NewGroupNode("schema", parquet.Repetitions.Required, pq.FieldList{group}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root, file.WithWriterProps(parquet.NewWriterProperties(parquet.WithDictionaryDefault(dictionary))))
	rows, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	column, err := rows.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	var values []parquet.Int96
	var levels []int16
	for _, at := range times {
		values, levels = append(values, int96(at)), append(levels, 2)
	}
	if _, err := column.(*file.Int96ColumnChunkWriter).WriteBatch(values, append(levels, 1), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestInt96 reads times far beyond what nanoseconds can count, before the epoch too.
func TestInt96(t *testing.T) {
	times := []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1582, 10, 15, 1, 2, 3, 4000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2024, 2, 29, 12, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	for _, dictionary := range []bool{true, false} {
		for _, typ := range []schema.Type{schema.Timestamp, schema.TimestampNTZ} {
			text, mem := int96File(t, dictionary, times), store.NewMem()
			if err := store.PutBytes(t.Context(), mem, "f", text, store.IfAbsent); err != nil {
				t.Fatal(err)
			}
			want := &schema.Struct{Fields: []schema.Field{{Name: "s", Nullable: true, Type: &schema.Struct{
				Fields: []schema.Field{{Name: "at", Type: typ, Nullable: true}}}}}}
			for batch, err := range datafile.Read(t.Context(), mem, "f", int64(len(text)), want, datafile.ReadOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				at := batch.Column(0).(*array.Struct).Field(0).(*array.Timestamp)
				var got []time.Time
				for i := range len(times) {
					got = append(got, time.UnixMicro(int64(at.Value(i))).UTC())
				}
				if !slices.EqualFunc(got, times, time.Time.Equal) || !at.IsNull(len(times)) {
					t.Errorf("%s, dictionary %v: got %v, want %v and null", typ, dictionary, got, times)
				}
				batch.Release()
			}
		}
	}
}
