package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const everyType = `{"type":"struct","fields":[` +
	`{"name":"a","type":"string","nullable":false,"metadata":{}},` +
	`{"name":"Ünï","type":"decimal(38,18)","nullable":true,"metadata":{"comment":"<&> \"x\"","delta.identity.start":9007199254740993,"f":1.50}},` +
	`{"name":"o","type":{"type":"struct","fields":[{"name":"a","type":"timestamp_ntz","nullable":true,"metadata":{}}]},"nullable":true,"metadata":{}},` +
	`{"name":"l","type":{"type":"array","elementType":{"type":"map","keyType":"integer","valueType":"double","valueContainsNull":false},"containsNull":true},"nullable":true,"metadata":{}},` +
	`{"name":"v","type":"void","nullable":true,"metadata":{}},` +
	`{"name":"e","type":{"type":"struct","fields":[]},"nullable":true,"metadata":{}}]}`

func TestParseJSON(t *testing.T) {
	s, err := Parse([]byte(everyType))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.JSON()); got != everyType {
		t.Errorf("JSON after Parse:\n got %s\nwant %s", got, everyType)
	}
	if got := s.Fields[1].Metadata["delta.identity.start"]; got != json.Number("9007199254740993") {
		t.Errorf("number in metadata: got %#v, want it exact", got)
	}
	got, want := s.String(), "struct<a:string not null,`Ünï`:decimal(38,18),o:struct<a:timestamp_ntz>,l:array<map<int,double not null>>,v:void,e:struct<>>"
	if got != want {
		t.Errorf("String:\n got %s\nwant %s", got, want)
	}
}

func TestParseEmpty(t *testing.T) {
	if s, err := Parse(nil); err != nil || string(s.JSON()) != `{"type":"struct","fields":[]}` {
		t.Errorf("Parse of no text: got %v, %v; want no columns", s, err)
	}
}

func TestParseRefuses(t *testing.T) {
	field := func(typ string) string {
		return `{"type":"struct","fields":[{"name":"o","type":{"type":"struct","fields":[{"name":"c d","type":` + typ + `,"nullable":true,"metadata":{}}]}}]}`
	}
	for _, c := range []struct{ text, want string }{
		{` `, "not JSON"},
		{`{} {}`, "after the end"},
		{`"long"`, "want a struct, found bigint"},
		{`{"type":"struct"}`, "fields: want a list, found nothing"},
		{`{"type":"struct","fields":[{"type":"long"}]}`, "field 0 has no name"},
		{field(`"geometry(4326)"`), "column o.`c d`: unknown type \"geometry(4326)\""},
		{field(`"decimal(39,2)"`), "column o.`c d`: malformed type"},
		{field(`{"type":"udt"}`), "column o.`c d`: unknown type \"udt\""},
		{field(`{"type":"array","containsNull":1}`), "containsNull: want true or false, found 1"},
		{field(`{"type":"array"}`), "column o.`c d`.element: want a type, found nothing"},
		{field(`{"type":"map","keyType":"string"}`), "column o.`c d`.value: want a type, found nothing"},
		{`{"type":"struct","fields":[{"name":"a","type":"long"},{"name":"A","type":"long"}]}`, "column A: a second column of this name"},
		{strings.Repeat(`{"type":"array","elementType":`, 100) + `"long"` + strings.Repeat("}", 100), "nest more than 64"},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%.80s): got %v, want an error with %q", c.text, err, c.want)
		}
	}
}

