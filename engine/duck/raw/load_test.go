package raw

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/store"
)

// bench is a store on disk, a folder of raw files and a DuckDB to read what was written.
type bench struct {
	t    *testing.T
	root string
	disk store.Store
	raw  string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root := t.TempDir()
	disk, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, root: root, disk: disk, raw: t.TempDir()}
}

// file writes a raw file, packed as its name says.
func (b *bench) file(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.raw, name)
	if err := os.WriteFile(path, pack(b.t, name, text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func pack(t *testing.T, name, text string) []byte {
	var out bytes.Buffer
	switch filepath.Ext(name) {
	case ".gz":
		w := gzip.NewWriter(&out)
		w.Write([]byte(text))
		w.Close()
	case ".zst":
		w, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
		w.Close()
	default:
		return []byte(text)
	}
	return out.Bytes()
}

func (b *bench) spec(columns string) tablefile.Spec {
	b.t.Helper()
	s, err := schema.ParseType("struct<" + columns + ">")
	if err != nil {
		b.t.Fatal(err)
	}
	return tablefile.Spec{
		Store: b.disk, Root: "t", Schema: s.(*schema.Struct), Staging: filepath.Join(b.root, "_staging"),
		Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Source: "test",
	}
}

// rows reads data files back as text: every row with its columns separated by |.
func (b *bench) rows(root string, files []delta.Add, order string) []string {
	b.t.Helper()
	if len(files) == 0 {
		return nil
	}
	db, err := duckdb.Open(duckdb.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn()
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	var paths []string
	for _, f := range files {
		path := filepath.Join(b.root, root, f.Path)
		if info, err := os.Stat(path); err != nil || info.Size() != f.Size {
			b.t.Errorf("file %s: %v, its size should be %d", f.Path, err, f.Size)
		}
		paths = append(paths, path)
	}
	got, err := conn.Strings(b.t.Context(), "SELECT COLUMNS(*)::VARCHAR FROM read_parquet($1, hive_partitioning=false) ORDER BY "+order, paths)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, row := range got {
		out = append(out, strings.Join(row, "|"))
	}
	return out
}

// clean checks that nothing is left in the store and in staging.
func (b *bench) clean() {
	b.t.Helper()
	filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b.t.Errorf("left behind: %s", path)
		}
		return err
	})
	staged, _ := filepath.Glob(filepath.Join(b.root, "_staging", "*"))
	if len(staged) > 0 {
		b.t.Errorf("left in staging: %v", staged)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// badRows is a raw file, what of it is good, and what is not.
type badRows struct {
	name, text string
	format     Format
	good       []string
	bad        []string // line, raw text, reason
}

func badRowFiles() []badRows {
	csv := FormatCSV
	return []badRows{
		{"conversion.csv", "a,b,c\n1,x,2024-01-01\n2,y,nope\n3,z,\n", csv,
			[]string{"1|x|2024-01-01", "3|z|"},
			[]string{`3 "2,y,nope" column c: "nope" is no date`}},
		{"counts.csv", "a,b,c\n1\n2,x,2024-01-01,more\n3,z,2024-01-01\n", csv,
			[]string{"3|z|2024-01-01"},
			[]string{`2 "1" the number of values is wrong: expected 3, found 1`,
				`3 "2,x,2024-01-01,more" the number of values is wrong: expected 3, found 4`}},
		{"lines.csv", "a,b,c\n1,\"two\nlines\",2024-01-01\nx,y,2024-01-01\n4,\"p\n\nq\",2024-01-01\ny,y,2024-13-01\n", csv,
			[]string{"1|two\nlines|2024-01-01", "4|p\n\nq|2024-01-01"},
			[]string{`4 "x,y,2024-01-01" column a: "x" is no int`,
				`8 "y,y,2024-13-01" column a: "y" is no int; column c: "2024-13-01" is no date`}},
		{"utf8.csv", "a,b,c\n1,\xff\xfe,2024-01-01\n2,ä,2024-01-01\n", csv,
			[]string{"2|ä|2024-01-01"},
			[]string{"2 \"1,\ufffd,2024-01-01\" the text is not valid UTF-8"}},
		{"quote.csv", "a,b,c\n1,x,2024-01-01\n7,\"open,2024-01-01\n8,n,2024-01-01\n", csv,
			[]string{"1|x|2024-01-01", "8|n|2024-01-01"},
			[]string{`3 "7,\"open,2024-01-01" a quote is not closed`}},
		{"bom.csv", "\ufeffa,b,c\r\n1,\"x\r\ny\",2024-01-01\r\nzz,y,2024-01-01\r\n2,z,2024-01-01\r\n", csv,
			[]string{"1|x\r\ny|2024-01-01", "2|z|2024-01-01"},
			[]string{`4 "zz,y,2024-01-01" column a: "zz" is no int`}},
		{"packed.csv.gz", "a,b,c\n1,x,2024-01-01\nq,x,2024-01-01\n", csv,
			[]string{"1|x|2024-01-01"},
			[]string{`3 "q,x,2024-01-01" column a: "q" is no int`}},
		{"header.csv", "a,b,c\n", csv, nil, nil},
		{"empty.csv", "", csv, nil, nil},
		{"order.csv", "c,b,a\n2024-01-01,x,1\n", csv, []string{"1|x|2024-01-01"}, nil},
		{"fewer.csv", "b\nx\n", csv, []string{"|x|"}, nil},
		{"noheader.csv", "1,x,2024-01-01\n2,y,2024-01-02\n", csv, []string{"1|x|2024-01-01", "2|y|2024-01-02"}, nil},
		{"semicolon.csv", "a;b;c\n1;x,y;2024-01-01\n", csv, []string{"1|x,y|2024-01-01"}, nil},

		{"ok.jsonl", `{"a":1,"b":"x","c":"2024-01-01"}` + "\n\n" + `{"b":"y"}` + "\n", FormatJSON,
			[]string{"1|x|2024-01-01", "|y|"}, nil},
		{"bad.jsonl", `{"a":1,"b":"x"}` + "\n" + `{"a":"zz"}` + "\n" + `{"a":2,` + "\n\n[1]\n5\n" + "{\"b\":\"\xff\"}\n" + `{"a":3,"c":"2024-02-30"}` + "\n" + `{"a":4}`, FormatJSON,
			[]string{"1|x|", "4||"},
			[]string{`2 "{\"a\":\"zz\"}" `, `3 "{\"a\":2," `, `5 "[1]" the line is not a JSON object`,
				`6 "5" the line is not a JSON object`, "7 \"{\\\"b\\\":\\\"\ufffd\\\"}\" ", `8 "{\"a\":3,\"c\":\"2024-02-30\"}" `}},
		{"bom.jsonl.zst", "\ufeff" + `{"a":1}` + "\r\n" + `{"a":}` + "\r\n", FormatJSON,
			[]string{"1||"}, []string{`2 "{\"a\":}" `}},
		{"empty.jsonl", "", FormatJSON, nil, nil},
	}
}

func TestBadRows(t *testing.T) {
	const columns = "a int, b string, c date"
	cases := badRowFiles()
	for _, test := range sweep.Sample(cases, sweep.Of(10, len(cases), len(cases))) {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			raw := Files{Format: test.format, Paths: []string{b.file(test.name, test.text)}}
			spec := b.spec(columns)
			_, err := Loader{}.Load(t.Context(), raw, spec)
			if len(test.bad) == 0 && err != nil {
				t.Fatalf("without bad rows: %v", err)
			}
			if len(test.bad) > 0 {
				var bad *BadRowError
				if !errors.As(err, &bad) {
					t.Fatalf("reject: got %v, want the row %s", err, test.bad[0])
				}
				if bad.File != raw.Paths[0] || !strings.HasPrefix(test.bad[0], fmt.Sprintf("%d %q ", bad.Line, bad.Raw)) {
					t.Errorf("reject: got %v, raw %q; want the row %s", err, bad.Raw, test.bad[0])
				}
				b.clean()
			}
			spec.Quarantine, spec.Root = "q", "g"
			w, err := Loader{}.Load(t.Context(), raw, spec)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "good rows", b.rows("g", w.Files, "a, b"), test.good)
			bad := b.rows("q", w.Bad, "line::BIGINT")
			if len(bad) != len(test.bad) || w.BadRows != int64(len(bad)) {
				t.Fatalf("quarantine: got %q, want %q", bad, test.bad)
			}
			for i, row := range bad {
				f := strings.SplitN(row, "|", 3)
				tail := strings.Split(f[2], "|")
				got := fmt.Sprintf("%s %q %s", tail[0], tail[1], tail[2])
				if f[0] != "test" || f[1] != raw.Paths[0] || !strings.HasPrefix(got, test.bad[i]) || len(tail[2]) < 5 {
					t.Errorf("quarantine: got %q, want %s", row, test.bad[i])
				}
			}
		})
	}
}

