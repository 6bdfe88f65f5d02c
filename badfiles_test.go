package petalake_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
)

// cut is a gzip file that ends too early.
func cut(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(strings.Repeat(text, 1000)))
	_ = w.Close()
	return b.String()[:b.Len()/2]
}

// badFiles are files beside good ones of the table id int, name string not null, each of which cannot be loaded as it is: what is in
// them, and in which row of the quarantine that shows, line 0 for the whole file.
var badFiles = map[string]struct {
	text, format string
	lines        []int64
}{
	"a value":          {text: "id,name\nx,b\n", lines: []int64{2}},
	"too many values":  {text: "id,name\n1,b,c\n", lines: []int64{2}},
	"not null":         {text: "id,name\n1,\n", lines: []int64{2}},
	"open quote":       {text: "id,name\n1,\"b\n", lines: []int64{2}},
	"another encoding": {text: "id,name\n1,M\xfcller\n", lines: []int64{2}},
	"a new column":     {text: "id,name,extra\n1,b,c\n", lines: []int64{0}},
	"cut short":        {text: cut("id,name\n1,b\n"), lines: []int64{0}},
	"no text":          {text: "id,name\n\x00\x00\x00\n1,b\n", lines: []int64{0}},
	"a name":           {text: "id,na me\n1,b\n", lines: []int64{0}},
	"doubled header":   {text: "id,id\n1,b\n", lines: []int64{0}},
	"json value":       {text: `{"id": 1.5, "name": "b"}` + "\n", format: "jsonl", lines: []int64{1}},
	"json list":        {text: `"text"` + "\n" + `[1,2]` + "\n", format: "jsonl", lines: []int64{1, 2}},
	"json of numbers":  {text: `[{"id": 1}, 1,` + "\n" + `2]`, format: "jsonl", lines: []int64{1, 1, 2}},
	"json new column":  {text: `{"id": 1, "name": "b", "extra": 1}` + "\n", format: "jsonl", lines: []int64{1}},
	"no parquet":       {text: "PAR1 but not really", format: "parquet", lines: []int64{0}},
}

// TestBadFileStopsItselfAlone: a file that cannot be loaded keeps none of the files beside it, and nothing that comes later,
// and no model below, from being loaded. It is told of in each run until it is mended, or is put aside.
func TestBadFileStopsItselfAlone(t *testing.T) {
	const yaml = `
lakehouse: x
tables:
  t:
    columns: [id: int, {name: name, type: string, nullable: false}]
    evolve: none
sources:
  s: {path: [raw/*.csv, raw/*.jsonl, raw/*.parquet], table: t, on_error: MODE}
models:
  m: {query: "SELECT count(*) AS n FROM t"}
`
	for name, c := range badFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format := c.format
			if format == "" {
				format = "csv"
			}
			good := func(h *house, name string, ids ...int) {
				text := "id,name\n"
				for _, id := range ids {
					text += fmt.Sprintf("%d,v\n", id)
				}
				h.write("raw/"+name+".csv", text)
			}
			h := newHouse(t, map[string]string{"lakehouse.yaml": strings.Replace(yaml, "MODE", "reject", 1)})
			good(h, "a", 1, 2)
			bad := filepath.Join("raw", "b."+format)
			h.write(bad, c.text)
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(h.dir, bad), old, old); err != nil {
				t.Fatal(err)
			}
			good(h, "c", 3)
			for range 2 { // it is told of each time
				_, err := h.up(h.open())
				var held *petalake.HeldError
				if !errors.As(err, &held) || len(held.Held) != 1 || !strings.Contains(err.Error(), bad) {
					t.Fatalf("got %v, want that %s is held back, and nothing else", err, bad)
				}
			}
			lake := h.open()
			expect(t, lake, "SELECT id FROM t ORDER BY id", "1", "2", "3")
			good(h, "d", 4)
			if _, err := h.up(lake); err == nil {
				t.Error("the bad file was forgotten")
			}
			expect(t, lake, "SELECT n FROM m", "4")

			h.write("lakehouse.yaml", strings.Replace(yaml, "MODE", "quarantine", 1))
			lake = h.open()
			if _, err := h.up(lake); err != nil {
				t.Fatal(err)
			}
			expect(t, lake, "SELECT id FROM t ORDER BY id", "1", "2", "3", "4")
			var want []string
			for _, line := range c.lines {
				want = append(want, fmt.Sprintf("s|t|%d|true", line))
			}
			got := rows(t, lake, `SELECT source, "table", coalesce(line, 0), reason <> '' AND file LIKE '%/b.%' FROM _quarantine ORDER BY line`)
			if !slices.Equal(got, want) {
				t.Errorf("quarantine: got %q, want %q: %q", got, want, rows(t, lake, "SELECT reason FROM _quarantine"))
			}
			h.mustUp(lake, "source s: current", "model m: current")
			checkAll(t, lake, "t", "m", "_quarantine")
		})
	}
}

