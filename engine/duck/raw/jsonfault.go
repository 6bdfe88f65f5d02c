package raw

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// malformed rejects the lines that are no JSON objects to DuckDB, whose JSON is wider than the
// standard's: it reads NaN, and a comma before a bracket.
func (s *splitter) malformed(ctx context.Context, lines []jsonLine) ([]jsonLine, error) {
	var doubtful []jsonLine
	reasons := make([]string, len(lines))
	at := make([]int, 0, len(lines)) // of the doubtful ones
	for i, l := range lines {
		switch {
		case len(l.text) >= maxJSONLine:
			reasons[i] = "the line is longer than 16 MiB"
		case l.text[0] != '{':
			reasons[i] = "the line is not a JSON object"
		case !utf8.Valid(l.text):
			reasons[i] = "malformed JSON: the text is not valid UTF-8"
		case bytes.IndexByte(l.text, 0) >= 0:
			reasons[i] = "malformed JSON: the text has a zero byte"
		case !json.Valid(l.text):
			doubtful, at = append(doubtful, l), append(at, i)
		}
	}
	found, err := s.ask(ctx, doubtful, "CASE WHEN NOT json_valid(t) THEN 0 END")
	if err != nil {
		return nil, err
	}
	for i := range found {
		var any json.RawMessage
		reasons[at[i]] = "malformed JSON"
		if err := json.Unmarshal(doubtful[i].text, &any); err != nil {
			reasons[at[i]] += ": " + err.Error()
		}
	}
	rest := make([]jsonLine, 0, len(lines))
	for i, l := range lines {
		if reasons[i] == "" {
			rest = append(rest, l)
			continue
		}
		s.reject(l, "", reasons[i])
	}
	return rest, nil
}

// misfits rejects the lines with a value that is not of its column's type.
func (s *splitter) misfits(ctx context.Context, lines []jsonLine) ([]jsonLine, error) {
	var judged []schema.Field
	var b strings.Builder
	for _, f := range s.declared() {
		if condition := jsonFault("", f); condition != "" {
			b.WriteString(" WHEN " + condition + " THEN " + strconv.Itoa(len(judged)))
			judged = append(judged, f)
		}
	}
	if len(judged) == 0 {
		return lines, nil
	}
	found, err := s.ask(ctx, lines, "CASE"+b.String()+" END")
	if err != nil {
		return nil, err
	}
	var rest []jsonLine
	for i, l := range lines {
		if n, bad := found[i]; bad {
			s.reject(l, judged[n].Name, misfit(l.text, judged[n]))
			continue
		}
		rest = append(rest, l)
	}
	return rest, nil
}

var pointers = strings.NewReplacer("~", "~0", "/", "~1")

// jsonFault is the condition under which the field at a JSON pointer cannot be read, by the function
// that is behind the reader of files. Empty: the field can always be read, or only the reader can tell.
func jsonFault(under string, f schema.Field) string {
	pointer := under + "/" + pointers.Replace(f.Name)
	value := "t -> " + duckdb.Quote(pointer)
	if s, ok := f.Type.(*schema.Struct); ok {
		faults := []string{"json_type(" + value + ") NOT IN ('NULL', 'OBJECT')"}
		for _, inner := range s.Fields {
			if fault := jsonFault(pointer, inner); fault != "" {
				faults = append(faults, fault)
			}
		}
		return "(" + strings.Join(faults, " OR ") + ")"
	}
	structure, ok := jsonStructure(f.Type)
	if !ok || f.Type == schema.String {
		return ""
	}
	return "(json_type(" + value + ") <> 'NULL' AND TRY(from_json_strict(" + value + ", " + duckdb.Quote(structure) + ")) IS NULL)"
}

// jsonStructure writes a type as from_json takes it. Of structs it would demand all keys, and no
// others, as the reader does not.
func jsonStructure(t schema.Type) (string, bool) {
	switch t := t.(type) {
	case *schema.Array:
		element, ok := jsonStructure(t.Element)
		return "[" + element + "]", ok
	case *schema.Struct, *schema.Map:
		return "", false
	}
	name, err := tablefile.QueryType(t)
	return strconv.Quote(name), err == nil
}

// ask has DuckDB work out a number for each line t; lines without one are left out.
func (s *splitter) ask(ctx context.Context, lines []jsonLine, number string) (map[int]int, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = string(l.text)
	}
	rows, err := s.Conn.Strings(ctx, "SELECT i, n FROM (SELECT i, "+number+" AS n FROM (SELECT unnest(range(len(p))) AS i, unnest(p) AS t "+
		"FROM (SELECT CAST($1 AS VARCHAR[]) AS p))) WHERE n IS NOT NULL", texts)
	if err != nil {
		return nil, err
	}
	out := make(map[int]int, len(rows))
	for _, r := range rows {
		i, err := strconv.Atoi(r[0])
		if err != nil {
			return nil, err
		}
		if out[i], err = strconv.Atoi(r[1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// misfit says what is wrong with a line's value of a column.
func misfit(line []byte, f schema.Field) string {
	values := map[string]json.RawMessage{}
	_ = json.Unmarshal(line, &values) // DuckDB reads more than this does: the value is then not shown
	value, ok := values[f.Name]
	if !ok || len(value) > 100 {
		return "the value is not of type " + f.Type.String()
	}
	return string(value) + " is not of type " + f.Type.String()
}