// TestBadRowsOfALargeFile holds that lines are exact where DuckDB reads in parallel.
func TestBadRowsOfALargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("files larger than the buffers of the readers are left out with -short")
	}
	for _, name := range []string{"big.csv", "big.csv.gz", "big.jsonl"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var text strings.Builder
			want := []string{}
			format, line := FormatJSON, 0
			if name != "big.jsonl" {
				format = FormatCSV
				text.WriteString("a,b\n")
				line = 1
			}
			good := 0
			for i := range 600_000 {
				line++
				isBad := i%60_013 == 60_012
				switch {
				case isBad && format == FormatCSV:
					fmt.Fprintf(&text, "x%d,some longer text\n", i)
				case isBad:
					fmt.Fprintf(&text, "{\"a\":\"x%d\"}\n", i)
				case format == FormatCSV && i%7 == 0:
					fmt.Fprintf(&text, "%d,\"with a\nnewline, %d\"\n", i, i)
				case format == FormatCSV:
					fmt.Fprintf(&text, "%d,some longer text to fill the buffers of the reader %d\n", i, i)
				default:
					fmt.Fprintf(&text, "{\"a\":%d,\"b\":\"some text\"}\n", i)
				}
				if isBad {
					want = append(want, fmt.Sprint(line))
				} else {
					good++
				}
				if !isBad && format == FormatCSV && i%7 == 0 {
					line++
				}
			}
			raw := Files{Format: format, Paths: []string{b.file(name, text.String())}}
			spec := b.spec("a int, b string")
			var bad *BadRowError
			if _, err := (Loader{}).Load(t.Context(), raw, spec); !errors.As(err, &bad) || fmt.Sprint(bad.Line) != want[0] || bad.Column != "a" {
				t.Errorf("reject: got %v, want line %s, column a", err, want[0])
			}
			spec.Quarantine = "q"
			w, err := Loader{}.Load(t.Context(), raw, spec)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, row := range b.rows("q", w.Bad, "line::BIGINT") {
				lines = append(lines, strings.Split(row, "|")[2])
			}
			same(t, "bad lines", lines, want)
			if w.Rows != int64(good) {
				t.Errorf("good rows: got %d, want %d", w.Rows, good)
			}
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	long := strings.Repeat("1,some text\n", 100_000)
	for _, name := range []string{"t.csv.gz", "t.csv.zst"} {
		b := newBench(t)
		whole := pack(t, name, "a,b\n"+long)
		for _, cut := range []int{len(whole) / 2, len(whole) - 1, 12} {
			path := filepath.Join(b.raw, name)
			if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			for _, aside := range []string{"", "q"} {
				spec := b.spec("a int, b string")
				spec.Quarantine = aside
				_, err := Loader{}.Load(t.Context(), Files{Format: FormatCSV, Paths: []string{path}}, spec)
				var e *FileError
				if !errors.As(err, &e) || e.Path != path {
					t.Errorf("%s cut at %d of %d: got %v, want a *FileError naming it", name, cut, len(whole), err)
				}
				b.clean()
			}
		}
	}
	b := newBench(t)
	gone := filepath.Join(b.raw, "gone.csv")
	_, err := Loader{}.Load(t.Context(), Files{Format: FormatCSV, Paths: []string{b.file("a.csv", "a\n1\n"), gone}}, b.spec("a int"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), gone) {
		t.Errorf("a vanished file: got %v", err)
	}
	b.clean()
	bad := b.file("bad.parquet", "PAR1 and then nothing")
	_, err = Loader{}.Load(t.Context(), Files{Format: FormatParquet, Paths: []string{bad}}, b.spec("a int"))
	var e *FileError
	if !errors.As(err, &e) || e.Path != bad {
		t.Errorf("a damaged Parquet file: got %v, want a *FileError naming it", err)
	}
	b.clean()
}

