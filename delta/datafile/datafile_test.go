package datafile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/store"
)

func structOf(t testing.TB, text string) *schema.Struct {
	t.Helper()
	typ, err := schema.ParseType("struct<" + text + ">")
	if err != nil {
		t.Fatal(err)
	}
	return typ.(*schema.Struct)
}

func batchOf(t testing.TB, s *schema.Struct, rows string) arrow.RecordBatch {
	t.Helper()
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema.ToArrow(s), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func each(batches ...arrow.RecordBatch) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for _, b := range batches {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// readAll returns the rows of a file as one batch, nil where there are none.
func readAll(t testing.TB, s store.Store, key string, size int64, want *schema.Struct, o ReadOptions) (arrow.RecordBatch, error) {
	t.Helper()
	var all []arrow.RecordBatch
	for b, err := range Read(t.Context(), s, key, size, want, o) {
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, nil
	}
	columns := make([]arrow.Array, all[0].NumCols())
	n := int64(0)
	for i := range columns {
		var parts []arrow.Array
		for _, b := range all {
			parts = append(parts, b.Column(i))
		}
		c, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		columns[i] = c
	}
	for _, b := range all {
		n += b.NumRows()
	}
	return array.NewRecordBatch(all[0].Schema(), columns, n), nil
}

var leafTypes = []schema.Type{schema.String, schema.Long, schema.Integer, schema.Short, schema.Byte, schema.Float, schema.Double,
	schema.Boolean, schema.Binary, schema.Date, schema.Timestamp, schema.TimestampNTZ, schema.Decimal{Precision: 38, Scale: 10},
	schema.Decimal{Precision: 9, Scale: 2}, schema.Decimal{Precision: 18}}

func randomType(r *rand.Rand, depth int) schema.Type {
	if depth > 0 {
		switch r.IntN(6) {
		case 0:
			return randomStruct(r, depth-1)
		case 1:
			return &schema.Array{Element: randomType(r, depth-1), ContainsNull: r.IntN(2) > 0}
		case 2:
			return &schema.Map{Key: leafTypes[r.IntN(5)], Value: randomType(r, depth-1), ValueContainsNull: r.IntN(2) > 0}
		}
	}
	return leafTypes[r.IntN(len(leafTypes))]
}

func randomStruct(r *rand.Rand, depth int) *schema.Struct {
	s := &schema.Struct{}
	for i := range 1 + r.IntN(3) {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: randomType(r, depth), Nullable: r.IntN(3) > 0})
	}
	return s
}

func appendRandom(r *rand.Rand, b array.Builder, t schema.Type, nullable bool) {
	if nullable && r.IntN(4) == 0 {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StructBuilder:
		b.Append(true)
		for i, f := range t.(*schema.Struct).Fields {
			appendRandom(r, b.FieldBuilder(i), f.Type, f.Nullable)
		}
	case *array.ListBuilder:
		b.Append(true)
		a := t.(*schema.Array)
		for range r.IntN(4) {
			appendRandom(r, b.ValueBuilder(), a.Element, a.ContainsNull)
		}
	case *array.MapBuilder:
		b.Append(true)
		m := t.(*schema.Map)
		for range r.IntN(4) {
			appendRandom(r, b.KeyBuilder(), m.Key, false)
			appendRandom(r, b.ItemBuilder(), m.Value, m.ValueContainsNull)
		}
	case *array.StringBuilder:
		b.Append(strings.Repeat(string(rune('a'+r.IntN(20))), r.IntN(40)))
	case *array.BinaryBuilder:
		b.Append([]byte{byte(r.IntN(256)), 0})
	case *array.Int64Builder:
		b.Append(int64(r.Uint64()))
	case *array.Int32Builder:
		b.Append(int32(r.Uint32()))
	case *array.Int16Builder:
		b.Append(int16(r.Uint32()))
	case *array.Int8Builder:
		b.Append(int8(r.Uint32()))
	case *array.Float64Builder:
		b.Append(r.NormFloat64())
	case *array.Float32Builder:
		b.Append(r.Float32())
	case *array.BooleanBuilder:
		b.Append(r.IntN(2) > 0)
	case *array.Date32Builder:
		b.Append(arrow.Date32(r.IntN(40000) - 20000))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(r.Int64N(1<<51) - 1<<50))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(r.Int64N(1e9) - 5e8))
	}
}

