package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/duckdb"
)

// What DuckDB reads back is what was written, value by value.
func TestParquetReadBack(t *testing.T) {
	person := arrow.StructOf(
		arrow.Field{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true})
	for _, c := range []struct {
		name string
		typ  arrow.DataType
		rows string
	}{
		{"bool", arrow.FixedWidthTypes.Boolean, `[true, null, false]`},
		{"int8", arrow.PrimitiveTypes.Int8, `[-128, null, 127]`},
		{"int32", arrow.PrimitiveTypes.Int32, `[-2147483648, null, 1]`},
		{"int64", arrow.PrimitiveTypes.Int64, `[-9223372036854775808, 9223372036854775807, null]`},
		{"uint32", arrow.PrimitiveTypes.Uint32, `[4294967295, null, 0]`},
		{"uint64", arrow.PrimitiveTypes.Uint64, `[18446744073709551615, null, 0]`},
		{"float32", arrow.PrimitiveTypes.Float32, `[0.5, null, -1]`},
		{"float64", arrow.PrimitiveTypes.Float64, `[0.1, null, 1e300]`},
		{"decimal5", &arrow.Decimal128Type{Precision: 5, Scale: 2}, `["-1.50", null, "999.99"]`},
		{"decimal38", &arrow.Decimal128Type{Precision: 38, Scale: 0}, `["99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", null]`},
		{"string", arrow.BinaryTypes.String, `["ünï\n", "", null]`},
		{"date", arrow.FixedWidthTypes.Date32, `["1969-12-31", null, "2024-02-29"]`},
		{"time", arrow.FixedWidthTypes.Time64us, `["23:59:59.999999", null, "00:00:00"]`},
		{"timestamp", &arrow.TimestampType{Unit: arrow.Microsecond}, `["1969-12-31T23:59:59.5", null, "2024-02-29T12:00:00"]`},
		{"seconds", &arrow.TimestampType{Unit: arrow.Second}, `["1969-12-31T23:59:59", null, "2024-02-29T12:00:00"]`},
		{"nanos", &arrow.TimestampType{Unit: arrow.Nanosecond}, `["1969-12-31T23:59:59.123456789", null, "2024-02-29T12:00:00"]`},
		{"timestamptz", arrow.FixedWidthTypes.Timestamp_us, `["2024-02-29T12:00:00.000001Z", null, "1970-01-01T00:00:00Z"]`},
		{"list", arrow.ListOf(arrow.PrimitiveTypes.Int32), `[[1, null, 3], [], null]`},
		{"lists", arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32)), `[[[1, 2], [], null, [3]], [null], [[]]]`},
		{"struct", person, `[{"name": "Ada", "tags": ["x", null]}, {"name": null, "tags": null}, null]`},
		{"structs", arrow.ListOf(person), `[[{"name": "Ada", "tags": []}, null, {"name": "B", "tags": ["y"]}], [], null]`},
		{"map", arrow.MapOf(arrow.BinaryTypes.String, arrow.ListOf(arrow.PrimitiveTypes.Int64)), `[[{"key": "a", "value": [1]}, {"key": "b", "value": null}], [], null]`},
		{"dictionary", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `["red", null, "red"]`},
		{"null", arrow.Null, `[null, null, null]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _, err := array.FromJSON(memory.DefaultAllocator, c.typ, strings.NewReader(c.rows))
			if err != nil {
				t.Fatal(err)
			}
			s := arrow.NewSchema([]arrow.Field{{Name: "v", Type: c.typ, Nullable: true}}, nil)
			batch := array.NewRecordBatch(s, []arrow.Array{a}, int64(a.Len()))
			// The second batch is a slice: offsets must count.
			path := written(t, s, batch, batch.NewSlice(1, 3))
			want := lines(t, s, batch, batch.NewSlice(1, 3))
			if got := readBack(t, path); got != want {
				t.Errorf("DuckDB reads (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func written(t *testing.T, s *arrow.Schema, batches ...arrow.RecordBatch) string {
	t.Helper()
	var out bytes.Buffer
	w, err := newParquet(&out, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rows.parquet")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(t *testing.T, s *arrow.Schema, batches ...arrow.RecordBatch) string {
	t.Helper()
	var out bytes.Buffer
	w := render.NewJSON(&out, s)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func readBack(t *testing.T, path string) string {
	t.Helper()
	db, err := duckdb.Open(duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.Query(t.Context(), "FROM read_parquet("+duckdb.Quote(path)+")")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Release()
	var batches []arrow.RecordBatch
	for rows.Next() {
		b := rows.RecordBatch()
		b.Retain()
		batches = append(batches, b)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return lines(t, rows.Schema(), batches...)
}

func TestParquetEmpty(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "v", Type: arrow.PrimitiveTypes.Int64}}, nil)
	if got := readBack(t, written(t, s)); got != "" {
		t.Errorf("got %q, want no rows", got)
	}
}

// Row groups end where they are full, and no row is lost between them.
func TestParquetManyRows(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range 50_000 {
		b.Append(int64(i))
	}
	s := arrow.NewSchema([]arrow.Field{{Name: "v", Type: arrow.PrimitiveTypes.Int64}}, nil)
	batch := array.NewRecordBatch(s, []arrow.Array{b.NewArray()}, 50_000)
	path := written(t, s, batch, batch, batch, batch, batch)
	if got, want := strings.Count(readBack(t, path), "\n"), 250_000; got != want {
		t.Errorf("got %d rows, want %d", got, want)
	}
}

func TestParquetRefuses(t *testing.T) {
	inside := arrow.ListOf(arrow.FixedWidthTypes.MonthDayNanoInterval)
	_, err := newParquet(&bytes.Buffer{}, arrow.NewSchema([]arrow.Field{{Name: "waits", Type: inside}}, nil))
	if err == nil {
		t.Error("a type without a Parquet type was accepted")
	}
}
