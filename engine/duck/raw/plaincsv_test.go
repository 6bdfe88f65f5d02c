package raw

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/internal/text"
)

// plainTypes are the types of columns that plain CSV has.
var plainTypes = []schema.Type{
	schema.Long, schema.String, schema.Double, schema.Date, schema.TimestampNTZ, schema.Timestamp, schema.Boolean, schema.Integer, schema.Short,
	schema.Byte, schema.Float, schema.Decimal{Precision: 4, Scale: 2}, schema.Decimal{Precision: 9, Scale: 0}, schema.Decimal{Precision: 18, Scale: 6},
}

// readCSV is the SQL that reads a file as DuckDB does.
func readCSV(path string, d dialect, names, types []string) string {
	parts := make([]string, len(names))
	for i := range names {
		parts[i] = duckdb.Quote(names[i]) + ": " + duckdb.Quote(types[i])
	}
	return "read_csv(" + literal([]rawFile{{path: path}}) + ", delim=" + duckdb.Quote(d.delimiter) + ", quote=" + duckdb.Quote(d.quote) + ", escape=" + duckdb.Quote(d.escape) +
		", comment='', header=false, auto_detect=false, columns={" + strings.Join(parts, ", ") + "})"
}

// both reads a file with both readers of package text and with read_csv, and reports whether it was plain. It fails
// where it was, and the rows are not the same.
func both(t *testing.T, conn *duckdb.Conn, n *int, path string, d dialect, types []schema.Type) bool {
	t.Helper()
	var names, sqls, texts []string
	g := csvGroup{paths: []string{path}}
	for i, kind := range types {
		name := fmt.Sprintf("c%d", i)
		sql, err := tablefile.QueryType(kind)
		if err != nil {
			t.Fatal(err)
		}
		names, sqls, texts = append(names, name), append(sqls, sql), append(texts, name+"::VARCHAR")
		g.fields, g.columns = append(g.fields, schema.Field{Name: name, Type: kind}), append(g.columns, i)
	}
	format, ok := d.plain(g, Files{Declared: names})
	if !ok {
		return false
	}
	*n++
	shown := "SELECT " + strings.Join(texts, ", ")
	read := func(into string, table *duckdb.Table) error {
		name := fmt.Sprintf("%s_%d", into, *n)
		if err := conn.Register(name, table); err != nil {
			t.Fatal(err)
		}
		_, err := conn.Exec(t.Context(), "CREATE OR REPLACE TEMP TABLE "+into+" AS "+shown+" FROM "+name+"()")
		return err
	}
	same := func(a, b string) {
		rows, err := conn.Strings(t.Context(), "SELECT 'only "+a+"', * FROM (FROM "+a+" EXCEPT ALL FROM "+b+") UNION ALL SELECT 'only "+b+"', * FROM (FROM "+b+" EXCEPT ALL FROM "+a+") LIMIT 4")
		if err != nil || len(rows) > 0 {
			t.Errorf("types %v: rows differ: %v, %q", sqls, err, rows)
		}
	}
	reader := text.NewPlainReader(g.paths, format)
	defer reader.Close()
	table := (&rawRows{}).table(t.Context(), reader, g)
	err := read("plain", table)
	if errors.Is(table.Err(), text.ErrDeclined) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	general := text.NewReader(text.Source{
		Files: []text.File{{Path: path, Columns: g.columns}}, Fields: g.fields, All: true, Most: 1 << 20,
		CSV: text.Dialect{Delimiter: d.delimiter, Quote: sign(d.quote), Escape: sign(d.escape)}, Open: func(path string) (io.ReadCloser, error) { return os.Open(path) },
	})
	defer general.Close()
	if err := read("general", textTable(t.Context(), general, g.fields, 1)); err != nil {
		t.Fatal(err)
	}
	if faults, err := general.Faults(); err != nil || len(faults) > 0 {
		t.Errorf("types %v: read as plain, while package text says: %v, %+v", sqls, err, faults)
	}
	same("plain", "general")
	if _, err := conn.Exec(t.Context(), "CREATE OR REPLACE TEMP TABLE theirs AS "+shown+" FROM "+readCSV(path, d, names, sqls)); err != nil {
		t.Errorf("read as plain, while read_csv says: %v", err)
		return true
	}
	same("plain", "theirs")
	return true
}

