package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// columnsOf are one column of every type, as the JSON that Arrow reads.
var columnsOf = []struct {
	name string
	typ  arrow.DataType
	rows string // two rows, or three
}{
	{"bool", arrow.FixedWidthTypes.Boolean, `[true, null]`},
	{"int8", arrow.PrimitiveTypes.Int8, `[-128, null]`},
	{"int64", arrow.PrimitiveTypes.Int64, `[-9223372036854775808, 9223372036854775807]`},
	{"uint64", arrow.PrimitiveTypes.Uint64, `[18446744073709551615, null]`},
	{"float32", arrow.PrimitiveTypes.Float32, `[0.1, 16777216]`},
	{"float64", arrow.PrimitiveTypes.Float64, `[1e21, 0.000001]`},
	{"decimal(5,2)", &arrow.Decimal32Type{Precision: 5, Scale: 2}, `["-1.50", null]`},
	{"decimal(18,3)", &arrow.Decimal64Type{Precision: 18, Scale: 3}, `["-0.001", null]`},
	{"decimal(38,0)", &arrow.Decimal128Type{Precision: 38, Scale: 0}, `["99999999999999999999999999999999999999", "-1"]`},
	{"decimal(50,2)", &arrow.Decimal256Type{Precision: 50, Scale: 2}, `["123456789012345678901234567890.12", null]`},
	{"string", arrow.BinaryTypes.String, `["ünïcode, \"q\"\n\u001b[31m", ""]`},
	{"large string", arrow.BinaryTypes.LargeString, `["日本語", null]`},
	{"string view", arrow.BinaryTypes.StringView, `["a string that is longer than twelve", null]`},
	{"binary", arrow.BinaryTypes.Binary, `["3q2+7w==", ""]`},
	{"fixed binary", &arrow.FixedSizeBinaryType{ByteWidth: 2}, `["AP8=", null]`},
	{"date32", arrow.FixedWidthTypes.Date32, `["1969-12-31", "2024-02-29"]`},
	{"date64", arrow.FixedWidthTypes.Date64, `["1969-12-31", null]`},
	{"time64", arrow.FixedWidthTypes.Time64us, `["23:59:59.999999", "00:00:00"]`},
	{"timestamp", &arrow.TimestampType{Unit: arrow.Microsecond}, `["1969-12-31T23:59:59.5", "2024-02-29T12:00:00"]`},
	{"timestamptz", arrow.FixedWidthTypes.Timestamp_us, `["2024-02-29T12:00:00.000001Z", null]`},
	{"timestamp_ns", &arrow.TimestampType{Unit: arrow.Nanosecond}, `["2024-02-29T12:00:00.000000001", null]`},
	{"duration", arrow.FixedWidthTypes.Duration_ms, `["90061500ms", null]`},
	{"interval", arrow.FixedWidthTypes.MonthDayNanoInterval, `[{"months": 14, "days": 1, "nanoseconds": 1500000000}, {"months": 0, "days": 0, "nanoseconds": 0}]`},
	{"list", arrow.ListOf(arrow.BinaryTypes.String), `[["a", null, "b\n"], []]`},
	{"list of dates", arrow.ListOf(arrow.FixedWidthTypes.Date32), `[["2024-02-29"], null]`},
	{"fixed list", arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int32), `[[1, 2], null]`},
	{"struct", arrow.StructOf(
		arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		arrow.Field{Name: "at", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true}), `[{"x": 1.5, "at": "2024-02-29T12:00:00Z"}, {"x": null, "at": null}]`},
	{"map", arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String), `[[{"key": 1, "value": "one"}, {"key": 2, "value": null}], []]`},
	{"dictionary", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `["red", null]`},
	{"null", arrow.Null, `[null, null]`},
}

