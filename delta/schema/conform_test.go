package schema

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

func structType(t testing.TB, text string) *Struct {
	t.Helper()
	typ, err := ParseType("struct<" + text + ">")
	if err != nil {
		t.Fatal(err)
	}
	return typ.(*Struct)
}

func TestConform(t *testing.T) {
	add, widen := Mode{AddColumns: true}, Mode{Widen: true}
	for _, c := range []struct {
		table, rows string
		mode        Mode
		want        string // the schema, "" where it stays
		steps       string
	}{
		{"a int, b string", "B string, A int", Mode{}, "", "a:keep b:keep"},
		{"a bigint, b double", "a tinyint, b float", Mode{}, "", "a:cast b:cast"},
		{"a int, b string", "b string", Mode{}, "", "a:fill b:keep"},
		{"a int", "a void", Mode{}, "", "a:cast"},
		{"o struct<x bigint, y int>", "o struct<x int>", Mode{}, "", "o.x:cast o.y:fill"},
		{"l array<bigint>, m map<string,double>", "l array<int>, m map<string,int>", Mode{}, "", "l.element:cast m.key:keep m.value:cast"},
		{"a int", "a int, b struct<c int not null>", add, "a:int,b:struct<c:int not null>", "a:keep b:add"},
		{"o struct<x int>, l array<struct<p int>>", "o struct<x int, y int not null>, l array<struct<q int>>", add,
			"o:struct<x:int,y:int>,l:array<struct<p:int,q:int>>", "o.x:keep o.y:add l.element.p:fill l.element.q:add"},
		{"a int", "a bigint", widen, "a:bigint", "a:widen"},
		{"d date, f float, n decimal(5,2), i int", "d timestamp_ntz, f double, n decimal(8,3), i decimal(12,2)", widen,
			"d:timestamp_ntz,f:double,n:decimal(8,3),i:decimal(12,2)", "d:widen f:widen n:widen i:widen"},
		{"a bigint", "a int", widen, "", "a:cast"},
	} {
		table := structType(t, c.table)
		plan, err := Conform(table, structType(t, c.rows), c.mode)
		if err != nil {
			t.Errorf("Conform(%s <- %s): %v", c.table, c.rows, err)
			continue
		}
		want := c.want
		if want == "" {
			want = strings.TrimSuffix(strings.TrimPrefix(table.String(), "struct<"), ">")
		}
		if got := plan.Schema.String(); got != "struct<"+want+">" || (plan.Schema == table) != (c.want == "") {
			t.Errorf("Conform(%s <- %s): got schema %s, want %s", c.table, c.rows, got, want)
		}
		var steps []string
		for _, s := range plan.Steps {
			steps = append(steps, fmt.Sprintf("%s:%s", s.Column, s.Change))
		}
		if got := strings.Join(steps, " "); got != c.steps {
			t.Errorf("Conform(%s <- %s): got %s, want %s", c.table, c.rows, got, c.steps)
		}
		if plan.Widened != strings.Contains(c.steps, "widen") {
			t.Errorf("Conform(%s <- %s): got Widened %v", c.table, c.rows, plan.Widened)
		}
	}
}

func TestConformRefuses(t *testing.T) {
	all := Mode{AddColumns: true, Widen: true}
	for _, c := range []struct {
		table, rows string
		mode        Mode
		want, hint  string
	}{
		{"a int", "a bigint", Mode{}, "column a: expected int, found bigint", "allow wider types"},
		{"a int", "a string", all, "column a: expected int, found string", "cast(a as int) before writing"},
		{"a int", "a int, b int", Mode{Widen: true}, "column b: the table does not have it (found int)", "allow new columns"},
		{"a int not null, b int", "b int", all, "column a: expected int that is never null", "give the rows a column a"},
		{"o struct<`x y` int>", "o struct<`x y` date>", all, "column o.`x y`: expected int, found date", ""},
		{"o struct<x int>", "o int", all, "column o: expected struct<x:int>, found int", ""},
		{"a bigint", "a double", all, "column a: expected bigint, found double", ""},
		{"a bigint", "a decimal(19,0)", all, "expected bigint, found decimal(19,0)", ""},
		{"a timestamp", "a timestamp_ntz", all, "expected timestamp, found timestamp_ntz", ""},
		{"a date", "a timestamp", all, "expected date, found timestamp", ""},
		{"a decimal(10,2)", "a int", all, "expected decimal(10,2), found int", ""},
		{"a decimal(10,2)", "a decimal(10,3)", all, "expected decimal(10,2), found decimal(10,3)", ""},
		{"a float", "a int", all, "expected float, found int", ""},
	} {
		_, err := Conform(structType(t, c.table), structType(t, c.rows), c.mode)
		var e *MismatchError
		if !errors.As(err, &e) || !strings.Contains(e.Error(), c.want) || !strings.Contains(e.Hint(), c.hint) {
			t.Errorf("Conform(%s <- %s): got %v, want an error with %q and a hint with %q", c.table, c.rows, err, c.want, c.hint)
		}
	}
	_, err := Conform(structType(t, "a int, b int"), structType(t, "a string, b string, c int"), Mode{})
	if got := strings.Count(fmt.Sprint(err), "schema mismatch"); got != 3 {
		t.Errorf("got %d faults in %v, want all 3", got, err)
	}
}