func connOf(t testing.TB, dirs ...string) *duckdb.Conn {
	t.Helper()
	db, conn, err := Loader{Threads: 2}.open(dirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return conn
}

var comma = dialect{delimiter: ",", quote: `"`, escape: `"`}

// TestPlainAsDuckDB promises that files which are read as plain have the rows that read_csv finds in them, and
// that most files are plain.
func TestPlainAsDuckDB(t *testing.T) {
	dir := t.TempDir()
	conn, n := connOf(t, dir), 0
	path := filepath.Join(dir, "x.csv")
	// A seed is a file of up to 60 rows, half of them with something rare: 400 have each pair of types side by side.
	plainly, seeds := 0, sweep.Of(80, 400, 10_000)
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		types := make([]schema.Type, 1+rnd.IntN(6))
		for i := range types {
			types[i] = plainTypes[rnd.IntN(len(plainTypes))]
		}
		odd := seed%2 == 1 // something unusual here and there
		data := randomCSV(rnd, types, 1+rnd.IntN(60), odd)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if both(t, conn, &n, path, comma, types) {
			plainly++
		} else if !odd && len(types) > 1 {
			t.Errorf("seed %d: a plain file was declined:\n%s", seed, data[:min(len(data), 400)])
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%q", seed, data)
		}
	}
	if plainly < seeds/2 {
		t.Errorf("%d of %d files were plain", plainly, seeds)
	}
}

// randomCSV is a file of records that fit the types; odd ones hold what is rare, or wrong.
func randomCSV(rnd *rand.Rand, types []schema.Type, rows int, odd bool) []byte {
	var b bytes.Buffer
	newline := []string{"\n", "\r\n"}[rnd.IntN(2)]
	for row := range rows {
		for i, kind := range types {
			if i > 0 {
				b.WriteByte(',')
			}
			if rnd.IntN(8) == 0 && len(types) > 1 {
				continue // NULL
			}
			b.WriteString(randomValue(rnd, kind, odd && rnd.IntN(12) == 0))
		}
		if row < rows-1 || newline == "\r\n" || rnd.IntN(2) == 0 {
			b.WriteString(newline)
		}
	}
	return b.Bytes()
}

// oddities are values in forms that are rare or wrong.
var oddities = []string{
	`""`, `"`, `a"b`, `"a"b`, " 1", "1 ", "+1", "1e3", "1E-3", ".5", "5.", "-0", "-0.0", "00012", "0x1", "1_000", "inf", "nan", "NULL", "99999999999999999999", "9223372036854775808",
	"1.23456789012345678901234567890", "123456789012345678", "0.1234567", "12.345", "99.999", "2024-02-30", "2023-02-29", "1900-02-29", "2000-02-29", "0000-01-01", "10000-01-01", "2024-1-2", "2024/01/02",
	"2024-01-02 24:00:00", "2024-01-02 23:59:60", "2024-01-02T01:02:03Z", "2024-01-02 01:02:03+02", "2024-01-02 01:02:03.1234567", "2024-01-02 01:02", "t", "TRUE", "True", "yes", "1", "\xff\xfe", "ü\xc3", "\x00", "\r", "\n",
	`"multi` + "\n" + `line"`, `"multi` + "\r\n" + `line"`, `"say ""hi"" now"`, `""""`, `"x""`, "\ufeff", "\t", "{", "-", "--1", "1-2", "1.2.3", "1e", "e5", "1e400", "-1e-400", "#", "300", "40000", "-129",
}

func randomValue(rnd *rand.Rand, kind schema.Type, odd bool) string {
	if odd {
		return oddities[rnd.IntN(len(oddities))]
	}
	sign := []string{"", "-"}[rnd.IntN(2)]
	day := fmt.Sprintf("%04d-%02d-%02d", 1+rnd.IntN(9999), 1+rnd.IntN(12), 1+rnd.IntN(28))
	clock := fmt.Sprintf("%s%c%02d:%02d:%02d", day, " T"[rnd.IntN(2)], rnd.IntN(24), rnd.IntN(60), rnd.IntN(60))
	var out string
	switch kind {
	case schema.Long:
		out = sign + fmt.Sprint(rnd.Int64N([]int64{10, 1e6, 1e18}[rnd.IntN(3)]))
	case schema.Integer:
		out = sign + fmt.Sprint(rnd.Int32())
	case schema.Short:
		out = sign + fmt.Sprint(rnd.IntN(32768))
	case schema.Byte:
		out = sign + fmt.Sprint(rnd.IntN(128))
	case schema.Double, schema.Float:
		form := []string{"%.0f", "%.2f", "%.9f", "%.17g"}[rnd.IntN(4)]
		number := rnd.Float64() * []float64{1, 1e3, 1e12, 1e-7}[rnd.IntN(4)]
		if kind == schema.Float && form == "%.0f" {
			number = min(number, 1e7) // a whole number beyond 2^24 is another one as a float
		}
		out = sign + fmt.Sprintf(form, number)
	case schema.Date:
		out = day
	case schema.Timestamp, schema.TimestampNTZ:
		out = clock + []string{"", fmt.Sprintf(".%0*d", 1+rnd.IntN(6), rnd.IntN(10))}[rnd.IntN(2)]
	case schema.Boolean:
		out = []string{"true", "false"}[rnd.IntN(2)]
	case schema.String:
		out = randomText(rnd)
		if strings.ContainsAny(out, ",\"\r\n") {
			return `"` + strings.ReplaceAll(out, `"`, `""`) + `"`
		}
	default:
		d := kind.(schema.Decimal)
		out = sign + fmt.Sprint(rnd.Int64N(int64(pow10(int(d.Precision-d.Scale)))))
		if d.Scale > 0 && rnd.IntN(3) > 0 {
			out += fmt.Sprintf(".%0*d", 1+rnd.IntN(int(d.Scale)), rnd.IntN(10))
		}
	}
	if rnd.IntN(6) == 0 {
		return `"` + out + `"`
	}
	return out
}