func TestNamesOfFilesAreNoPatterns(t *testing.T) {
	b := newBench(t)
	path := b.file("x[1]*?.csv", "a\n1\n")
	b.file("x1y.csv", "a\n2\n")
	w, err := Loader{}.Load(t.Context(), Files{Format: FormatCSV, Paths: []string{path}}, b.spec("a int"))
	if err != nil || w.Rows != 1 {
		t.Errorf("got %d rows, %v; want the one row of the file", w.Rows, err)
	}
}

func TestManyFilesOfDifferentShape(t *testing.T) {
	b := newBench(t)
	raw := Files{Format: FormatCSV, Paths: []string{
		b.file("1.csv", "a,b\n1,x\n"), b.file("2.csv.gz", "b,a\ny,2\n"), b.file("3.csv.zst", "a\n3\n"), b.file("4.csv", ""),
	}}
	w, err := Loader{}.Load(t.Context(), raw, b.spec("a int, b string"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", b.rows("t", w.Files, "a"), []string{"1|x", "2|y", "3|"})
	raw.Paths = append(raw.Paths, b.file("5.csv", "a,z\n1,2\n"))
	var e *tablefile.SchemaError
	if _, err := (Loader{}).Load(t.Context(), raw, b.spec("a int, b string")); !errors.As(err, &e) || e.Column != "z" || e.Hint() == "" {
		t.Errorf("an unknown column: got %v, want a *SchemaError on z", err)
	}
}

func TestInspect(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		format Format
		paths  []string
		want   string
	}{
		{FormatCSV, []string{b.file("a.csv", "id,at,day,ok,x,s\n1,2024-01-01 01:02:03,2024-01-01,true,1.5,q\n")},
			"struct<id:bigint,at:timestamp_ntz,day:date,ok:boolean,x:double,s:string>"},
		{FormatCSV, []string{b.file("b.csv", "a,b\n1,2\n"), b.file("c.csv.gz", "b,c\n2.5,x\n")}, "struct<a:bigint,b:double,c:string>"},
		{FormatCSV, []string{b.file("d.csv", "name,city\nann,rome\n")}, "struct<name:string,city:string>"},
		{FormatCSV, []string{b.file("e.csv", "a,b\n1,x\n2\n3,y\n")}, "struct<a:bigint,b:string>"},
		{FormatJSON, []string{b.file("a.jsonl", `{"a":1,"b":{"c":"x","d":[1.5]},"t":"2024-01-01T00:00:00Z","u":"5a6b0a04-5c0f-4b7e-8c3d-0a1b2c3d4e5f"}`+"\n")},
			"struct<a:bigint,b:struct<c:string,d:array<double>>,t:timestamp,u:string>"},
	} {
		s, _, err := Loader{}.Inspect(t.Context(), Files{Format: test.format, Paths: test.paths}, false)
		if err != nil {
			t.Errorf("%v: %v", test.paths, err)
			continue
		}
		if got := s.Schema.String(); got != test.want {
			t.Errorf("%v:\n got %s\nwant %s", test.paths, got, test.want)
		}
	}
	if _, _, err := (Loader{}).Inspect(t.Context(), Files{Format: FormatCSV, Paths: []string{b.file("0.csv", "")}}, false); err == nil {
		t.Error("an empty file: got no error")
	}
}

func TestRules(t *testing.T) {
	b := newBench(t)
	raw := Files{Format: FormatCSV, Paths: []string{b.file("a.csv", "a,b\n1,x\n-5,y\n3,\n")}}
	spec := b.spec("a int, b string")
	spec.Constraints = map[string]string{"positive": "a > 0 -- not less"}
	_, err := Loader{}.Load(t.Context(), raw, spec)
	var v *tablefile.ViolationError
	if !errors.As(err, &v) || v.Constraint != "positive" || v.Row != `{"a":-5,"b":"y"}` {
		t.Errorf("constraint: got %v (%+v), want it by name with the row", err, v)
	}
	if want := `table ` + spec.Root + `: constraint positive: it is not true for the row {"a":-5,"b":"y"}`; err == nil || err.Error() != want {
		t.Errorf("constraint: got %v, want %s", err, want)
	}
	b.clean()
	spec = b.spec("a int, b string")
	spec.Schema.Fields[1].Nullable = false
	if _, err = (Loader{}).Load(t.Context(), raw, spec); !errors.As(err, &v) || v.Column != "b" || v.Row != `{"a":3,"b":null}` {
		t.Errorf("not null: got %v, want column b with the row", err)
	}
	b.clean()
	spec = b.spec("a int, b string")
	spec.Constraints = map[string]string{"known": "b <> 'z'"}
	if _, err = (Loader{}).Load(t.Context(), raw, spec); !errors.As(err, &v) || v.Constraint != "known" {
		t.Errorf("a constraint that is null: got %v, want a violation", err)
	}
	b.clean()
}

// TestRulesAside promises that a row which breaks a rule of its table goes to the quarantine alone, with its place and why, in
// each format and with bad rows beside it.
func TestRulesAside(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		text   string
	}{
		"plain.csv":  {FormatCSV, "a,b\n1,x\n-5,y\n3,\n7,z\n"},
		"quoted.csv": {FormatCSV, "a,b\n1,\"x\"\n-5,\"y\"\n3,\"\"\nq,q\n7,z\n"},
		"x.jsonl":    {FormatJSON, `{"a":1,"b":"x"}` + "\n" + `{"a":-5,"b":"y"}` + "\n" + `{"a":3}` + "\n{\n" + `{"a":7,"b":"z"}` + "\n"},
	} {
		b := newBench(t)
		spec := b.spec("a int, b string")
		spec.Schema.Fields[1].Nullable = false
		spec.Constraints = map[string]string{"positive": "a > 0 -- not less"}
		spec.Quarantine = "q"
		raw := Files{Format: c.format, Paths: []string{b.file(name, c.text)}}
		w, err := Loader{}.Load(t.Context(), raw, spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, name, b.rows("t", w.Files, "a"), []string{"1|x", "7|z"})
		var got []string
		for _, row := range b.rows("q", w.Bad, "line::BIGINT") {
			f := strings.Split(row, "|")
			got = append(got, f[2]+" "+f[3]+" "+f[4])
		}
		want := []string{`3 {"a":-5,"b":"y"} constraint positive: it is not true`, `4 {"a":3,"b":null} column b: it must not be null`}
		if name == "quoted.csv" {
			want = append(want, `5 q,q column a: "q" is no int`)
		}
		if name == "x.jsonl" {
			want = []string{"2" + want[0][1:], "3" + want[1][1:], "4 { malformed JSON: a name in quotes is wanted, at byte 2 of the record"}
		}
		same(t, name+", aside", got, want)
	}
}