// TestManyBadFiles: of a batch of many files in which some are bad, the good ones come, in few commits.
func TestManyBadFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\ntables:\n  t: {columns: [id: int], evolve: none}\nsources:\n  t: {path: raw/*.csv}\n"})
	want := 0
	for i := range 40 {
		switch {
		case i%13 == 5:
			h.write(fmt.Sprintf("raw/%02d.csv", i), "id\nx\n")
		case i%13 == 9: // an error that names no file
			h.write(fmt.Sprintf("raw/%02d.csv", i), "id,more\n1,2\n")
		default:
			want++
			h.write(fmt.Sprintf("raw/%02d.csv", i), fmt.Sprintf("id\n%d\n", i))
		}
	}
	lake := h.open()
	_, err := h.up(lake)
	var held *petalake.HeldError
	if !errors.As(err, &held) || len(held.Held) != 40-want {
		t.Fatalf("got %v, want %d files held back", err, 40-want)
	}
	expect(t, lake, "SELECT count(*), count(DISTINCT id) FROM t", fmt.Sprintf("%d|%d", want, want))
	table, err := lake.Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := table.Snapshot(t.Context(), delta.When{})
	if err != nil || snapshot.Version() > 20 {
		t.Errorf("got version %d, %v; want few commits", snapshot.Version(), err)
	}
	h.mustHold(lake, len(held.Held))
	checkAll(t, lake, "t")
}

// mustHold runs everything once and wants so many files held back.
func (h *house) mustHold(lake *petalake.Lake, files int) {
	h.t.Helper()
	_, err := h.up(lake)
	var held *petalake.HeldError
	if !errors.As(err, &held) || len(held.Held) != files {
		h.t.Fatalf("got %v, want %d files held back", err, files)
	}
}

// TestMaxBad: a load that is all bad ends, and puts nothing aside.
func TestMaxBad(t *testing.T) {
	t.Parallel()
	const yaml = "lakehouse: x\ntables:\n  t: {columns: [id: int]}\nsources:\n  t: {path: raw/*.csv, on_error: quarantine, max_bad: MOST}\n"
	text := "id\n" + strings.Repeat("1\n", 98) + "x\ny\n"
	for most, fits := range map[string]bool{"1%": false, "2%": true, "1": false, "2": true, "0": false, "1.99%": false, "100%": true} {
		h := newHouse(t, map[string]string{"lakehouse.yaml": strings.Replace(yaml, "MOST", most, 1), "raw/1.csv": text})
		lake := h.open()
		_, err := h.up(lake)
		var many *petalake.TooManyBadError
		if fits != (err == nil) || !fits && (!errors.As(err, &many) || many.Bad != 2 || many.Rows != 100) {
			t.Errorf("max_bad %s: got %v", most, err)
		}
		if _, missing := lake.Table(t.Context(), "_quarantine"); fits == (missing != nil) {
			t.Errorf("max_bad %s: got the quarantine %v", most, missing)
		}
	}
}

// TestCopiedLake: a lake and its raw files that were copied, so that all times differ, load nothing again and say so in one note, or,
// where files are known by their contents, none; and what was renamed is then not loaded either.
func TestCopiedLake(t *testing.T) {
	t.Parallel()
	for identity, note := range map[string]string{"path": "60 files, such as raw/00.csv: each is not what it was when it was first seen; a file is loaded once", "content": ""} {
		h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv, identity: " + identity + "}\n"})
		for i := range 60 {
			h.write(fmt.Sprintf("raw/%02d.csv", i), fmt.Sprintf("id\n%d\n", i))
		}
		h.mustUp(h.open(), "source t: built 60")
		now := time.Now().Add(time.Minute)
		for i := range 60 {
			if err := os.Chtimes(filepath.Join(h.dir, fmt.Sprintf("raw/%02d.csv", i)), now, now); err != nil {
				t.Fatal(err)
			}
		}
		lake := h.open()
		events, err := h.up(lake)
		if err != nil || len(events) != 1 || events[0].State != petalake.Current || events[0].Note != note {
			t.Errorf("%s: got %+v, %v; want the note %q", identity, events, err, note)
		}
		if identity == "content" {
			if err := os.Rename(filepath.Join(h.dir, "raw/00.csv"), filepath.Join(h.dir, "raw/x.csv")); err != nil {
				t.Fatal(err)
			}
			h.mustUp(h.open(), "source t: current")
		}
	}
}

// TestRescue: with on_error: rescue a row is loaded though a value does not fit, which is kept beside; what cannot be read at all is put
// aside.
func TestRescue(t *testing.T) {
	const yaml = `
lakehouse: x
tables:
  t:
    columns: [id: int, v: double, {name: name, type: string, nullable: false}, s: "struct<x:int>"]
    evolve: none
sources:
  s: {path: [raw/*.csv, raw/*.jsonl], table: t, on_error: rescue}
`
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": yaml,
		"raw/1.csv":      "id,v,name\n1,1.5,a\nx,\"2,5\",\"b \"\"q\"\"\"\n3,,c\n4,4,\n5,5,e,f\n",
		"raw/2.csv":      "id,name,more,_rescued\n6,f,extra,\n7,g,,r\n8.5,h,,\n",
		"raw/3.jsonl":    `{"id": 9, "name": "i", "new": {"a": [1, 2]}, "s": {"x": "no"}}` + "\n" + `{"ID": 1e2, "name": 5, "v": true}` + "\n" + `[1]` + "\n" + `{"id": 10, "v": 1}` + "\n",
		"raw/4.csv":      "id,name\n11,k\n",
	})
	lake := h.open()
	events, err := h.up(lake)
	if err != nil {
		t.Fatal(err)
	}
	note := ""
	for _, e := range events {
		note += e.Note
	}
	if !strings.Contains(note, "values of 4 rows do not fit and are in _rescued") && !strings.Contains(note, "do not fit and are in _rescued") {
		t.Errorf("got the notes %q, want one of the rows whose values do not fit", note)
	}
	expect(t, lake, `SELECT id, v, name, s.x, _rescued FROM t ORDER BY name`,
		"100|null|5|null|"+`{"v":true}`,
		"1|1.5|a|null|null",
		`null|null|b "q"|null|{"id":"x","v":"2,5"}`,
		"3|null|c|null|null",
		`6|null|f|null|{"more":"extra"}`,
		`7|null|g|null|{"_rescued":"r"}`,
		`null|null|h|null|{"id":"8.5"}`,
		`9|null|i|null|{"new":{"a": [1, 2]},"s":{"x": "no"}}`,
		"11|null|k|null|null")
	expect(t, lake, `SELECT regexp_extract(file, '[^/]*$'), line FROM _quarantine ORDER BY ALL`, "1.csv|5", "1.csv|6", "3.jsonl|3", "3.jsonl|4")
	h.mustUp(lake, "source s: current")
	checkAll(t, lake, "t", "_quarantine")
}

// TestColumnsOfFiles: columns are picked and renamed alike in each format, whatever order and case the files have.
func TestColumnsOfFiles(t *testing.T) {
	files := map[string]string{
		"csv":   "Order ID,note,Amount;x\n1,a,1.5\n2,b,2.5\n",
		"jsonl": `{"order id": 1, "note": "a", "Amount;x": 1.5}` + "\n" + `{"Amount;x": 2.5, "note": "b", "ORDER ID": 2, "more": {"x": 1}}` + "\n",
	}
	for format, text := range files {
		for columns, want := range map[string][]string{
			`{order_id: Order ID, amount: "Amount;x"}`:           {"1|1.5", "2|2.5"},
			`{order_id: Order ID, amount: "Amount;x", "*": "*"}`: {"1|1.5|a", "2|2.5|b"},
		} {
			h := newHouse(t, map[string]string{
				"lakehouse.yaml":  "lakehouse: x\nsources:\n  s: {path: raw/*, format: " + strings.TrimSuffix(format, "l") + ", table: t, columns: " + columns + "}\n",
				"raw/1." + format: text,
			})
			lake := h.open()
			h.mustUp(lake, "source s: built 2")
			expect(t, lake, "SELECT order_id, amount"+strings.Repeat(", note", len(strings.Split(want[0], "|"))-2)+" FROM t ORDER BY 1", want...)
			h.write("raw/2."+format, text)
			h.mustUp(lake, "source s: built 2")
		}
		h := newHouse(t, map[string]string{
			"lakehouse.yaml":  "lakehouse: x\nsources:\n  s: {path: raw/*, format: " + strings.TrimSuffix(format, "l") + ", table: t, columns: {a: nothing}}\n",
			"raw/1." + format: text,
		})
		if _, err := h.up(h.open()); err == nil || !strings.Contains(err.Error(), `column a: no file has a column "nothing"`) {
			t.Errorf("%s: got %v, want that no file has the column", format, err)
		}
		h.write("lakehouse.yaml", "lakehouse: x\nsources:\n  s: {path: raw/*, format: "+strings.TrimSuffix(format, "l")+", table: t}\n")
		if _, err := h.up(h.open()); err == nil || !strings.Contains(err.Error(), "Order ID") && !strings.Contains(err.Error(), "order id") {
			t.Errorf("%s: got %v, want that a name is refused", format, err)
		}
	}
}

// TestShortAndLongRows: short rows of CSV are padded where the source says so, and a row may be as long as it says.
func TestShortAndLongRows(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for options, want := range map[string][]string{
		"{}":                        {"1|2", fmt.Sprintf("5|%d", len(long))},
		"{pad: true}":               {"1|2", "3|null", fmt.Sprintf("5|%d", len(long))},
		"{pad: true, max_row: 2MB}": {"1|2", "3|null"},
	} {
		h := newHouse(t, map[string]string{
			"lakehouse.yaml": "lakehouse: x\ntables:\n  t: {columns: [a: int, b: string]}\nsources:\n  t: {path: raw/*.csv, on_error: quarantine, options: " + options + "}\n",
			"raw/1.csv":      "a,b\n1,2\n3\n5," + long + "\n",
		})
		lake := h.open()
		if _, err := h.up(lake); err != nil {
			t.Fatal(err)
		}
		expect(t, lake, "SELECT a, CASE WHEN length(b) > 9 THEN length(b)::VARCHAR ELSE b END FROM t ORDER BY a", want...)
	}
}

// TestOriginColumns: columns for the file and the time of a load are filled alike in each format, beside picked columns, and no file may
// have them.
func TestOriginColumns(t *testing.T) {
	files := map[string]string{"csv": "id,x\n1,a\n2,b\n", "jsonl": `{"id": 1, "x": "a"}` + "\n" + `{"id": 2, "x": "b"}` + "\n"}
	for format, text := range files {
		for _, more := range []string{"", ", columns: {id: id}"} {
			h := newHouse(t, map[string]string{
				"lakehouse.yaml":  "lakehouse: x\nsources:\n  s: {path: raw/*, format: " + strings.TrimSuffix(format, "l") + ", table: t, file_column: from_file, time_column: loaded_at" + more + "}\n",
				"raw/1." + format: text, "raw/2." + format: text,
			})
			lake := h.open()
			h.mustUp(lake, "source s: built 4")
			expect(t, lake, "SELECT id, from_file, loaded_at > now() - INTERVAL 1 HOUR, count(DISTINCT loaded_at) OVER () FROM t ORDER BY from_file, id",
				"1|raw/1."+format+"|true|1", "2|raw/1."+format+"|true|1", "1|raw/2."+format+"|true|1", "2|raw/2."+format+"|true|1")
			h.write("raw/3."+format, strings.NewReplacer("id", "id", ",x", ",from_file", `"x"`, `"from_file"`).Replace(text))
			_, err := h.up(lake)
			if taken := more == ""; taken != (err != nil && strings.Contains(err.Error(), "says where a row comes from")) {
				t.Errorf("%s%s: a file with the column: got %v", format, more, err)
			}
		}
	}
}
