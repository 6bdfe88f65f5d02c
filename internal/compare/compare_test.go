package compare_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/internal/compare"
)

// rows are JSON objects as a result with these columns.
func rows(t *testing.T, fields []arrow.Field, json ...string) array.RecordReader {
	t.Helper()
	s := arrow.NewSchema(fields, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader("["+strings.Join(json, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := array.NewRecordReader(s, []arrow.RecordBatch{b})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func compared(t *testing.T, a, b array.RecordReader) compare.Report {
	t.Helper()
	r, err := compare.Rows(t.Context(), a, b, compare.Options{A: "duckdb", B: "spark"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	i32, i64 = arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64
	f64, str = arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String
	dec2     = &arrow.Decimal128Type{Precision: 10, Scale: 2}
	dec4     = &arrow.Decimal128Type{Precision: 20, Scale: 4}
)

// TestSame promises that what is the same in all that counts is found to be.
func TestSame(t *testing.T) {
	list := arrow.ListOf(str)
	for name, sides := range map[string][2]array.RecordReader{
		"order and width": {rows(t, []arrow.Field{field("a", i32), field("B", str)}, `{"a":1,"B":"x"}`, `{"a":null,"B":"y"}`, `{"a":1,"B":"x"}`),
			rows(t, []arrow.Field{field("A", i64), field("b", arrow.BinaryTypes.LargeString)}, `{"A":1,"b":"x"}`, `{"A":1,"b":"x"}`, `{"A":null,"b":"y"}`)},
		"decimals of other scales": {rows(t, []arrow.Field{field("a", dec2)}, `{"a":"1.50"}`, `{"a":"-0.00"}`), rows(t, []arrow.Field{field("a", dec4)}, `{"a":"0"}`, `{"a":"1.5000"}`)},
		"sums in another order":    {rows(t, []arrow.Field{field("a", f64)}, `{"a":0.3}`, `{"a":1e300}`), rows(t, []arrow.Field{field("a", f64)}, `{"a":1e300}`, `{"a":0.30000000000000004}`)},
		"numbers that sort differently": {
			rows(t, []arrow.Field{field("a", f64), field("b", f64)}, `{"a":1.0,"b":2}`, `{"a":1.0000000000001,"b":1}`),
			rows(t, []arrow.Field{field("a", f64), field("b", f64)}, `{"a":1.0,"b":1}`, `{"a":1.0000000000001,"b":2}`)},
		"nested":   {rows(t, []arrow.Field{field("a", list)}, `{"a":["x",null]}`), rows(t, []arrow.Field{field("a", list)}, `{"a":["x",null]}`)},
		"no rows":  {rows(t, []arrow.Field{field("a", i32)}), rows(t, []arrow.Field{field("a", i32)})},
		"all null": {rows(t, []arrow.Field{field("a", arrow.Null)}, `{"a":null}`), rows(t, []arrow.Field{field("a", i32)}, `{"a":null}`)},
	} {
		if r := compared(t, sides[0], sides[1]); r.Difference != "" || len(r.Notes) > 0 {
			t.Errorf("%s: got %q, %v, want no difference", name, r.Difference, r.Notes)
		}
	}
	r := compared(t, rows(t, []arrow.Field{field("a", f64)}, `{"a":25.522005853257337}`), rows(t, []arrow.Field{field("a", dec4)}, `{"a":"25.5220"}`))
	if r.Difference != "" || len(r.Notes) != 1 || r.Notes[0] != "column a is a floating-point number on duckdb, and a decimal on spark" {
		t.Errorf("a number and a decimal: got %q, %v, want a note alone", r.Difference, r.Notes)
	}
}

// TestDifferent promises that the first difference is told, with its row and column.
func TestDifferent(t *testing.T) {
	one := []arrow.Field{field("id", i32), field("v", f64), field("s", str)}
	for want, sides := range map[string][2]array.RecordReader{
		"duckdb has 2 columns (a, b), spark has 1 (a)":   {rows(t, []arrow.Field{field("a", i32), field("b", i32)}), rows(t, []arrow.Field{field("a", i32)})},
		"column 1 is called a on duckdb, and b on spark": {rows(t, []arrow.Field{field("a", i32)}), rows(t, []arrow.Field{field("b", i32)})},
		"row 2 of duckdb has no match on spark: (id = 2, v = 2, s = null); the nearest there, row 1, has v = 2.1, not 2": {
			rows(t, one, `{"id":1,"v":1,"s":"x"}`, `{"id":2,"v":2,"s":null}`), rows(t, one, `{"id":2,"v":2.1,"s":null}`, `{"id":1,"v":1,"s":"x"}`)},
		"duckdb has 1 rows, spark has 2; row 2 of spark has no match on duckdb: (id = 1, v = 1, s = x)": {
			rows(t, one, `{"id":1,"v":1,"s":"x"}`), rows(t, one, `{"id":1,"v":1,"s":"x"}`, `{"id":1,"v":1,"s":"x"}`)},
		"row 1 of duckdb has no match on spark: (s = null); the nearest there, row 1, has s = , not null": {
			rows(t, []arrow.Field{field("s", str)}, `{"s":null}`), rows(t, []arrow.Field{field("s", str)}, `{"s":""}`)},
		"row 1 of duckdb has no match on spark: (a = 1.5); the nearest there, row 1, has a = 1.51, not 1.5": {
			rows(t, []arrow.Field{field("a", dec2)}, `{"a":"1.50"}`), rows(t, []arrow.Field{field("a", dec2)}, `{"a":"1.51"}`)},
	} {
		if r := compared(t, sides[0], sides[1]); r.Difference != want {
			t.Errorf("got  %s\nwant %s", r.Difference, want)
		}
	}
}

// TestLimit promises an end to what is held in memory.
func TestLimit(t *testing.T) {
	var many []string
	for i := range 11 {
		many = append(many, fmt.Sprintf(`{"a":%d}`, i))
	}
	_, err := compare.Rows(t.Context(), rows(t, []arrow.Field{field("a", i32)}, many...), rows(t, []arrow.Field{field("a", i32)}), compare.Options{Limit: 10})
	var limit *compare.LimitError
	if !errors.As(err, &limit) || limit.Hint() == "" {
		t.Errorf("got %v, want that there are too many", err)
	}
}

// TestOrdered promises that the order of rows counts where it is asked for.
func TestOrdered(t *testing.T) {
	side := func(json ...string) array.RecordReader { return rows(t, []arrow.Field{field("a", i32)}, json...) }
	for _, c := range []struct {
		b    []string
		same bool
	}{{[]string{`{"a":1}`, `{"a":2}`}, true}, {[]string{`{"a":2}`, `{"a":1}`}, false}} {
		r, err := compare.Rows(t.Context(), side(`{"a":1}`, `{"a":2}`), side(c.b...), compare.Options{Ordered: true})
		if err != nil || (r.Difference == "") != c.same {
			t.Errorf("%v: got %q, %v, want the same: %t", c.b, r.Difference, err, c.same)
		}
	}
}
