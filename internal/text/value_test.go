package text

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
)

// read reads files in memory into columns, and returns the rows as text, and the faults.
func read(t testing.TB, s Source, columns string, texts ...string) (rows []string, faults []Fault) {
	t.Helper()
	if columns != "" {
		typ, err := schema.ParseType("struct<" + columns + ">")
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = typ.(*schema.Struct).Fields
	}
	files := map[string]string{}
	for i, text := range texts {
		f := File{Path: fmt.Sprint("f", i), Header: !s.JSON}
		for at := range s.Fields {
			f.Columns = append(f.Columns, at)
		}
		s.Files, files[f.Path] = append(s.Files, f), text
	}
	s.Open = func(path string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(files[path])), nil }
	if s.CSV.Delimiter == "" {
		s.CSV = Dialect{Delimiter: ",", Quote: '"', Escape: '"'}
	}
	s.All, s.Most = true, 1<<30
	r := NewReader(s)
	defer r.Close()
	thread, err := r.Rows()
	if err != nil {
		t.Fatal(err)
	}
	for {
		n, err := thread.Fill(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		for i := range n {
			var row []string
			for _, c := range thread.Columns {
				if c.Rows != n || len(c.Null) != n {
					t.Fatalf("column %s has %d rows of %d", c.Field.Name, c.Rows, n)
				}
				row = append(row, show(c, i))
			}
			rows = append(rows, strings.Join(row, "|"))
		}
	}
	faults, err = r.Faults()
	if err != nil {
		t.Fatal(err)
	}
	return rows, faults
}

