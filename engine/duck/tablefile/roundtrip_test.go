package tablefile

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sweep"
)

// everyType has a column of each type, with values at the edges.
const everyType = `SELECT * FROM (VALUES
	(true, 1::TINYINT, -2::SMALLINT, 3, (-9223372036854775808)::BIGINT, 1.5::FLOAT, 'NaN'::DOUBLE, -12.34::DECIMAL(9,2),
	 99999999999999999999999999999999999999::DECIMAL(38,0), 'äö', '\x00\xFF'::BLOB, DATE '0001-01-01', TIMESTAMPTZ '2024-02-29 01:02:03.123456+00',
	 TIMESTAMP '1969-12-31 23:59:59.999999', [1,NULL], MAP {'k': 1.5::DOUBLE}, {'x': 1, 'y': {'z': 'q'}}),
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(false, -128, 32767, -2147483648, 9223372036854775807, 'inf'::FLOAT, -0.0, 0.01, -1, repeat('z', 300), ''::BLOB, DATE '9999-12-31',
	 TIMESTAMPTZ '1900-01-01 00:00:00+00', TIMESTAMP '2262-01-01 00:00:00', [], MAP {}, {'x': NULL, 'y': NULL})
) t(b, i8, i16, i32, i64, f, d, dec, big, s, bin, day, "at", ntz, l, m, st)`

const everySchema = "b boolean, i8 tinyint, i16 smallint, i32 int, i64 bigint, f float, d double, dec decimal(9,2), " +
	"big decimal(38,0), s string, bin binary, day date, at timestamp, ntz timestamp_ntz, l array<int>, m map<string,double>, " +
	"st struct<x:int,y:struct<z:string>>"

// writeSelect writes the rows of a plain SELECT.
func (b *bench) writeSelect(sql string, spec Spec) (Written, error) {
	b.t.Helper()
	w, err := NewWriter(spec)
	if err != nil {
		return Written{}, err
	}
	defer w.Close()
	conn := b.conn(w.Dir)
	w.Use(conn)
	d, err := conn.Describe(b.t.Context(), sql)
	if err != nil {
		b.t.Fatal(err)
	}
	staged, err := w.CopyFrom(b.t.Context(), "("+sql+")", d.Schema)
	if err != nil {
		return Written{}, err
	}
	return w.Publish(b.t.Context(), staged)
}

func TestEveryTypeAndItsStatistics(t *testing.T) {
	b := newBench(t)
	w, err := b.writeSelect(everyType, b.spec(everySchema))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Files) != 1 || w.Rows != 3 || w.Files[0].Stats.NumRecords != 3 || !w.Files[0].DataChange {
		t.Fatalf("got %d files, %d rows", len(w.Files), w.Rows)
	}
	compareRows(t, b, w)
	got := map[string]stats.Column{}
	for _, c := range w.Files[0].Stats.Columns {
		got[strings.Join(c.Path, ".")] = c
	}
	day := func(s string) stats.Value { v, _ := stats.ParseDate(s); return v }
	at := func(s string) stats.Value { v, _ := stats.ParseTimestamp(s); return v }
	for name, want := range map[string]stats.Column{
		"b":      {Min: false, Max: true, NullCount: 1},
		"i8":     {Min: int64(-128), Max: int64(1), NullCount: 1},
		"i16":    {Min: int64(-2), Max: int64(32767), NullCount: 1},
		"i32":    {Min: int64(math.MinInt32), Max: int64(3), NullCount: 1},
		"i64":    {Min: int64(math.MinInt64), Max: int64(math.MaxInt64), NullCount: 1},
		"f":      {Min: 1.5, Max: math.Inf(1), NullCount: 1},
		"d":      {Min: 0.0, Max: nil, NullCount: 1},
		"s":      {Min: strings.Repeat("z", 256), Max: "äö", NullCount: 1},
		"bin":    {Min: []byte{}, Max: []byte{0, 255}, NullCount: 1},
		"day":    {Min: day("0001-01-01"), Max: day("9999-12-31"), NullCount: 1},
		"at":     {Min: at("1900-01-01 00:00:00"), Max: at("2024-02-29 01:02:03.123456"), NullCount: 1},
		"ntz":    {Min: at("1969-12-31 23:59:59.999999"), Max: at("2262-01-01 00:00:00"), NullCount: 1},
		"st.x":   {Min: int64(1), Max: int64(1), NullCount: 2},
		"st.y.z": {Min: "q", Max: "q", NullCount: 2},
	} {
		c, ok := got[name]
		if !ok || !equalValue(c.Min, want.Min) || !equalValue(c.Max, want.Max) || c.NullCount != want.NullCount {
			t.Errorf("%s: got %v..%v with %d nulls, want %v..%v with %d", name, c.Min, c.Max, c.NullCount, want.Min, want.Max, want.NullCount)
		}
	}
	for name, want := range map[string][2]string{"dec": {"-12.34", "0.01"}, "big": {"-1", strings.Repeat("9", 38)}} {
		low, _ := got[name].Min.(stats.Decimal)
		high, _ := got[name].Max.(stats.Decimal)
		if low.Unscaled == nil || high.Unscaled == nil || low.String() != want[0] || high.String() != want[1] {
			t.Errorf("%s: got %v..%v, want %v", name, got[name].Min, got[name].Max, want)
		}
	}
	for _, name := range []string{"l", "m", "l.element", "m.key"} {
		if c, ok := got[name]; ok {
			t.Errorf("%s: got statistics %+v of a list or map, want none", name, c)
		}
	}
}

