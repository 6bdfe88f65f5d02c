package text

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// guess guesses the types of the columns of files of CSV, whose first record has their names, or of JSON.
func guess(t *testing.T, json bool, o Options, most int, texts ...string) ([]*Guess, error) {
	t.Helper()
	s := Source{JSON: json, Options: o, CSV: Dialect{Delimiter: ";", Quote: '"', Escape: '"'}}
	files := map[string]string{}
	for i, text := range texts {
		f := File{Path: string(rune('a' + i)), Header: !json}
		if !json {
			for at, name := range s.CSV.Records([]byte(text), 1)[0] {
				if i == 0 {
					s.Fields = append(s.Fields, field(name))
				}
				f.Columns = append(f.Columns, at)
			}
		}
		s.Files, files[f.Path] = append(s.Files, f), text
	}
	s.Open = func(path string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(files[path])), nil }
	return Guesses(t.Context(), s, most)
}

// TestGuesses promises the type of a column by its values: the smallest that gives each of them back.
func TestGuesses(t *testing.T) {
	for _, c := range []struct{ values, want string }{
		{"1 2 -3", "bigint"}, {"01067 2", "string"}, {"+49170 1", "string"}, {"0 0.5 00", "string"}, {"f", "string"}, {"true FALSE", "boolean"}, {"true 1", "string"}, {"t f", "string"},
		{"9223372036854775807", "bigint"}, {"9223372036854775808", "decimal(38,0)"}, {"12345678901234567890 12345678901234567891", "decimal(38,0)"}, {strings.Repeat("1", 39), "string"},
		{"1.5 2", "double"}, {"19.90 0.10", "double"}, {"1e3", "double"}, {"0.1234567890123456789", "decimal(38,19)"}, {"1.5 9007199254740993", "decimal(38,1)"}, {"1.5 NaN -inf", "double"}, {"NaN", "string"}, {"1e400", "string"},
		{"2024-01-31", "date"}, {"2024-02-30", "string"}, {"2024-01-31T10:00:00 2024-01-31", "timestamp_ntz"}, {"2024-01-31T10:00:00Z", "timestamp"}, {"2024-01-31T10:00:00Z 2024-01-31T10:00:00", "string"},
		{"13/02/2024 01/02/2024", "date %d/%m/%Y"}, {"02/13/2024 01/02/2024", "date %m/%d/%Y"}, {"01/02/2024 03/04/2024", "ambiguous"}, {"13/02/2024 02/13/2024", "string"}, {"31.01.2024 01.02.2024", "date %d.%m.%Y"}, {"31-Jan-2024", "date %d-%b-%Y"},
		{"13/02/2024T10:00", "string"}, {"2024-01-31T10:00:00.123456789", "string"}, {"abc 1", "string"}, {"", "string"},
	} {
		for _, most := range []int{0, 100} {
			text := "v;w\n" + strings.Join(strings.Split(c.values, " "), ";x\n") + ";x\n"
			guesses, err := guess(t, false, Options{}, most, text)
			if err != nil {
				t.Fatal(err)
			}
			typ, layout, err := guesses[0].Type()
			got := ""
			var unclear *AmbiguousError
			switch {
			case errors.As(err, &unclear):
				got = "ambiguous"
				if want := `column v: "01/02/2024" is 2024-02-01 with %d/%m/%Y, and 2024-01-02 with %m/%d/%Y, and no value says which`; err.Error() != want || !strings.Contains(unclear.Hint(), "date_format") {
					t.Errorf("got %v, hint %s; want %s", err, unclear.Hint(), want)
				}
			case layout != nil:
				got = typ.String() + " " + layout.String()
			default:
				got = typ.String()
			}
			if got != c.want {
				t.Errorf("%q: got %s (%s), want %s", c.values, got, guesses[0].Why(), c.want)
			}
		}
	}
	guesses, err := guess(t, false, Options{Decimal: ',', Grouped: '.'}, 0, "v\n1.234,5\n-2\n")
	if err != nil || typeOf(t, guesses[0]) != "double" {
		t.Errorf("numbers with a comma: got %s, %v", typeOf(t, guesses[0]), err)
	}
	guesses, err = guess(t, true, Options{}, 0, `{"a":1,"b":{"c":["2024-01-02",null]},"n":null,"d":[{"x":1},{"y":2.5}]}`+"\n"+`{"A":12345678901234567890,"b":{"e":"01"},"f":"123","bad`+"\n", `[{"g":{"h":{}},"i":[1,"x"]}]`)
	var got []string
	for _, g := range guesses {
		got = append(got, g.Name+" "+typeOf(t, g))
	}
	if want := "a bigint, b struct<c:array<date>>, n string, d array<struct<x:bigint,y:double>>, g struct<h:string>, i array<string>"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("JSON: got %s, %v; want %s", strings.Join(got, ", "), err, want)
	}
}

func typeOf(t *testing.T, g *Guess) string {
	typ, _, err := g.Type()
	if err != nil {
		t.Error(err)
		return ""
	}
	return typ.String()
}
