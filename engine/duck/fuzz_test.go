package duck

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/spec"
)

// FuzzStatement: a statement of any text is answered or refused with an error, and writes nothing.
func FuzzStatement(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add(`SELECT * FROM t VERSION AS OF 0 AS a WHERE x = 'n' AND x IS NOT NULL`)
	l := newLake(f)
	l.add("t", "x string", rows("SELECT 'n' AS x"))
	e := l.open()
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			return
		}
		names, err := e.References(context.Background(), s)
		if err != nil {
			return
		}
		for _, n := range names {
			if n.Fold() != spec.NewTableName("", "t") {
				return
			}
		}
		if _, err := e.Describe(context.Background(), s); err != nil {
			return
		}
	})
}

// FuzzCondition: text of a plan is parsed, or is not; what is parsed of a string comparison is the
// string that was compared.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a", "a\nc0=1\nb", "'", "x' OR 1=1 --", "\\", "ü", ";", "/*"} {
		f.Add(s)
	}
	l := newLake(f)
	fields := []schema.Field{{Name: "x", Type: schema.String}}
	columns := func(name string) (schema.Field, bool) { return fields[0], name == "c0" }
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return
		}
		ctx := context.Background()
		parsed, err := parseConditions(ctx, l.writer, []scan{{conditions: []string{s, "c0=" + duckdb.Quote(s)}}})
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if raw, ok := parsed[conditionSQL(s)]; ok {
			if n, ok := parseCondition([]byte(raw)); ok {
				predicate(n, columns)
			}
		}
		raw, ok := parsed[conditionSQL("c0="+duckdb.Quote(s))]
		if !ok {
			return
		}
		n, ok := parseCondition([]byte(raw))
		if !ok {
			t.Fatalf("%q: a plain comparison did not parse", s)
		}
		if got, want := predicate(n, columns), (stats.Compare{Path: []string{"x"}, Op: stats.EQ, Value: s}); !sameCompare(got, want) {
			t.Fatalf("%q: got %v, want %v", s, got, want)
		}
	})
}

func sameCompare(p stats.Predicate, want stats.Compare) bool {
	got, ok := p.(stats.Compare)
	return ok && got.Op == want.Op && got.Value == want.Value && len(got.Path) == 1 && got.Path[0] == want.Path[0]
}

// FuzzFooter: bytes of others never make spans outside the file.
func FuzzFooter(f *testing.F) {
	l := newLake(f)
	l.add("w", "id bigint, s string", rows("SELECT i AS id, i::VARCHAR AS s FROM range(5000) r(i)"))
	raw, err := os.ReadFile(filepath.Join(l.dir, "w", "v0-0.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	n := int(binary.LittleEndian.Uint32(raw[len(raw)-8:]))
	f.Add(raw[len(raw)-8-n:len(raw)-8], int64(len(raw)))
	f.Add([]byte{}, int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, size int64) {
		if size < int64(len(raw))+tailBytes {
			return
		}
		start := size - tailBytes - int64(len(raw))
		meta, err := parseFooter(raw, start)
		if err != nil {
			return
		}
		for _, s := range meta.need(nil, true) {
			if s.From < 0 || s.To > start || s.From >= s.To {
				t.Fatalf("span %v in a file of %d with its footer at %d", s, size, start)
			}
		}
	})
}

// FuzzPlan: any JSON for a plan is read or refused.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`[{"name":"SEQ_SCAN","children":[],"extra_info":{"Table":"q1.\"@stub\".s0","Filters":["c0=1"]}}]`))
	f.Add([]byte(`[{"children":[{"extra_info":{"Table":"x"}}]}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		scans, err := readPlan(raw)
		if err != nil {
			return
		}
		for _, s := range scans {
			if s.stub < 0 {
				t.Fatalf("stub %d", s.stub)
			}
		}
	})
}