func TestParseType(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"INT", "int"}, {" integer ", "int"}, {"long", "bigint"}, {"real", "float"}, {"byte", "tinyint"}, {"short", "smallint"},
		{"decimal", "decimal(10,0)"}, {"NUMERIC(5)", "decimal(5,0)"}, {"dec( 10 , 2 )", "decimal(10,2)"}, {"timestamp_ltz", "timestamp"},
		{"struct<a:int, b string NOT NULL,`x``y` : array<map<string , bigint not null>>>", "struct<a:int,b:string not null,`x``y`:array<map<string,bigint not null>>>"},
		{"array<int not null>", "array<int not null>"}, {"struct<>", "struct<>"}, {"struct<not:int>", "struct<not:int>"},
	} {
		typ, err := ParseType(c.text)
		if err != nil || typ.String() != c.want {
			t.Errorf("ParseType(%s): got %v, %v; want %s", c.text, typ, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"": "a type is missing", "varchar(10)": "write string", "decimal(0,0)": "want 1 <= precision", "decimal(5,6)": "scale <= precision",
		"decimal(10": "want )", "array<int": "want > at the end", "struct<a:int b:int>": "want , at", "int4": "unknown type int4", "int int": `unexpected "int"`,
		"struct<a:int,A:int>": "second column", "struct<``:int>": "a name is empty", "struct<`a:int>": "not closed", strings.Repeat("array<", 100) + "int": "nest more",
	} {
		if typ, err := ParseType(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseType(%.40s): got %v, %v; want an error with %q", text, typ, err, want)
		}
	}
}

func TestWalk(t *testing.T) {
	s, err := Parse([]byte(everyType))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path := range s.Leaves() {
		got = append(got, path.String())
	}
	if want := []string{"a", "`Ünï`", "o.a", "l", "v"}; !slices.Equal(got, want) {
		t.Errorf("Leaves: got %q, want %q", got, want)
	}
	for range s.Leaves() {
		break
	}
	path, f, ok := s.Lookup("O", "A")
	if !ok || path.String() != "o.a" || f.Type != TimestampNTZ {
		t.Errorf("Lookup(O, A): got %v %v %v, want o.a timestamp_ntz", path, f.Type, ok)
	}
	for _, path := range [][]string{nil, {"zz"}, {"a", "b"}, {"o", "zz"}, {"l", "element"}} {
		if _, _, ok := s.Lookup(path...); ok {
			t.Errorf("Lookup(%q): found, want not", path)
		}
	}
	if got := s.Without("A", "L").String(); got != "struct<`Ünï`:decimal(38,18),o:struct<a:timestamp_ntz>,v:void,e:struct<>>" {
		t.Errorf("Without(A, L): got %s", got)
	}
	for _, text := range []string{"a", "a.b", "`a.b`.c", "`x``y`"} {
		if p, err := ParsePath(text); err != nil || p.String() != text {
			t.Errorf("ParsePath(%s): got %v, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "a.", ".a", "a b", "`a"} {
		if p, err := ParsePath(text); err == nil {
			t.Errorf("ParsePath(%q): got %q, want an error", text, p)
		}
	}
}

func TestEqual(t *testing.T) {
	texts := []string{"int", "bigint", "decimal(5,2)", "decimal(5,1)", "array<int>", "array<int not null>", "map<int,int>", "map<int,int not null>",
		"struct<a:int>", "struct<A:int>", "struct<a:int not null>", "struct<a:int,b:int>", "struct<a:array<int>>"}
	for i, x := range texts {
		for j, y := range texts {
			a, _ := ParseType(x)
			b, _ := ParseType(y)
			if got := Equal(a, b); got != (i == j) {
				t.Errorf("Equal(%s, %s): got %v, want %v", x, y, got, i == j)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(everyType))
	f.Add([]byte(`{"type":"struct","fields":[{"name":"a","type":{"type":"array","elementType":"null"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(s.JSON())
		if err != nil || !reflect.DeepEqual(again, s) && string(again.JSON()) != string(s.JSON()) {
			t.Fatalf("Parse of JSON: got %v, %v; want %v", again, err, s)
		}
	})
}

func FuzzParseType(f *testing.F) {
	for _, s := range []string{"decimal(10,2)", "struct<a:int not null,`b ``c`:array<map<string,int not null>>>", "struct<>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := ParseType(text)
		if err != nil {
			return
		}
		again, err := ParseType(typ.String())
		if err != nil || !Equal(again, typ) {
			t.Fatalf("ParseType(%q) again: got %v, %v; want %v", typ.String(), again, err, typ)
		}
	})
}