func randomBatch(r *rand.Rand, s *schema.Struct, rows int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema.ToArrow(s))
	for range rows {
		for i, f := range s.Fields {
			appendRandom(r, b.Field(i), f.Type, f.Nullable)
		}
	}
	return b.NewRecordBatch()
}

// text is the rows as JSON: unlike RecordEqual it does not look at what is below a null.
func text(t testing.TB, b arrow.RecordBatch) string {
	t.Helper()
	out, err := b.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRoundTrip(t *testing.T) {
	// 300 random schemas have each type of column under each kind of nesting several times over.
	for seed := range uint64(sweep.Of(100, 300, 5000)) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := randomStruct(r, 3)
		rows := 1 + r.IntN(300)
		batch := randomBatch(r, s, rows)
		m := store.NewMem()
		cut := int64(r.IntN(rows))
		size, f, err := Write(t.Context(), m, "t/f.parquet", s, each(batch.NewSlice(0, cut), batch.NewSlice(cut, int64(rows))),
			Options{RowGroupRows: 64, Spill: r.IntN(2) * 100, SpillDir: t.TempDir()})
		if err != nil {
			t.Fatalf("seed %d: Write %s: %v", seed, s, err)
		}
		if f.NumRecords != int64(rows) {
			t.Errorf("seed %d: got %d rows in the statistics, want %d", seed, f.NumRecords, rows)
		}
		got, err := readAll(t, m, "t/f.parquet", size, s, ReadOptions{BatchRows: 50})
		if err != nil {
			t.Fatalf("seed %d: Read %s: %v", seed, s, err)
		}
		if got, want := text(t, got), text(t, batch); got != want {
			at := 0
			for got[at] == want[at] {
				at++
			}
			t.Fatalf("seed %d: %s: first difference:\n got %.200s\nwant %.200s", seed, s, got[max(0, at-50):], want[max(0, at-50):])
		}
	}
}

func TestReadOlderFile(t *testing.T) {
	old := structOf(t, "a int, B string, o struct<x int, y float, z int>, gone int, l array<struct<p smallint>>")
	rows := `[{"a":1,"B":"x","o":{"x":1,"y":1.5},"l":[{"p":1},null]},{"a":null,"B":null,"o":null,"gone":7},{"a":3,"o":{"x":null}}]`
	m := store.NewMem()
	size, _, err := Write(t.Context(), m, "f", old, each(batchOf(t, old, rows)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want, rows string
		o          ReadOptions
	}{
		{"b string, p int, a bigint, n array<int>", `[{"b":"x","a":1,"p":5},{"p":5},{"a":3,"p":5}]`,
			ReadOptions{Partition: map[string]stats.Value{"p": int64(5)}}},
		{"o struct<new string, y double, x bigint>, l array<struct<p bigint, q int>>",
			`[{"o":{"y":1.5,"x":1},"l":[{"p":1},null]},{"o":null},{"o":{"x":null}}]`, ReadOptions{}},
		{"o struct<fresh int>", `[{"o":{"fresh":null}},{"o":null},{"o":{}}]`, ReadOptions{}},
		{"p string, n void", `[{"p":"k"},{"p":"k"},{"p":"k"}]`, ReadOptions{Partition: map[string]stats.Value{"p": "k"}, BatchRows: 2}},
		{"d date, dec decimal(5,2), ts timestamp", `[{"d":"2024-02-29","dec":"1.50","ts":"2024-01-01T00:00:00Z"},{"d":"2024-02-29","dec":"1.50","ts":"2024-01-01T00:00:00Z"},{"d":"2024-02-29","dec":"1.50","ts":"2024-01-01T00:00:00Z"}]`,
			ReadOptions{Partition: map[string]stats.Value{"d": stats.Date(19782), "dec": must(stats.ParseDecimal("1.50")), "ts": must(stats.ParseTimestamp("2024-01-01"))}}},
	} {
		want := structOf(t, c.want)
		got, err := readAll(t, m, "f", size, want, c.o)
		if err != nil {
			t.Errorf("Read %s: %v", c.want, err)
		} else if w := batchOf(t, want, c.rows); text(t, got) != text(t, w) {
			t.Errorf("Read %s:\n got %v\nwant %v", c.want, text(t, got), text(t, w))
		}
	}
}

func must[T any](v T, ok bool) T {
	if !ok {
		panic(v)
	}
	return v
}

func TestWriteRefuses(t *testing.T) {
	m := store.NewMem()
	nullable := structOf(t, "a int, o struct<x int>, l array<int>, m map<string,int>")
	for _, c := range []struct{ schema, rows, want string }{
		{"a int not null", `[{"a":1},{}]`, "column a: a row is null"},
		{"o struct<x int not null>", `[{"o":{}}]`, "column o.x: a row is null"},
		{"l array<int not null>", `[{"l":[1,null]}]`, "column l.element: a row is null"},
		{"m map<string,int not null>", `[{"m":[{"key":"k","value":null}]}]`, "column m.value: a row is null"},
		{"q int not null", `[{}]`, "column q: a row is null"},
		{"a struct<>", `[{}]`, "struct without members"},
		{"a void", `[{}]`, "no column"},
		{"a array<void>", `[{}]`, "type void cannot be stored"},
		{"a tinyint", `[{"a":1000}]`, "column a: from int32 to int8"},
		{"a date", `[{"a":1000}]`, "column a"},
	} {
		_, _, err := Write(t.Context(), m, "f", structOf(t, c.schema), each(batchOf(t, nullable, c.rows)), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "write f:") {
			t.Errorf("Write %s: got %v, want an error with %q", c.schema, err, c.want)
		}
	}
	if _, err := store.ReadAll(t.Context(), m, "f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after failures the file: got %v, want none", err)
	}
	ok := structOf(t, "o struct<x int not null>")
	if _, _, err := Write(t.Context(), m, "f", ok, each(batchOf(t, nullable, `[{"o":null}]`)), Options{}); err != nil {
		t.Errorf("a null struct with a member that is never null: %v", err)
	}
	if _, _, err := Write(t.Context(), m, "f", ok, each(), Options{Codec: "lzo"}); err == nil {
		t.Error("codec lzo: got no error")
	}
	failing := func(yield func(arrow.RecordBatch, error) bool) { yield(nil, fs.ErrPermission) }
	if _, _, err := Write(t.Context(), m, "g", ok, failing, Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an error of the batches: got %v, want it", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Write(ctx, m, "g", ok, each(batchOf(t, nullable, `[{}]`)), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: got %v, want %v", err, context.Canceled)
	}
}