func allTypes(t testing.TB) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Array
	for _, c := range columnsOf {
		a, _, err := array.FromJSON(memory.DefaultAllocator, c.typ, strings.NewReader(c.rows))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true})
		columns = append(columns, a)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, 2)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func write(t testing.TB, w Writer, batches ...arrow.RecordBatch) {
	t.Helper()
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEveryType(t *testing.T) {
	batch := allTypes(t)
	var table, c, j bytes.Buffer
	// As a person would: one row a column, so that the golden file can be read.
	grid := NewGrid(&table, Style{}, Column{Name: "type"}, Column{Name: "first"}, Column{Name: "second"})
	for i, name := range batch.Schema().Fields() {
		values := []string{name.Name}
		value := plain.nullable(batch.Column(i))
		for row := range 2 {
			values = append(values, string(value(nil, row)))
		}
		if err := grid.Add(values...); err != nil {
			t.Fatal(err)
		}
	}
	if err := grid.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, NewCSV(&c, batch.Schema()), batch)
	write(t, NewJSON(&j, batch.Schema()), batch)
	golden(t, "types.txt", table.Bytes())
	golden(t, "types.csv", c.Bytes())
	golden(t, "types.jsonl", j.Bytes())

	for line := range strings.Lines(j.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if rows, err := csv.NewReader(&c).ReadAll(); err != nil || len(rows) != 3 {
		t.Errorf("CSV read back: got %d rows, %v; want 3", len(rows), err)
	}
}

// A slice of a batch shows the rows of the slice, also inside nested arrays.
func TestSlice(t *testing.T) {
	batch := allTypes(t)
	var whole, parts bytes.Buffer
	write(t, NewJSON(&whole, batch.Schema()), batch)
	write(t, NewJSON(&parts, batch.Schema()), batch.NewSlice(0, 1), batch.NewSlice(1, 2))
	if diff := cmp.Diff(whole.String(), parts.String()); diff != "" {
		t.Errorf("in slices (-whole +slices):\n%s", diff)
	}
}

func people(t testing.TB) arrow.RecordBatch {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "remark", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "more", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"name": "Ada", "n": 1, "remark": "a remark that is much too long for a narrow terminal", "more": "x"},
		{"name": "日本", "n": 12345, "remark": null, "more": "the last column, also rather long"},
		{"name": "e\u0301vil\u001b]0;pwned\u0007", "n": null, "remark": "", "more": "\u202etxt.exe"}]`))
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func TestTable(t *testing.T) {
	batch := people(t)
	for name, style := range map[string]Style{
		"wide.txt":   {},
		"cut.txt":    {Width: 60},
		"narrow.txt": {Width: 24},
		"tiny.txt":   {Width: 3},
		"color.txt":  {Width: 80, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			table := NewTable(&out, batch.Schema(), style)
			write(t, table, batch)
			out.WriteString("note: " + table.Note() + "\n")
			golden(t, name, out.Bytes())
		})
	}
}

// The table streams after its sample, with the widths the sample gave.
func TestTableStreams(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range 700 {
		b.Append(int64(i))
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	column := b.NewArray()
	batch := array.NewRecordBatch(schema, []arrow.Array{column}, 700)
	var out bytes.Buffer
	table := NewTable(&out, schema, Style{})
	for i := range 3 {
		if err := table.Write(batch); err != nil {
			t.Fatal(err)
		}
		if held := len(table.grid.held); i > 0 && held != 0 {
			t.Errorf("after batch %d: %d rows held, want 0", i, held)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(out.String(), "\n"), 2102; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
}

func TestEmpty(t *testing.T) {
	schema := people(t).Schema()
	var table, c, j bytes.Buffer
	write(t, NewTable(&table, schema, Style{}))
	write(t, NewCSV(&c, schema))
	write(t, NewJSON(&j, schema))
	if got, want := c.String(), "name,n,remark,more\n"; got != want {
		t.Errorf("csv: got %q, want %q", got, want)
	}
	if got := j.String(); got != "" {
		t.Errorf("json: got %q, want nothing", got)
	}
	if got, want := table.String(), "name  n  remark  more\n────  ─  ──────  ────\n"; got != want {
		t.Errorf("table: got %q, want %q", got, want)
	}
}

func TestSameNames(t *testing.T) {
	f := arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64}
	schema := arrow.NewSchema([]arrow.Field{f, f, {Name: "a_2", Type: f.Type}}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{f}, nil), strings.NewReader(`[{"a":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	c := batch.Column(0)
	var out bytes.Buffer
	write(t, NewJSON(&out, schema), array.NewRecordBatch(schema, []arrow.Array{c, c, c}, 1))
	if got, want := out.String(), "{\"a\":1,\"a_2\":1,\"a_2_2\":1}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