func TestCancelLeavesNothing(t *testing.T) {
	b := newBench(t)
	var text strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&text, "%d,some text %d\n", i, i)
	}
	raw := Files{Format: FormatCSV, Paths: []string{b.file("a.csv", "a,b\n"+text.String())}}
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := Loader{}.Load(ctx, raw, b.spec("a int, b string"))
		cancel()
		if err == nil {
			break // the machine was quicker
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled after %v: got %v, want the context's error", after, err)
		}
		b.clean()
	}
}

// failing is a store whose third Put fails.
type failing struct {
	store.Store
	puts chan struct{}
}

func (f failing) Put(ctx context.Context, key string, body io.ReadSeeker, cond store.Cond) error {
	select {
	case <-f.puts:
		return f.Store.Put(ctx, key, body, cond)
	default:
		return errors.New("the disk is full")
	}
}

func TestFailedPutLeavesNothing(t *testing.T) {
	b := newBench(t)
	spec := b.spec("p int, a int")
	spec.PartitionBy = []string{"p"}
	f := failing{spec.Store, make(chan struct{}, 2)}
	f.puts <- struct{}{}
	f.puts <- struct{}{}
	spec.Store = f
	raw := Files{Format: FormatCSV, Paths: []string{b.file("a.csv", "p,a\n1,1\n2,2\n3,3\n4,4\n")}}
	if _, err := (Loader{}).Load(t.Context(), raw, spec); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("got %v, want the store's error", err)
	}
	b.clean()
}
