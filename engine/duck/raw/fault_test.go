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
