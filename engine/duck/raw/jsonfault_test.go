package raw

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/sweep"
)

// TestManyBadLines sets aside tens of thousands of lines of JSON, malformed ones and ones that do not
// fit, among as many good ones.
func TestManyBadLines(t *testing.T) {
	b := newBench(t)
	var text strings.Builder
	n := sweep.Of(5000, 50_000, 50_000) // rows beyond the first block of DuckDB, and of the reader
	for i := range n {
		fmt.Fprintf(&text, "{\"id\":%d,\"at\":{\"d\":\"2024-01-02\"}}\n", i)
		switch i % 5 {
		case 0:
			fmt.Fprintf(&text, "{\"id\":\"no %d\"}\n", i)
		case 1:
			fmt.Fprintf(&text, "{\"id\":%d\n", i)
		case 2:
			fmt.Fprintf(&text, "{\"id\":%d,\"at\":{\"d\":\"2024-13-02\"}}\n", i)
		case 3:
			fmt.Fprintf(&text, "{\"id\":%d,\"tags\":[1,\"x\"]}\n", i)
		default:
			fmt.Fprintf(&text, "%d\n", i)
		}
	}
	spec := b.spec("id bigint, at struct<d: date>, tags array<int>")
	spec.Quarantine, spec.Root, spec.MaxBad = "q", "g", n
	w, err := Loader{}.Load(t.Context(), Files{Format: FormatJSON, Paths: []string{b.file("a.jsonl", text.String())}}, spec)
	if err != nil {
		t.Fatal(err)
	}
	if w.Rows != int64(n) || w.BadRows != int64(n) {
		t.Errorf("got %d good rows and %d bad ones, want %d of each", w.Rows, w.BadRows, n)
	}
	got := b.rows("q", w.Bad, "line::BIGINT")
	for i, want := range []string{
		`2|{"id":"no 0"}|column id: "no 0" is not of type bigint`,
		`4|{"id":1|malformed JSON: unexpected end of JSON input`,
		`6|{"id":2,"at":{"d":"2024-13-02"}}|column at: {"d":"2024-13-02"} is not of type `,
		`8|{"id":3,"tags":[1,"x"]}|column tags: [1,"x"] is not of type `,
		`10|4|the line is not a JSON object`,
	} {
		if !strings.Contains(got[i], "|"+want) {
			t.Errorf("got %s, want %s", got[i], want)
		}
	}
}

// TestFaultsAreTheReaders compares what the conditions of jsonFault say with what the reader does.
func TestFaultsAreTheReaders(t *testing.T) {
	b := newBench(t)
	db, conn, err := Loader{}.open([]string{b.root})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer conn.Close()
	values := []string{
		"null", "1", "-1", "1.5", "1e3", "300", "70000", "5000000000", "99999999999999999999", "true", `"true"`, `""`, `"1"`, `" 1"`, `"x"`,
		`"2024-01-01"`, `"2024-02-30"`, `"2024-01-01T10:00:00Z"`, `"2024-01-01 10:00:00+02"`, "NaN", "Infinity", `"NaN"`, `"\\xAA"`,
		"[]", "[1]", "[null]", `["x"]`, `[[1]]`, "{}", `{"d":1}`, `{"d":"x"}`, `{"e":1}`, `{"d":null}`, "[1,]",
	}
	s := &splitter{rawRows: &rawRows{Writer: &tablefile.Writer{Conn: conn}, raw: Files{Format: FormatJSON}}, trial: filepath.Join(b.root, "trial")}
	types := []string{
		"byte", "short", "int", "bigint", "float", "double", "decimal(5,2)", "boolean", "date", "timestamp", "timestamp_ntz", "binary",
		"string", "array<int>", "array<string>", "array<array<int>>", "struct<d: int>", "struct<d: struct<d: int>>",
	}
	for _, name := range sweep.Sample(types, sweep.Of(8, len(types), len(types))) {
		typ, err := schema.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		f := schema.Field{Name: "a/~b", Type: typ, Nullable: true}
		sql, err := tablefile.QueryType(typ)
		if err != nil {
			t.Fatal(err)
		}
		var lines []jsonLine
		for _, v := range values {
			lines = append(lines, jsonLine{text: []byte(`{"a/~b":` + v + `}`)})
		}
		condition := jsonFault("", f)
		if condition == "" {
			condition = "false"
		}
		found, err := s.ask(t.Context(), lines, "CASE WHEN "+condition+" THEN 0 END")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, l := range lines {
			err := s.try(t.Context(), l.text, structLiteral([]string{f.Name}, []string{sql}))
			if _, bad := found[i]; bad && err == nil {
				t.Errorf("%s as %s: rejected, but the reader reads it", l.text, name)
			} else if !bad && err != nil {
				t.Logf("%s as %s: left to the reader, which says %v", l.text, name, err)
			}
		}
	}
}