func TestAdaptForeignTypes(t *testing.T) {
	ns := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Berlin"}
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	in := arrow.NewSchema([]arrow.Field{
		{Name: "T", Type: ns, Nullable: true}, {Name: "s", Type: &arrow.TimestampType{Unit: arrow.Second}, Nullable: true},
		{Name: "big", Type: arrow.BinaryTypes.LargeString, Nullable: true}, {Name: "u", Type: arrow.PrimitiveTypes.Uint64, Nullable: true},
		{Name: "h", Type: arrow.FixedWidthTypes.Float16, Nullable: true}, {Name: "dict", Type: dict, Nullable: true},
		{Name: "ll", Type: arrow.LargeListOf(arrow.PrimitiveTypes.Uint8), Nullable: true},
		{Name: "fl", Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int32), Nullable: true},
		{Name: "d", Type: arrow.PrimitiveTypes.Date64, Nullable: true},
		{Name: "view", Type: arrow.BinaryTypes.StringView, Nullable: true},
		{Name: "lb", Type: arrow.BinaryTypes.LargeBinary, Nullable: true},
		{Name: "i", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Date32, Nullable: true},
		{Name: "dec", Type: &arrow.Decimal128Type{Precision: 5, Scale: 1}, Nullable: true},
	}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, in, strings.NewReader(`[
		{"T":"2024-01-01T00:00:00.123456789Z","s":"2024-01-01 00:00:00","big":"x","u":18446744073709551615,"h":1.5,"dict":"k","ll":[1,2],"fl":[3,4],"d":86400000,"view":"v","lb":"YQ==","i":7,"n":"2024-01-01","dec":"1.5"},
		{},
		{"u":1,"fl":[5,6],"dict":"k","ll":[9]}]`))
	if err != nil {
		t.Fatal(err)
	}
	found, err := schema.FromArrow(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := found.String(); got != "struct<T:timestamp,s:timestamp_ntz,big:string,u:decimal(20,0),h:float,dict:string,ll:array<smallint>,fl:array<int>,d:date,view:string,lb:binary,i:int,n:date,dec:decimal(5,1)>" {
		t.Fatalf("FromArrow: got %s", got)
	}
	want := structOf(t, "t timestamp, s timestamp_ntz, big string, u decimal(20,0), h float, dict string, ll array<smallint>, fl array<bigint>, d date, view string, lb binary, i decimal(12,2), n timestamp_ntz, dec decimal(8,3)")
	expect := batchOf(t, want, `[
		{"t":"2024-01-01T00:00:00.123456Z","s":"2024-01-01 00:00:00","big":"x","u":"18446744073709551615","h":1.5,"dict":"k","ll":[1,2],"fl":[3,4],"d":"1970-01-02","view":"v","lb":"YQ==","i":"7.00","n":"2024-01-01 00:00:00","dec":"1.500"},
		{},
		{"u":"1","fl":[5,6],"dict":"k","ll":[9]}]`)
	for _, from := range []int64{0, 1} {
		got, err := Adapt(t.Context(), batch.NewSlice(from, 3), want)
		if err != nil {
			t.Fatal(err)
		}
		if w := expect.NewSlice(from, 3); text(t, got) != text(t, w) {
			t.Errorf("Adapt from row %d:\n got %v\nwant %v", from, text(t, got), text(t, w))
		}
	}
}