func equalValue(a, b stats.Value) bool {
	x, ok := a.([]byte)
	y, ok2 := b.([]byte)
	if ok && ok2 {
		return string(x) == string(y)
	}
	return !ok && !ok2 && a == b
}

// compareRows reads the files and the SELECT side by side.
func compareRows(t *testing.T, b *bench, w Written) {
	t.Helper()
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
	path := filepath.Join(b.root, "t", w.Files[0].Path)
	for _, sql := range []string{
		"(" + everyType + ") EXCEPT FROM read_parquet($1)", "FROM read_parquet($1) EXCEPT (" + everyType + ")",
	} {
		rows, err := conn.Strings(t.Context(), sql, path)
		if err != nil || len(rows) > 0 {
			t.Errorf("rows on one side only: %v %v", rows, err)
		}
	}
}

func TestPartitionedFiles(t *testing.T) {
	b := newBench(t)
	spec := b.spec("p string, d date, at timestamp, n int, v int")
	spec.PartitionBy, spec.SortBy = []string{"p", "d", "at", "n"}, []string{"v"}
	w, err := b.writeSelect(`SELECT * FROM (VALUES
		('a/b=c %é', DATE '2024-01-01', TIMESTAMPTZ '2024-01-01 02:00:00+02', 1, 5),
		(NULL, NULL, NULL, NULL, 1), ('', DATE '2024-01-02', TIMESTAMPTZ '2024-01-01 00:00:00.5+00', -3, 2)) t(p, d, "at", n, v)`, spec)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range w.Files {
		line := f.Path[:strings.LastIndexByte(f.Path, '/')]
		for _, c := range spec.PartitionBy {
			if v := f.PartitionValues[c]; v == nil {
				line += " <null>"
			} else {
				line += " " + *v
			}
		}
		got = append(got, line)
		if _, err := os.Stat(filepath.Join(b.root, "t", f.Path)); err != nil {
			t.Error(err)
		}
		if len(f.Stats.Columns) != 1 || f.Stats.Columns[0].Path[0] != "v" {
			t.Errorf("%s: statistics %+v, want those of v alone", f.Path, f.Stats.Columns)
		}
	}
	want := map[string]bool{
		"p=a%2Fb%3Dc %25é/d=2024-01-01/at=2024-01-01T00%3A00%3A00.000000Z/n=1 a/b=c %é 2024-01-01 2024-01-01T00:00:00.000000Z 1":                           true,
		"p=__HIVE_DEFAULT_PARTITION__/d=__HIVE_DEFAULT_PARTITION__/at=__HIVE_DEFAULT_PARTITION__/n=__HIVE_DEFAULT_PARTITION__ <null> <null> <null> <null>": true,
		"p=__HIVE_DEFAULT_PARTITION__/d=2024-01-02/at=2024-01-01T00%3A00%3A00.500000Z/n=-3 <null> 2024-01-02 2024-01-01T00:00:00.500000Z -3":               true,
	}
	for _, line := range got {
		if !want[line] {
			t.Errorf("got  %s", line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d files, want %d", len(got), len(want))
	}
}

func TestFilesOfASize(t *testing.T) {
	if testing.Short() {
		t.Skip("files of a size take many rows: left out with -short")
	}
	b := newBench(t)
	spec := b.spec("a bigint, s string")
	spec.FileSize, spec.SortBy = 1<<20, []string{"a"}
	w, err := b.writeSelect("SELECT hash(i)::VARCHAR AS s, (hash(i) % 1000000)::BIGINT AS a FROM range(1000000) t(i)", spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Files) < 4 || w.Rows != 1_000_000 {
		t.Errorf("got %d files and %d rows, want several and 1,000,000", len(w.Files), w.Rows)
	}
	narrow := 0
	for _, f := range w.Files {
		c := f.Stats.Columns[0]
		if c.Max.(int64)-c.Min.(int64) < 400_000 {
			narrow++
		}
	}
	if narrow < len(w.Files)-1 {
		t.Errorf("%d of %d files have a narrow range of the sort column", narrow, len(w.Files))
	}
}

func TestCasts(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ sql, columns, fault string }{
		{"SELECT sum(i) AS a FROM range(10) t(i)", "a bigint", ""},
		{"SELECT sum(i) AS a FROM range(10) t(i)", "a decimal(38,0)", ""},
		{"SELECT 1 AS A", "a bigint", ""},
		{"SELECT DATE '2024-01-01' AS a", "a timestamp", ""},
		{"SELECT 1.5::DOUBLE AS a", "a int", "the table has int, the rows have double"},
		{"SELECT 'x' AS a", "a int", "the table has int, the rows have string"},
		{"SELECT 3000000000 AS a", "a int", "it would be another value"},
		{"SELECT 1 AS a, 2 AS z", "a int", "column z: the table has no such column"},
		{"SELECT {'x': 1, 'q': 2} AS a", "a struct<x:int>", "the table has"},
		{"SELECT {'x': 1} AS a", "a struct<x:bigint,y:string>", ""},
		{"SELECT 1 AS a", "a int, b int", ""},
		{"SELECT 1.5::DOUBLE AS a", "a decimal(10,2)", ""},
		{"SELECT 1.555::DOUBLE AS a", "a decimal(10,2)", "column a: 1.555 of type double does not fit: as a decimal(10,2) it would be another value"},
		{"SELECT 1.555 AS a", "a decimal(10,2)", "1.555 of type decimal(4,3) does not fit: as a decimal(10,2)"},
		{"SELECT 1.550 AS a", "a decimal(10,2)", ""},
		{"SELECT 9007199254740993 AS a", "a double", "9007199254740993 of type bigint does not fit: as a double"},
		{"SELECT 9007199254740992 AS a", "a double", ""},
		{"SELECT 0.1::DOUBLE AS a", "a float", ""},
		{"SELECT 16777217 AS a", "a float", "does not fit: as a float"},
		{"SELECT 1e300::DOUBLE AS a", "a float", "it would be another value"},
		{"SELECT 0.5::DOUBLE AS a", "a float", ""},
		{"SELECT 'NaN'::DOUBLE AS a", "a float", ""},
		{"SELECT 12345678901234567.8912 AS a", "a double", ""},
		{"SELECT 12345678901234567891 AS a", "a double", "does not fit: as a double"},
		{"SELECT 12345678901234567.8912 AS a", "a decimal(20,3)", "does not fit: as a decimal(20,3)"},
		{"SELECT [1.25, 1.255] AS a", "a array<decimal(10,2)>", "[1.250, 1.255] of type array<decimal(4,3)> does not fit: as a array<decimal(10,2)>"},
		{"SELECT {'x': {'y': 1.255}} AS a", "a struct<x:struct<y:decimal(10,2)>>", "does not fit"},
		{"SELECT MAP {1: 1.255} AS a", "a map<int,decimal(10,2)>", "does not fit"},
		{"SELECT TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS a", "a timestamp_ntz", "2024-01-01 00:00:00.123456789 of type timestamp_ntz does not fit: a table keeps microseconds"},
		{"SELECT TIMESTAMP_NS '2024-01-01 00:00:00.123456' AS a", "a timestamp", ""},
		{"SELECT TIMESTAMP_NS '1969-12-31 23:59:59.999999999' AS a", "a timestamp", "does not fit: a table keeps microseconds"},
		{"SELECT [TIMESTAMP_NS '2024-01-01 00:00:00.000000001'] AS a", "a array<timestamp_ntz>", "does not fit"},
		{"SELECT 255::UTINYINT AS a, 1.5::FLOAT AS b, 0.1::FLOAT AS c", "a double, b double, c decimal(10,1)", ""},
		{"SELECT TIME '01:02:03' AS a, uuid() AS b, 5::UBIGINT AS c", "a string, b string, c decimal(20,0)", ""},
	} {
		_, err := b.writeSelect(test.sql, b.spec(test.columns))
		if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%s into %s: got %v, want %q", test.sql, test.columns, err, test.fault)
		}
	}
}

