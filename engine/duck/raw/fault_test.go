package raw

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files that are whole but not what they were taken for are refused, in words that say what to do.
func TestUnfitFiles(t *testing.T) {
	for name, c := range map[string]struct {
		format            Format
		text, error, hint string
	}{
		"two bytes a sign": {FormatCSV, "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", "it holds zero bytes", "encoding"},
		"binary":           {FormatCSV, strings.Repeat("\x7fELF\x00\x02\x00\x00\"'\n\r\x00;", 3000), "", ""},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, _, err := Loader{}.Inspect(context.Background(), Files{Format: c.format, Paths: []string{path}}, false)
		var fault *FileError
		if c.error == "" {
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("%s: an error of %d characters: %.300s", name, len(err.Error()), err)
			}
			continue
		}
		if !errors.As(err, &fault) || fault.Path != path || !strings.Contains(err.Error(), c.error) || !strings.Contains(fault.Hint(), c.hint) {
			t.Errorf("%s: got %v, %.300v; want a *FileError with %q", name, s, err, c.error)
		}
	}
}

func TestWideDecimalsAreRefused(t *testing.T) {
	path := filepath.Join("testdata", "decimal60.parquet")
	_, _, err := Loader{}.Inspect(context.Background(), Files{Format: FormatParquet, Paths: []string{path}}, false)
	if err == nil || !strings.Contains(err.Error(), "column d: a decimal of 60 digits; 38 are the most") {
		t.Errorf("got %v, want an error that names column d and its 60 digits", err)
	}
}

// TestMomentsOfParquet promises that moments of nanoseconds are refused, whatever DuckDB makes of them, and that those which are
// whole microseconds arrive; a column of nulls alone is one of strings.
func TestMomentsOfParquet(t *testing.T) {
	for name, want := range map[string]string{
		"nanoseconds-utc": "column at: a moment of -1 ns after 1970, and a table keeps microseconds", "nanoseconds-list": "a table keeps microseconds", "microseconds": "",
	} {
		b := newBench(t)
		raw := Files{Format: FormatParquet, Paths: []string{filepath.Join("testdata", name+".parquet")}}
		found, raw, err := Loader{}.Inspect(t.Context(), raw, false)
		if err != nil {
			t.Fatal(err)
		}
		spec := b.spec("id bigint")
		spec.Schema = found.Schema
		w, err := Loader{}.Load(t.Context(), raw, spec)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
			b.clean()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := found.Schema.String(), "struct<id:bigint,at:timestamp,local:timestamp_ntz,n:string>"; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		same(t, name, b.rows("t", w.Files, "id"), []string{"1|1970-01-01 00:00:00.000001+00|1970-01-01 00:00:00.000003|", "2|1969-12-31 23:59:59.999998+00||"})
	}
}
