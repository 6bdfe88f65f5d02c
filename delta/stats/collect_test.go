package stats

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
)

func batchOf(t testing.TB, s *schema.Struct, rows string) arrow.RecordBatch {
	t.Helper()
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema.ToArrow(s), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func TestCollector(t *testing.T) {
	s := mustSchema(t, "l bigint, y tinyint, f float, d double, s string, b boolean, dt date, ts timestamp, dec decimal(10,2),"+
		"o struct<a int, p struct<q string>>, li array<int>, e int, z double")
	one := batchOf(t, s, `[
		{"l":5,"y":-3,"f":0.5,"d":0,"s":"b","b":true,"dt":"2024-01-01","ts":"2024-01-01T00:00:00.123456Z","dec":"1.50","o":{"a":1,"p":{"q":"x"}},"li":[1]},
		{"l":null,"y":7,"f":-2,"d":-1,"s":"a","b":null,"dt":null,"ts":null,"dec":"-0.01","o":null,"li":null},
		{"l":-9,"y":0,"f":null,"d":-7,"s":null,"dt":"1969-12-31","ts":"1960-01-01T00:00:00Z","dec":null,"o":{"a":null,"p":{"q":"w"}},"li":[]}]`)
	two := batchOf(t, s, `[{"l":6,"y":1,"f":3,"d":0,"s":"zzzzz","b":true,"dt":"2025-01-01","ts":"2024-01-01T00:00:00Z","dec":"99.99","o":{"a":-4,"p":null},"li":null}]`)
	var leaves []schema.Path
	for path := range s.Leaves() {
		leaves = append(leaves, path)
	}
	c := NewCollector(s, leaves, 3)
	for _, b := range []arrow.RecordBatch{one.NewSlice(1, 3), one.NewSlice(0, 1), two, two.NewSlice(0, 0)} {
		if err := c.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	want := File{NumRecords: 4, TightBounds: true, Columns: []Column{
		{[]string{"l"}, int64(-9), int64(6), 1},
		{[]string{"y"}, int64(-3), int64(7), 0},
		{[]string{"f"}, -2.0, 3.0, 1},
		{[]string{"d"}, -7.0, 0.0, 0},
		{[]string{"s"}, "a", "zzz\x7f", 1},
		{[]string{"b"}, nil, nil, 2},
		{[]string{"dt"}, date("1969-12-31"), date("2025-01-01"), 1},
		{[]string{"ts"}, timestamp("1960-01-01"), timestamp("2024-01-01 00:00:00.123456"), 1},
		{[]string{"dec"}, decimal("-0.01"), decimal("99.99"), 1},
		{[]string{"o", "a"}, int64(-4), int64(1), 2},
		{[]string{"o", "p", "q"}, "w", "x", 2},
		{[]string{"li"}, nil, nil, 2},
		{[]string{"e"}, nil, nil, 4},
		{[]string{"z"}, nil, nil, 4},
	}}
	for i := range want.Columns {
		got := c.File().Columns[i]
		w := want.Columns[i]
		if !slices.Equal(got.Path, w.Path) || !reflect.DeepEqual(got.Min, w.Min) || !reflect.DeepEqual(got.Max, w.Max) || got.NullCount != w.NullCount {
			t.Errorf("column %v: got %+v, want %+v", w.Path, got, w)
		}
	}
	if got := c.File(); got.NumRecords != 4 || !got.TightBounds || len(got.Columns) != len(want.Columns) {
		t.Errorf("got %d rows, tight %v, %d columns", got.NumRecords, got.TightBounds, len(got.Columns))
	}
	a, b := NewCollector(s, leaves, 3), NewCollector(s, leaves, 3)
	if a.Add(one) != nil || b.Add(two) != nil {
		t.Fatal("Add failed")
	}
	if got, want := Merge(a.File(), b.File()), c.File(); string(got.JSON(s)) != string(want.JSON(s)) {
		t.Errorf("Merge:\n got %s\nwant %s", got.JSON(s), want.JSON(s))
	}
	if got, want := Merge(File{TightBounds: true}, b.File()), b.File(); !reflect.DeepEqual(got, want) {
		t.Errorf("Merge with an empty file: got %+v, want %+v", got, want)
	}
	if got := Merge(a.File(), File{NumRecords: -1}); got.NumRecords != -1 || got.Columns != nil || got.TightBounds {
		t.Errorf("Merge with a file of which nothing is known: got %+v", got)
	}
}

func TestCollectorFloats(t *testing.T) {
	s := mustSchema(t, "d double")
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		values []float64
		lo, hi Value
	}{
		{[]float64{1, nan, 2}, 1.0, nil}, {[]float64{nan}, nil, nil}, {[]float64{inf, inf}, inf, inf}, {[]float64{-inf, 3}, -inf, 3.0},
		{[]float64{0}, 0.0, 0.0}, {nil, nil, nil},
	} {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues(c.values, nil)
		x := NewCollector(s, []schema.Path{{"d"}}, 0)
		if err := x.Add(array.NewRecordBatch(schema.ToArrow(s), []arrow.Array{b.NewArray()}, int64(len(c.values)))); err != nil {
			t.Fatal(err)
		}
		if got := x.File().Columns[0]; got.Min != c.lo || got.Max != c.hi {
			t.Errorf("%v: got %v, %v; want %v, %v", c.values, got.Min, got.Max, c.lo, c.hi)
		}
	}
	zero := extremes{}
	addFloat(&zero, []float32{0}, nil)
	if !math.Signbit(zero.floatLo) || math.Signbit(zero.floatHi) {
		t.Errorf("zero: got %v, %v; want -0 and 0", zero.floatLo, zero.floatHi)
	}
}

func BenchmarkCollector(b *testing.B) {
	s := mustSchema(b, "a bigint, d double")
	x, y := array.NewInt64Builder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
	for i := range 64 << 10 {
		x.Append(int64(i * 7919 % 65537))
		y.Append(float64(i))
	}
	batch := array.NewRecordBatch(schema.ToArrow(s), []arrow.Array{x.NewArray(), y.NewArray()}, 64<<10)
	c := NewCollector(s, []schema.Path{{"a"}, {"d"}}, 0)
	b.SetBytes(16 * 64 << 10)
	for b.Loop() {
		if err := c.Add(batch); err != nil {
			b.Fatal(err)
		}
	}
}