// TestStatisticsAgainstTheRows compares bounds with what a scan of each file says.
func TestStatisticsAgainstTheRows(t *testing.T) {
	b := newBench(t)
	spec := b.spec("i bigint, d decimal(12,3), s string, f double, day date, st struct<x:int>")
	spec.FileSize = 1 << 20
	w, err := b.writeSelect(`SELECT (hash(i) % 100003)::BIGINT AS i, (hash(i) % 9999991)::DECIMAL(12,3) / 1000 AS d,
		CASE WHEN i % 5 = 0 THEN NULL ELSE 'k' || hash(i) END AS s, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 7 END AS f,
		DATE '2000-01-01' + (hash(i) % 9999)::INT AS day, {'x': nullif(i % 11, 0)::INT} AS st FROM range(`+strconv.Itoa(sweep.Of(100_000, 400_000, 400_000))+`) t(i)`, spec)
	if err != nil {
		t.Fatal(err)
	}
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
	for _, f := range w.Files {
		if len(f.Stats.Columns) != 6 {
			t.Errorf("%s: %d columns have statistics, want 6", f.Path, len(f.Stats.Columns))
		}
		for _, c := range f.Stats.Columns {
			_, field, _ := spec.Schema.Lookup(c.Path...)
			at := identifiers(c.Path[:1])
			if len(c.Path) > 1 {
				at += "." + identifiers(c.Path[1:])
			}
			row, err := conn.Strings(t.Context(), "SELECT min("+at+")::VARCHAR, max("+at+")::VARCHAR, count(*) FILTER ("+at+" IS NULL), count(*) FROM read_parquet($1)",
				filepath.Join(b.root, "t", f.Path))
			if err != nil {
				t.Fatal(err)
			}
			low, high := statValue(field.Type, row[0][0], false), statValue(field.Type, row[0][1], true)
			if shown(low) != shown(c.Min) || shown(high) != shown(c.Max) || row[0][2] != shown(c.NullCount) || row[0][3] != shown(f.Stats.NumRecords) {
				t.Errorf("%s %v: got %v..%v with %d nulls of %d, the rows say %v", f.Path, c.Path, c.Min, c.Max, c.NullCount, f.Stats.NumRecords, row[0])
			}
		}
	}
}

