package raw

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// TestParquetRowsAside promises of rows of Parquet what is promised of text: one that does not fit, or breaks a rule, ends the load,
// or is put aside with its number and its values, alone.
func TestParquetRowsAside(t *testing.T) {
	for name, c := range map[string]struct {
		rows, columns string
		constraint    string
		aside         []string // number, part of the reason, part of the row
	}{
		"a null":        {"(1::BIGINT, 'a'), (NULL, 'b'), (3, 'c')", "id long not null, v string", "", []string{"2|column id: it must not be null|\"v\":\"b\""}},
		"a picked null": {"(1::BIGINT, 'a'), (NULL, 'b')", "key long not null, v string, f string, at timestamp", "", []string{"2|column key: it must not be null|\"key\":null"}},
		"a constraint":  {"(1::BIGINT, 'a'), (2, 'b'), (-3, 'c')", "id long, v string", "id > 0", []string{"3|constraint positive: it is not true|\"id\":-3"}},
		"a fraction":    {"(1.0::DECIMAL(10,2), 'a'), (2.25, 'b'), (3, 'c')", "id decimal(10,1), v string", "", []string{"2|column id: as a decimal(10,1) it would be another value|\"id\":2.25"}},
		"too large":     {"(1::DECIMAL(20,0), 'a'), (99999999999, 'b')", "id decimal(10,0), v string", "", []string{"2|column id: as a decimal(10,0) it would|\"id\":99999999999"}},
		"in a list":     {"([1, 2]::BIGINT[], 'a'), ([1, 3000000000], 'b'), (NULL, 'c'), ([NULL], 'd')", "id array<int>, v string", "", []string{"2|column id|3000000000"}},
		"in a struct":   {"({'x': 1::BIGINT}, 'a'), ({'x': 3000000000}, 'b')", "id struct<x:int>, v string", "", []string{"2|column id|3000000000"}},
		"both":          {"(1.25::DECIMAL(10,2), 'a'), (2, NULL)", "id decimal(10,1), v string not null", "", []string{"1|column id|1.25", "2|column v: it must not be null|"}},
		"a moment":      {"(TIMESTAMP_NS '2024-01-31 10:00:00.000000001', 'a'), (TIMESTAMP_NS '2024-01-31 10:00:00.000001', 'b')", "id timestamp_ntz, v string", "", []string{"1|column id|000000001"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			path := filepath.Join(t.TempDir(), "x.parquet")
			db, err := duckdb.Open(duckdb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			conn, err := db.Conn()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Exec(t.Context(), "COPY (SELECT * FROM (VALUES "+c.rows+") AS t(id, v)) TO "+duckdb.Quote(path)+" (FORMAT parquet)"); err != nil {
				t.Fatal(err)
			}
			raw := Files{Format: FormatParquet, Paths: []string{path}, Table: "t"}
			if strings.HasPrefix(c.columns, "key ") {
				raw.Pick = Pick{Names: map[string]string{"key": "ID"}, Rest: true}
				raw.FileColumn, raw.TimeColumn, raw.Shown = "f", "at", map[string]string{path: "shown"}
			}
			spec := b.spec(c.columns)
			if c.constraint != "" {
				spec.Constraints = map[string]string{"positive": c.constraint}
			}
			_, err = Loader{}.Load(t.Context(), raw, spec)
			var rule *tablefile.ViolationError
			var loss *tablefile.LossError
			if _, of := Fault(err); !of || !errors.As(err, &rule) && !errors.As(err, &loss) {
				t.Fatalf("got %v, want that a row does not fit", err)
			}
			spec.Quarantine = "q"
			w, err := Loader{}.Load(t.Context(), raw, spec)
			if err != nil {
				t.Fatal(err)
			}
			if w.BadRows != int64(len(c.aside)) || w.Rows+w.BadRows != int64(strings.Count(c.rows, "), (")+1) {
				t.Fatalf("got %d rows and %d aside", w.Rows, w.BadRows)
			}
			if rows := b.rows("t", w.Files, "1"); raw.FileColumn != "" && (len(rows) != 1 || !strings.Contains(rows[0], "1|a|shown|2024-05-06 07:08:09")) {
				t.Errorf("got the rows %q, want one with file and time", rows)
			}
			got := b.rows("q", w.Bad, "line")
			for i, want := range c.aside {
				line, rest, _ := strings.Cut(want, "|")
				reason, row, _ := strings.Cut(rest, "|")
				parts := strings.Split(got[i], "|")
				if !slices.Contains(parts, line) || !strings.Contains(got[i], reason) || !strings.Contains(got[i], row) {
					t.Errorf("aside: got %q, want %q", got[i], want)
				}
			}
		})
	}
}
