package raw

import (
	"fmt"
	"strings"
	"testing"
)

// hardTexts are texts of a cell that some reader somewhere takes for another value, or for none.
var hardTexts = []string{
	"hello", "13/02/2024", "2024-02-30 10:00:00", "2/3/2024 1:05", "13.02.2024 10:00:00", "2024-01-31 10:00:00", "2024-01-31T10:00:00Z",
	"2024-01-31 10:00:00+02", "2024-01-31 10:00:00+02:30", "2024-01-31 10:00:00 Europe/Berlin", "2024-01-31 10:00:00 PST", "2024-01-31 10:00:00 Z",
	"2024-01-31", "20240131", "1706695200", "infinity", "epoch", "now", "12:00:00", "2024-01-31 10:00:60", "2024-01-31 24:00:00", "0044-03-15 (BC)",
	"99999-01-01 00:00:00", "2024-1-2 3:4:5", "1", "-1", "1.5", "1e3", "1e400", "nan", "true", "f", "yes", "0x10", "1,5", "1_000", "NULL", "null",
	"N/A", "-", " ", " 1 ", "99999999999999999999", "3000000000", "300", "é", "{}", "[1]",
}

// TestNoTextBecomesNull promises that a cell with a text is a value or its row is aside: whatever its
// type, the form of dates that is said, the ends of lines, and the reader that the file is for.
func TestNoTextBecomesNull(t *testing.T) {
	types := []string{"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(9,2)", "decimal(38,4)", "string", "date", "timestamp", "timestamp_ntz", "binary"}
	backslash := `\`
	forms := []CSV{
		{},
		{Escape: &backslash}, // for read_csv alone
		{DateFormat: "%d.%m.%Y", TimestampFormat: "%d.%m.%Y %H:%M:%S"},
		{TimestampFormat: "%Y-%m-%d %H:%M:%S%z"},
		{Null: []string{"N/A"}},
	}
	ends := []string{"\n", "\r\n", "\r"}
	for i, typ := range types {
		for j, form := range forms {
			if testing.Short() && j != i%len(forms) { // each type, and each form with several of them
				continue
			}
			end := ends[(i+j)%len(ends)]
			t.Run(fmt.Sprintf("%s %+v %q", typ, form, end), func(t *testing.T) {
				b := newBench(t)
				text := "id,v" + end
				for id, cell := range hardTexts {
					text += fmt.Sprintf("%d,\"%s\"%s", id, cell, end)
				}
				form.Delimiter = ","
				spec := b.spec("id int, v " + typ)
				spec.Quarantine = "q"
				w, err := Loader{}.Load(t.Context(), Files{Format: FormatCSV, Paths: []string{b.file("x.csv", text)}, CSV: form}, spec)
				if err != nil {
					t.Fatal(err)
				}
				if w.Rows+w.BadRows != int64(len(hardTexts)) {
					t.Errorf("got %d rows and %d aside of %d", w.Rows, w.BadRows, len(hardTexts))
				}
				for _, row := range b.rows("t", w.Files, "id") {
					id, value, _ := strings.Cut(row, "|")
					var n int
					fmt.Sscan(id, &n)
					if cell := hardTexts[n]; value == "" && !(len(form.Null) > 0 && cell == form.Null[0]) {
						t.Errorf("the text %q became NULL", cell)
					}
				}
			})
		}
	}
}

// TestLostMomentIsNamed promises that the first text that is no moment is told with its line, column and
// what it is, and that the moments beside it, with zones of all forms, are what they say.
func TestLostMomentIsNamed(t *testing.T) {
	b := newBench(t)
	rows := []string{"1,\"2024-01-31 10:00:00 Europe/Berlin\"", "2,2024-01-31 10:00:00+02", "3,nope", "4,", "5,2024-02-30 10:00:00", "x,2024-01-31"}
	raw := Files{Format: FormatCSV, Paths: []string{b.file("x.csv", "id,at\n"+strings.Join(rows, "\n")+"\n")}}
	_, err := Loader{}.Load(t.Context(), raw, b.spec("id int, at timestamp"))
	if want := `x.csv:4: column at: "nope" is no timestamp`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want ...%s", err, want)
	}
	b.clean()
	spec := b.spec("id int, at timestamp")
	spec.Quarantine = "q"
	w, err := Loader{}.Load(t.Context(), raw, spec)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", b.rows("t", w.Files, "id"), []string{"1|2024-01-31 09:00:00+00", "2|2024-01-31 08:00:00+00", "4|"})
	if w.BadRows != 3 {
		t.Errorf("got %d rows aside, want 3", w.BadRows)
	}
}

// TestLineEnds promises the same rows whatever ends the lines, the last one included, and the line of a
// bad row as people count it.
func TestLineEnds(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		for _, last := range []string{end, ""} {
			b := newBench(t)
			text := strings.Join([]string{"id,v", "1,a", "2,\"b" + end + "c\"", "3,d"}, end)
			raw := Files{Format: FormatCSV, Paths: []string{b.file("x.csv", text+last)}}
			w, err := Loader{}.Load(t.Context(), raw, b.spec("id int, v string"))
			if err != nil {
				t.Errorf("end %q, last %q: %v", end, last, err)
				continue
			}
			same(t, fmt.Sprintf("end %q, last %q", end, last), b.rows("t", w.Files, "id"), []string{"1|a", "2|b" + end + "c", "3|d"})
			raw.Paths = []string{b.file("bad.csv", text+end+"x,e"+last)}
			if _, err := (Loader{}).Load(t.Context(), raw, b.spec("id int, v string")); err == nil || !strings.Contains(err.Error(), "bad.csv:6: column id") {
				t.Errorf("end %q, last %q: got %v, want line 6", end, last, err)
			}
		}
	}
}