func shown(v stats.Value) string {
	if d, ok := v.(stats.Decimal); ok {
		return d.String()
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// TestOthersReadTheFiles lets pyarrow and polars read what DuckDB encoded with Parquet v2.
func TestOthersReadTheFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("Python takes its time: left out with -short")
	}
	python := filepath.Join("..", "..", "..", ".tools", "venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the Python tools are not installed")
		}
		t.Skip("the Python tools are not installed")
	}
	b := newBench(t)
	w, err := b.writeSelect(everyType, b.spec(everySchema))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.root, "t", w.Files[0].Path)
	out, err := exec.Command(python, "-c", `
import sys, pyarrow.parquet as pq, polars
t = pq.read_table(sys.argv[1]); p = polars.read_parquet(sys.argv[1])
assert t.num_rows == 3 and p.height == 3
assert t["i64"].to_pylist() == [-2**63, None, 2**63-1], t["i64"]
assert p["s"].to_list() == ["äö", None, "z"*300]
print("ok")`, path).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "ok") {
		t.Errorf("%v: %s", err, out)
	}
}

func FuzzStatValue(f *testing.F) {
	for _, s := range []string{"1", "-9223372036854775808", "1e+308", "inf", "nan", "infinity", "2024-01-01", "2024-01-01 00:01:39.123456+00",
		"0044-03-15 (BC)", "290309-12-22 (BC)", "12.34", "00ff", "\xff\xff", strings.Repeat("9", 40)} {
		f.Add(s)
	}
	types := []schema.Type{schema.String, schema.Long, schema.Byte, schema.Float, schema.Double, schema.Boolean, schema.Binary,
		schema.Date, schema.Timestamp, schema.TimestampNTZ, schema.Decimal{Precision: 10, Scale: 2}, schema.Void, &schema.Array{Element: schema.Long}}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range types {
			low, high := statValue(kind, s, false), statValue(kind, s, true)
			if v, ok := high.(float64); ok && math.IsNaN(v) {
				t.Errorf("%s %q: a bound that is no number", kind, s)
			}
			if v, ok := low.(string); ok && v > s {
				t.Errorf("%q: the lower bound %q is above it", s, v)
			}
		}
	})
}

func FuzzSplitPath(f *testing.F) {
	f.Add(`"a"`)
	f.Add(`"a"."b ""c"""`)
	f.Add(`"a".`)
	f.Fuzz(func(t *testing.T, s string) {
		path, ok := splitPath(s)
		if !ok {
			return
		}
		quoted := make([]string, len(path))
		for i, p := range path {
			quoted[i] = duckdb.QuoteIdent(p)
		}
		if got := strings.Join(quoted, "."); got != s {
			t.Errorf("%s: read as %q, which is %s", s, path, got)
		}
	})
}