func TestTypeChanges(t *testing.T) {
	table := structType(t, "a tinyint, m map<int,array<smallint>>, o struct<x float>")
	for _, rows := range []string{"a smallint", "a int, m map<bigint,array<int>>, o struct<x double>"} {
		plan, err := Conform(table, structType(t, rows), Mode{Widen: true})
		if err != nil {
			t.Fatal(err)
		}
		table = plan.Schema
	}
	back, err := Parse(table.JSON())
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to, place string) any {
		c := map[string]any{"fromType": from, "toType": to}
		if place != "" {
			c["fieldPath"] = place
		}
		return c
	}
	x := back.Fields[2].Type.(*Struct).Fields[0]
	for _, c := range []struct {
		f    Field
		want []any
	}{
		{back.Fields[0], []any{change("byte", "short", ""), change("short", "integer", "")}},
		{back.Fields[1], []any{change("integer", "long", "key"), change("short", "integer", "value.element")}},
		{x, []any{change("float", "double", "")}},
	} {
		if got := c.f.Metadata["delta.typeChanges"]; !reflect.DeepEqual(got, any(c.want)) {
			t.Errorf("%s: got %v, want %v", c.f.Name, got, c.want)
		}
	}
}

func TestArrow(t *testing.T) {
	s := structType(t, "a string not null, b bigint, c int, d smallint, e tinyint, f float, g double, h boolean, i binary, j date, k timestamp,"+
		"l timestamp_ntz, m decimal(38,10), n void, o struct<x array<map<string, int not null>> not null>, p array<int not null>")
	back, err := FromArrow(ToArrow(s))
	if err != nil || !Equal(back, s) {
		t.Errorf("FromArrow(ToArrow): got %v, %v; want %v", back, err, s)
	}
	ns := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Berlin"}
	for _, c := range []struct {
		a    arrow.DataType
		want string
	}{
		{arrow.PrimitiveTypes.Uint8, "smallint"}, {arrow.PrimitiveTypes.Uint16, "int"}, {arrow.PrimitiveTypes.Uint32, "bigint"},
		{arrow.PrimitiveTypes.Uint64, "decimal(20,0)"}, {arrow.BinaryTypes.LargeString, "string"}, {arrow.BinaryTypes.StringView, "string"},
		{ns, "timestamp"}, {&arrow.TimestampType{Unit: arrow.Second}, "timestamp_ntz"}, {arrow.PrimitiveTypes.Date64, "date"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "string"},
		{&arrow.Decimal256Type{Precision: 20, Scale: 3}, "decimal(20,3)"}, {&arrow.FixedSizeBinaryType{ByteWidth: 16}, "binary"},
		{arrow.LargeListOf(arrow.PrimitiveTypes.Int32), "array<int>"}, {arrow.FixedSizeListOf(3, arrow.PrimitiveTypes.Float32), "array<float>"},
		{arrow.FixedWidthTypes.Float16, "float"},
		{arrow.FixedWidthTypes.Time64us, ""}, {arrow.FixedWidthTypes.Duration_s, ""}, {&arrow.Decimal256Type{Precision: 50}, ""},
		{arrow.FixedWidthTypes.MonthInterval, ""},
	} {
		outer := arrow.StructOf(arrow.Field{Name: "col", Type: c.a, Nullable: true})
		got, err := FromArrow(arrow.NewSchema([]arrow.Field{{Name: "o", Type: outer, Nullable: true}}, nil))
		if c.want == "" {
			var e *UnsupportedError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "column o.col:") {
				t.Errorf("FromArrow(%s): got %v, %v; want an *UnsupportedError naming o.col", c.a, got, err)
			}
		} else if err != nil || got.String() != "struct<o:struct<col:"+c.want+">>" {
			t.Errorf("FromArrow(%s): got %v, %v; want %s", c.a, got, err, c.want)
		}
	}
	twice := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.Null}, {Name: "A", Type: arrow.Null}}, nil)
	if _, err := FromArrow(twice); err == nil {
		t.Error("FromArrow of two equal names: got no error")
	}
}