// TestValues promises for each type which texts are which value, and which are none: a value arrives as it is.
func TestValues(t *testing.T) {
	for _, c := range []struct{ typ, text, want string }{ // want "" is a fault
		{"bigint", "19.99", ""}, {"bigint", "19.00", "19"}, {"bigint", "1e3", "1000"}, {"bigint", "-9223372036854775808", "-9223372036854775808"},
		{"bigint", "9223372036854775808", ""}, {"bigint", "007", "7"}, {"bigint", "+5", "5"}, {"bigint", " 5 ", "5"}, {"bigint", "true", ""}, {"bigint", "1_000", ""},
		{"bigint", "0x10", ""}, {"bigint", "1e-1", ""}, {"bigint", "10e-1", "1"}, {"bigint", "1e400", ""}, {"bigint", "-0", "0"}, {"bigint", "--1", ""}, {"bigint", "1e+-3", ""},
		{"tinyint", "127", "127"}, {"tinyint", "128", ""}, {"tinyint", "-128", "-128"}, {"smallint", "-32769", ""}, {"int", "2147483648", ""}, {"int", "-2147483648", "-2147483648"},
		{"decimal(10,2)", "1.555", ""}, {"decimal(10,2)", "1.550", "1.55"}, {"decimal(10,2)", "12345678.99", "12345678.99"}, {"decimal(10,2)", "123456789", ""},
		{"decimal(10,2)", "-0.01", "-0.01"}, {"decimal(38,4)", "12345678901234567.8912", "12345678901234567.8912"}, {"decimal(38,0)", strings.Repeat("9", 38), strings.Repeat("9", 38)},
		{"decimal(38,0)", "-" + strings.Repeat("9", 38), "-" + strings.Repeat("9", 38)}, {"decimal(38,0)", "1" + strings.Repeat("0", 38), ""}, {"decimal(38,38)", "0." + strings.Repeat("1", 38), "0." + strings.Repeat("1", 38)},
		{"decimal(5,0)", "1e4", "10000"}, {"decimal(5,0)", "1e5", ""}, {"decimal(10,2)", "NaN", ""}, {"decimal(10,2)", "", "NULL"},
		{"double", "0.1", "0.1"}, {"double", "9007199254740993", ""}, {"double", "9007199254740992", "9.007199254740992e+15"}, {"double", "12345678901234567890", ""},
		{"double", "1e400", ""}, {"double", "1e-400", ""}, {"double", "NaN", "NaN"}, {"double", "-inf", "-Inf"}, {"double", "100000000000000000000", "1e+20"}, {"float", "16777217", ""}, {"float", "0.1", "0.1"},
		{"boolean", "TRUE", "true"}, {"boolean", "no", "false"}, {"boolean", "2", ""}, {"boolean", "hello", ""},
		{"date", "2024-02-29", "2024-02-29"}, {"date", "2023-02-29", ""}, {"date", "2024/1/2", "2024-01-02"}, {"date", "01/02/2024", ""}, {"date", "2024-01-02 00:00:00", "2024-01-02"},
		{"date", "2024-01-02 10:00:00", ""}, {"date", "2024-01-02T00:00:00Z", ""}, {"date", "0000-01-01", ""}, {"date", "12024-01-01", ""}, {"date", "1969-12-31", "1969-12-31"},
		{"timestamp", "2024-01-31 10:00:00+02", "2024-01-31 08:00:00"}, {"timestamp", "2024-01-31T10:00:00Z", "2024-01-31 10:00:00"}, {"timestamp", "2024-01-31 10:00:00", "2024-01-31 10:00:00"},
		{"timestamp", "2024-07-31 10:00:00 Europe/Berlin", "2024-07-31 08:00:00"}, {"timestamp", "2024-03-31 02:30:00 Europe/Berlin", ""}, {"timestamp", "2024-10-27 02:30:00 Europe/Berlin", ""},
		{"timestamp", "2024-10-27 01:30:00 Europe/Berlin", "2024-10-26 23:30:00"}, {"timestamp", "2024-10-27 03:30:00 Europe/Berlin", "2024-10-27 02:30:00"},
		{"timestamp", "2024-01-31 10:00:00 PST", ""}, {"timestamp", "2024-01-31 10:00:00.123456789", ""}, {"timestamp", "2024-01-31 10:00:00.123456000", "2024-01-31 10:00:00.123456"},
		{"timestamp", "2024-01-31 24:00:00", "2024-02-01 00:00:00"}, {"timestamp", "2024-01-31 10:00:60", ""}, {"timestamp", "1706695200", ""}, {"timestamp", "hello", ""}, {"timestamp", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"},
		{"timestamp_ntz", "2024-01-31 10:00", "2024-01-31 10:00:00"}, {"timestamp_ntz", "2024-01-31 10:00:00+02", ""},
		{"string", "", "NULL"}, {"string", " x ", " x "}, {"string", "a text of more than twelve bytes", "a text of more than twelve bytes"}, {"string", "\xff", ""},
		{"binary", `a\x00\xFF`, "a\x00\xff"}, {"binary", "é", ""}, {"binary", `a\`, ""},
	} {
		rows, faults := read(t, Source{}, "v "+c.typ+", w string", "v,w\n"+quoted(c.text)+",x\n")
		if got := strings.Join(rows, " "); c.want == "" && len(faults) != 1 || c.want != "" && got != c.want+"|x" {
			t.Errorf("%q as %s: got %q, %v; want %q", c.text, c.typ, got, faults, c.want)
		}
		for _, f := range faults {
			if f.Line != 2 || f.Column != "v" && c.text != "\xff" {
				t.Errorf("%q as %s: the fault is in line %d, column %s", c.text, c.typ, f.Line, f.Column)
			}
		}
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// TestNumbersAsBig holds numbers of all shapes against math/big: a decimal or an integer is exactly the number of the text,
// or none, and none only where it does not fit.
func TestNumbersAsBig(t *testing.T) {
	digits := []string{"", "0", "1", "9", "10", "00", "05", "50", "123456789", "99999999999999999999", "100000000000000000000000000000000000000", strings.Repeat("9", 38), strings.Repeat("1", 40)}
	exponents := []string{"", "e0", "E3", "e-3", "e+18", "e-38", "e38"}
	types := []schema.Decimal{{Precision: 4, Scale: 2}, {Precision: 9}, {Precision: 18, Scale: 6}, {Precision: 38, Scale: 4}, {Precision: 38}, {Precision: 38, Scale: 38}, {Precision: 19}}
	for _, whole := range digits {
		for _, fraction := range append(digits, "-") {
			for _, exponent := range exponents {
				text := whole
				if fraction != "-" {
					text += "." + fraction
				}
				text += exponent
				value, ok := new(big.Rat).SetString(text)
				n, isNumber := parseNumber([]byte(text))
				if want := ok && strings.ContainsAny(whole+fraction, "0123456789"); isNumber != want {
					t.Errorf("%q: a number is %v, want %v", text, isNumber, want)
				}
				if !ok || !isNumber {
					continue
				}
				for _, d := range types {
					hi, lo, fault := n.scaled(d.Precision, d.Scale)
					power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil))
					scaled := new(big.Rat).Mul(value, power)
					fits := scaled.IsInt() && len(strings.TrimLeft(scaled.Num().String(), "0")) <= d.Precision
					if (fault == "") != fits {
						t.Errorf("%q as %s: fault %q, want it to fit: %v", text, d, fault, fits)
						continue
					}
					got := new(big.Int).SetUint64(hi)
					got.Lsh(got, 64).Or(got, new(big.Int).SetUint64(lo))
					if fits && got.Cmp(scaled.Num()) != 0 {
						t.Errorf("%q as %s: got %s, want %s", text, d, got, scaled.Num())
					}
				}
			}
		}
	}
}

// TestJSON promises the values of JSON in its three forms, and that what is wrong is told and leaves nothing.
func TestJSON(t *testing.T) {
	const columns = "id bigint, s string, l array<int>, o struct<a: double, b: array<struct<c: date>>>, m map<string, decimal(5,2)>"
	records := []string{
		`{"id":1,"s":"é\n\u00e9\ud83d\ude00","l":[1,2,null],"o":{"a":1.5,"b":[{"c":"2024-01-02"},null,{}]},"m":{"x":1.25,"y":null}}`,
		`{"ID": 2, "S": 1.50 , "L" : [ ] , "o": {"B": []}}`,
		`{"id":3,"s":{"deep": [1, "a,b}"]},"l":null}`,
		`{"s":true,"unknown":null}`,
	}
	want := []string{
		"1|é\né😀|[1,2,NULL]|{1.5,[{2024-01-02},NULL,{NULL}]}|[x:1.25,y:NULL]", "2|1.50|[]|{NULL,[]}|NULL", `3|{"deep": [1, "a,b}"]}|NULL|NULL|NULL`, "NULL|true|NULL|NULL|NULL",
	}
	for name, text := range map[string]string{
		"lines": strings.Join(records, "\n") + "\n", "lines of windows": "\ufeff" + strings.Join(records, "\r\n\r\n"), "list": "[" + strings.Join(records, ",\n") + "]\n", "list, pretty": "\ufeff \n[\n" + strings.Join(records, "\n,\n") + "\n]",
		"stream": strings.ReplaceAll(strings.Join(records, "\n"), `{"id":1,`, "{\n\"id\":1,"), "one line": "[" + strings.Join(records, ",") + "]",
	} {
		rows, faults := read(t, Source{JSON: true}, columns, text)
		if fmt.Sprintf("%q", rows) != fmt.Sprintf("%q", want) || len(faults) > 0 {
			t.Errorf("%s:\n got %q, %+v\nwant %q", name, rows, faults, want)
		}
	}
	for record, reason := range map[string]string{
		`{"id":1.5}`: "would be rounded", `{"id":true}`: "is no bigint", `{"id":1,"ID":2}`: "twice", `{"l":[1,"x"]}`: "column l.element", `{"l":[1,2.5]}`: "l.element", `{"o":{"a":1,"z":2}}`: "o.z", `{"new":1}`: "no such column",
		`{"o":{"b":[{"c":"2024-02-30"}]}}`: "o.b.element.c", `{"m":{"x":1.255}}`: "m.value", `{"m":{"x":1,"x":2}}`: "twice", `[1]`: "not a JSON object", `5`: "not a JSON object", `{"id":1`: "malformed", `{"id":01}`: "malformed",
		`{"id":1,}`: "malformed", `{"id":1}}`: "malformed", `{"s":"\ud800"}`: "malformed", "{\"s\":\"\xff\"}": "UTF-8", `{"s":"a` + "\t" + `b"}`: "malformed", `{"id" 1}`: "malformed", `{"o":[1]}`: "is no struct", `{"l":{"a":1}}`: "is no array", `{"id":nul}`: "malformed", `{"id":""}`: "is no bigint",
	} {
		rows, faults := read(t, Source{JSON: true}, columns, records[0]+"\n"+record+"\n"+records[1]+"\n")
		if fmt.Sprintf("%q", rows) != fmt.Sprintf("%q", want[:2]) || len(faults) != 1 || faults[0].Line != 2 || !strings.Contains("column "+faults[0].Column+": "+faults[0].Reason, reason) && faults[0].Unknown != reason {
			t.Errorf("%s:\n got %q, %+v\nwant line 2, %s", record, rows, faults, reason)
		}
	}
}

// show is a value of a column as text, from the memory of the column.
func show(c *Column, row int) string {
	if c.Null[row] {
		return "NULL"
	}
	list := func(from, n int, of func(int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = of(from + i)
		}
		return strings.Join(parts, ",")
	}
	switch c.Kind {
	case Struct:
		return "{" + list(0, len(c.Children), func(i int) string { return show(c.Children[i], row) }) + "}"
	case List, Map:
		from, n := c.elements(row)
		return "[" + list(from, n, func(i int) string {
			if c.Kind == Map {
				return show(c.Children[0], i) + ":" + show(c.Children[1], i)
			}
			return show(c.Children[0], i)
		}) + "]"
	}
	return c.shown(row)
}