func pow10(n int) float64 {
	p := 1.0
	for range n {
		p *= 10
	}
	return p
}

func randomText(rnd *rand.Rand) string {
	words := []string{"a", "lake", "über", "日本", "x,y", `say "hi" `, "and much longer than twelve bytes ", "-", "12", " "}
	var b strings.Builder
	for range 1 + rnd.IntN(5) {
		b.WriteString(words[rnd.IntN(len(words))])
	}
	return b.String()
}

// TestPlainBlocks promises the same of files of many blocks, whose records are cut anywhere, read by
// several threads.
func TestPlainBlocks(t *testing.T) {
	dir := t.TempDir()
	conn, n := connOf(t, dir), 0
	path := filepath.Join(dir, "x.csv")
	rnd := rand.New(rand.NewPCG(1, 1))
	types := []schema.Type{schema.Long, schema.String, schema.Double, schema.Date, schema.String}
	var b bytes.Buffer
	for b.Len() < sweep.Of(3, 18, 18)<<20 { // of blocks of half a megabyte
		fmt.Fprintf(&b, "%d,%s,%d.%02d,2024-05-%02d,\"%s\n\"\"%d\"\"\"\n", rnd.Int64N(1e12), strings.Repeat("w", rnd.IntN(40)), rnd.IntN(1000), rnd.IntN(100), 1+rnd.IntN(31),
			strings.Repeat("line\n", rnd.IntN(20)), rnd.IntN(10))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if !both(t, conn, &n, path, comma, types) {
		t.Error("the file was declined")
	}
}

// TestPlainEnds promises that a load that is cancelled in the middle of plain files ends as one.
func TestPlainEnds(t *testing.T) {
	dir := t.TempDir()
	conn := connOf(t, dir)
	path := filepath.Join(dir, "x.csv")
	if err := os.WriteFile(path, bytes.Repeat([]byte("1,a\n"), 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reader := text.NewPlainReader([]string{path}, text.PlainFormat{Delimiter: ',', Quote: '"', Columns: []text.PlainColumn{{Kind: text.Int64}, {Kind: text.Text}}})
	defer reader.Close()
	fields := []schema.Field{{Name: "a", Type: schema.Long}, {Name: "b", Type: schema.String}}
	table := (&rawRows{}).table(ctx, reader, csvGroup{paths: []string{path}, fields: fields})
	if err := conn.Register("plain", table); err != nil {
		t.Fatal(err)
	}
	make := table.Thread
	table.Thread = func() duckdb.Filler { cancel(); return make() }
	// Whoever sees it first ends the statement: DuckDB, or a thread of ours.
	if _, err := conn.Exec(ctx, "SELECT count(*), max(b) FROM plain()"); err == nil || !errors.Is(err, context.Canceled) && !errors.Is(table.Err(), context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if read := reader.Read(); read > 16<<20 {
		t.Errorf("%d bytes were read after the end", read)
	}
}

// FuzzPlain promises that no bytes are read as plain that read_csv reads in another way.
func FuzzPlain(f *testing.F) {
	for _, odd := range oddities {
		f.Add([]byte("1,"+odd+",x\n"), uint8(0), uint8(1), uint8(2), ",", `"`)
	}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		types := []schema.Type{plainTypes[seed%14], plainTypes[(seed+5)%14], plainTypes[(seed+9)%14]}
		f.Add(randomCSV(rnd, types, 5, true), uint8(seed%14), uint8((seed+5)%14), uint8((seed+9)%14), ",", `"`)
	}
	dir := f.TempDir()
	conn, n := connOf(f, dir), 0
	path := filepath.Join(dir, "x.csv")
	f.Fuzz(func(t *testing.T, data []byte, a, b, c uint8, delimiter, quote string) {
		if len(delimiter) != 1 || len(quote) > 1 || delimiter == quote || strings.ContainsAny(delimiter+quote, "\r\n\x00") || delimiter[0] >= 0x80 || len(quote) == 1 && quote[0] >= 0x80 {
			t.Skip()
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		types := []schema.Type{plainTypes[int(a)%len(plainTypes)], plainTypes[int(b)%len(plainTypes)], plainTypes[int(c)%len(plainTypes)]}
		both(t, conn, &n, path, dialect{delimiter: delimiter, quote: quote, escape: quote}, types)
	})
}