func TestSplit(t *testing.T) {
	s := structOf(t, "v int, day date, l map<string,int>, k string")
	batch := batchOf(t, s, `[{"v":1,"day":"2024-01-01","k":"a","l":[{"key":"x","value":1}]},{"v":2,"day":"2024-01-02","k":"a"},{"v":3,"k":""},
		{"v":4,"day":"2024-01-01","k":"a","l":[]},{"v":5,"k":null}]`)
	parts, err := Split(batch, s, []string{"K", "day"})
	if err != nil {
		t.Fatal(err)
	}
	rest := structOf(t, "v int, l map<string,int>")
	for i, want := range []struct{ dir, rows string }{
		{"k=a/day=2024-01-01/", `[{"v":1,"l":[{"key":"x","value":1}]},{"v":4,"l":[]}]`},
		{"k=a/day=2024-01-02/", `[{"v":2}]`},
		{"k=__HIVE_DEFAULT_PARTITION__/day=__HIVE_DEFAULT_PARTITION__/", `[{"v":3},{"v":5}]`},
	} {
		if i >= len(parts) {
			t.Fatalf("got %d parts, want 3", len(parts))
		}
		if got := Dir([]string{"k", "day"}, parts[i].Values); got != want.dir {
			t.Errorf("part %d: got %s, want %s", i, got, want.dir)
		}
		if w := batchOf(t, rest, want.rows); !array.RecordEqual(parts[i].Rows, w) {
			t.Errorf("part %d: got %v, want %v", i, parts[i].Rows, w)
		}
	}
	if _, err := Split(batch, s, []string{"zz"}); err == nil {
		t.Error("Split by a column that is not there: got no error")
	}
	if _, err := Split(batch, s, []string{"l"}); err == nil {
		t.Error("Split by a map: got no error")
	}
	x := "a/b=c %é"
	if got, want := Dir([]string{"p:q"}, map[string]*string{"p:q": &x}), "p%3Aq=a%2Fb%3Dc %25é/"; got != want {
		t.Errorf("Dir: got %s, want %s", got, want)
	}
}

func TestReadCorrupt(t *testing.T) {
	m := store.NewMem()
	s := structOf(t, "a int, b string, l array<int>")
	size, _, err := Write(t.Context(), m, "f", s, each(randomBatch(rand.New(rand.NewPCG(1, 2)), s, 50)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := store.ReadAll(t.Context(), m, "f")
	if err != nil || int64(len(whole)) != size {
		t.Fatalf("got %d bytes, %v; want %d", len(whole), err, size)
	}
	for name, body := range map[string][]byte{"empty": nil, "short": whole[:20], "cut": whole[:len(whole)-1], "zeros": make([]byte, 100),
		"footer": append(append([]byte{}, whole[:len(whole)-60]...), make([]byte, 60)...)} {
		if err := store.PutBytes(t.Context(), m, "t/"+name, body, store.Always); err != nil {
			t.Fatal(err)
		}
		_, err := readAll(t, m, "t/"+name, int64(len(body)), s, ReadOptions{})
		if !errors.As(err, new(*CorruptError)) || !strings.Contains(err.Error(), "read t/"+name) {
			t.Errorf("%s: got %v, want a *CorruptError that names the file", name, err)
		}
	}
	if _, err := readAll(t, m, "f", size+5, s, ReadOptions{}); !errors.As(err, new(*CorruptError)) || !strings.Contains(err.Error(), "ends before") {
		t.Errorf("a file that is too short: got %v, want a *CorruptError", err)
	}
	if _, err := readAll(t, m, "gone", size, s, ReadOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v, want %v", err, fs.ErrNotExist)
	}
}
