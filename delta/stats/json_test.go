package stats

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
)

func mustSchema(t testing.TB, text string) *schema.Struct {
	t.Helper()
	typ, err := schema.ParseType("struct<" + text + ">")
	if err != nil {
		t.Fatal(err)
	}
	return typ.(*schema.Struct)
}

func decimal(text string) Decimal {
	d, ok := ParseDecimal(text)
	if !ok {
		panic(text)
	}
	return d
}

func date(text string) Date {
	d, ok := ParseDate(text)
	if !ok {
		panic(text)
	}
	return d
}

func timestamp(text string) Timestamp {
	d, ok := ParseTimestamp(text)
	if !ok {
		panic(text)
	}
	return d
}

func TestFileJSON(t *testing.T) {
	s := mustSchema(t, "l bigint, f float, d double, b boolean, s string, x binary, dt date, ts timestamp,"+
		"n timestamp_ntz, dec decimal(10,2), o struct<a int, p struct<q string>>, li array<int>")
	f := File{NumRecords: 7, TightBounds: true, Columns: []Column{
		{Path: []string{"l"}, Min: int64(-5), Max: int64(1 << 60), NullCount: 0},
		{Path: []string{"f"}, Min: float64(float32(0.1)), Max: 3.0, NullCount: 1},
		{Path: []string{"d"}, Min: -1e300, NullCount: 2},
		{Path: []string{"b"}, Min: false, Max: true, NullCount: 3},
		{Path: []string{"s"}, Min: "a\"\\\n<é", Max: "z\u007f", NullCount: 0},
		{Path: []string{"x"}, Min: []byte("a"), Max: []byte("b"), NullCount: 0},
		{Path: []string{"dt"}, Min: date("1969-12-31"), Max: date("2024-02-29"), NullCount: 0},
		{Path: []string{"ts"}, Min: timestamp("1969-12-31 23:59:59.999999"), Max: timestamp("2024-01-01T00:00:00.123999Z"), NullCount: 0},
		{Path: []string{"n"}, Min: timestamp("2024-01-01"), Max: timestamp("2024-01-01 00:00:00.000999"), NullCount: 0},
		{Path: []string{"dec"}, Min: decimal("-0.01"), Max: decimal("12345678.90"), NullCount: 0},
		{Path: []string{"o", "a"}, Min: int64(1), Max: int64(2), NullCount: 0},
		{Path: []string{"o", "p", "q"}, NullCount: 7},
		{Path: []string{"li"}, NullCount: 4},
	}}
	got := string(f.JSON(s))
	want := `{"numRecords":7,"minValues":{"l":-5,"f":0.1,"d":-1e+300,"s":"a\"\\\u000a<é","dt":"1969-12-31",` +
		`"ts":"1969-12-31T23:59:59.999Z","n":"2024-01-01T00:00:00.000","dec":-0.01,"o":{"a":1}},` +
		`"maxValues":{"l":1152921504606846976,"f":3.0,"s":"z` + "\u007f" + `","dt":"2024-02-29",` +
		`"ts":"2024-01-01T00:00:00.123Z","n":"2024-01-01T00:00:00.000","dec":12345678.90,"o":{"a":2}},` +
		`"nullCount":{"l":0,"f":1,"d":2,"b":3,"s":0,"x":0,"dt":0,"ts":0,"n":0,"dec":0,"o":{"a":0,"p":{"q":7}},"li":4},` +
		`"tightBounds":true}`
	if got != want {
		t.Errorf("JSON:\n got %s\nwant %s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("JSON is not JSON")
	}
	back, err := Parse([]byte(got), s)
	if err != nil {
		t.Fatal(err)
	}
	f.Columns[3].Min, f.Columns[3].Max = nil, nil
	f.Columns[5].Min, f.Columns[5].Max = nil, nil
	f.Columns[7].Min = timestamp("1969-12-31 23:59:59.999") // cut down
	if !reflect.DeepEqual(back, f) {
		t.Errorf("Parse:\n got %+v\nwant %+v", back, f)
	}
}

func TestParseOthers(t *testing.T) {
	s := mustSchema(t, "a bigint, `b c` string, ts timestamp, n timestamp_ntz, d double, dec decimal(38,3), bo boolean, o struct<x int>")
	col := func(name string, lo, hi Value, nulls int64) Column {
		return Column{Path: []string{name}, Min: lo, Max: hi, NullCount: nulls}
	}
	for _, c := range []struct {
		text string
		want File
	}{
		{``, File{NumRecords: -1, TightBounds: true}},
		{`null`, File{NumRecords: -1, TightBounds: true}},
		{` { } `, File{NumRecords: -1, TightBounds: true}},
		{`{"numRecords":3,"tightBounds":false,"new":{"deep":[1,{"a":"]"}]}}`, File{NumRecords: 3}},
		{`{"numRecords":"3","minValues":7,"maxValues":null,"nullCount":[]}`, File{NumRecords: -1, TightBounds: true}},
		{`{"numRecords":-1,"minValues":{"a":"x","d":true,"o":5,"ts":3,"bo":1},"maxValues":{"a":1.5,"ts":"yesterday"}}`,
			File{NumRecords: -1, TightBounds: true}},
		{`{"maxValues":{"zz":{"a":[]},"a":5},"minValues":{"b\u0020c":"\u00e9","a":-5}}`,
			File{-1, true, []Column{col("a", int64(-5), int64(5), -1), col("b c", "é", nil, -1)}}},
		{`{"minValues":{"ts":"2024-01-01T00:00:00+02:00","n":"2024-01-01"},"maxValues":{"ts":"2024-01-01 00:00:00.1234567","n":"2024-01-01"}}`,
			File{-1, true, []Column{col("ts", timestamp("2023-12-31 22:00:00"), timestamp("2024-01-01 00:00:00.123457"), -1),
				col("n", timestamp("2024-01-01"), timestamp("2024-01-01 00:00:00.000999"), -1)}}},
		{`{"minValues":{"d":"NaN","dec":1e2,"bo":false},"maxValues":{"d":"NaN","dec":"100.5","bo":true},"nullCount":{"o":{"x":3}}}`,
			File{-1, true, []Column{col("dec", decimal("100.000"), decimal("100.500"), -1), col("bo", false, true, -1),
				{Path: []string{"o", "x"}, NullCount: 3}}}},
		{`{"minValues":{"d":-1e999,"a":99999999999999999999},"maxValues":{"a":9223372036854775807}}`,
			File{-1, true, []Column{col("a", nil, int64(9223372036854775807), -1)}}},
	} {
		got, err := Parse([]byte(c.text), s)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("Parse(%s):\n got %+v, %v\nwant %+v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{`{`, `[]`, `7`, `{"numRecords":}`, `{"numRecords":1`, `{"numRecords":1}x`, `{"a" 1}`,
		`{"minValues":{"a":1,}}`, `{"minValues":{"a":}}`, `{"x":[}`, `{"x":"`, `{"x":"\`, `{"x":"\q"}`} {
		if got, err := Parse([]byte(text), s); err == nil {
			t.Errorf("Parse(%s): got %+v, want an error", text, got)
		}
	}
}

func TestParseWanted(t *testing.T) {
	s := mustSchema(t, "a int, o struct<x int, y struct<z int>>, c string")
	p := NewParser(s, []string{"o", "y"}, []string{"c"})
	text := `{"numRecords":1,"minValues":{"a":1,"o":{"x":2,"y":{"z":3}},"c":"k"}}`
	for range 2 {
		got, err := p.Parse([]byte(text))
		want := []Column{{Path: []string{"o", "y", "z"}, Min: int64(3), NullCount: -1}, {Path: []string{"c"}, Min: "k", NullCount: -1}}
		if err != nil || !reflect.DeepEqual(got.Columns, want) {
			t.Errorf("got %+v, %v; want %+v", got.Columns, err, want)
		}
	}
	if got, _ := p.Parse([]byte(`{"numRecords":2}`)); got.Columns != nil {
		t.Errorf("after another file: got %+v, want nothing known", got.Columns)
	}
}

// A file of the time when the column was a float holds float32(0.1), which is more than 0.1.
func TestParseWidenedFloat(t *testing.T) {
	s := mustSchema(t, "d double")
	plan, err := schema.Conform(mustSchema(t, "d float"), s, schema.Mode{Widen: true})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(`{"minValues":{"d":0.3},"maxValues":{"d":0.1}}`)
	for _, c := range []struct {
		s      *schema.Struct
		lo, hi Value
	}{
		{s, 0.3, 0.1},
		{plan.Schema, 0.3, float64(float32(0.1))}, // float32(0.3) is more than 0.3
		{mustSchema(t, "d float"), float64(float32(0.3)), float64(float32(0.1))},
	} {
		f, err := Parse(text, c.s)
		if err != nil || f.Columns[0].Min != c.lo || f.Columns[0].Max != c.hi {
			t.Errorf("Parse for %s: got %+v, %v; want %v, %v", c.s, f, err, c.lo, c.hi)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"numRecords":3,"minValues":{"a":1,"o":{"x":"2024-01-01T00:00:00.1Z"}},"maxValues":{"d":1.5e3}}`,
		`{"x":[{}]}`, `{"nullCount":{"a":1}}`, `{"minValues":{"s":"\ud800"}}`} {
		f.Add([]byte(s))
	}
	s := mustSchema(f, "a bigint, f float, d double, s string, dt date, o struct<x timestamp, dec decimal(38,10)>, bo boolean")
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Parse(text, s)
		if json.Valid(text) && err != nil && len(text) > 0 && strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
			t.Fatalf("Parse(%q): %v, want no error for JSON", text, err)
		}
		if err != nil {
			return
		}
		again := got.JSON(s)
		if !json.Valid(again) {
			t.Fatalf("JSON of %+v is not JSON: %s", got, again)
		}
		once, err := Parse(again, s)
		if err != nil {
			t.Fatalf("Parse(%s): %v", again, err)
		}
		if twice := once.JSON(s); string(twice) != string(again) {
			t.Fatalf("not stable:\n got %s\nwant %s", twice, again)
		}
	})
}

func wideStats(columns int) ([]byte, *schema.Struct) {
	var b strings.Builder
	f := File{NumRecords: 1000, TightBounds: true}
	for i := range columns {
		fmt.Fprintf(&b, "%s column_%d bigint", strings.Repeat(",", min(i, 1)), i)
		f.Columns = append(f.Columns, Column{Path: []string{fmt.Sprintf("column_%d", i)}, Min: int64(i * 1000), Max: int64(i * 7000), NullCount: 3})
	}
	t, _ := schema.ParseType("struct<" + b.String() + ">")
	return f.JSON(t.(*schema.Struct)), t.(*schema.Struct)
}

func BenchmarkParse(b *testing.B) {
	text, s := wideStats(4)
	run := func(name string, p *Parser) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := p.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("all", NewParser(s))
	run("one", NewParser(s, []string{"column_2"}))
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v map[string]any
			if err := json.Unmarshal(text, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
