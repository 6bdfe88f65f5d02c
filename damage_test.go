package petalake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck"
)

// TestDamagedFiles breaks data files in three ways; the error names table, version and file, not
// the machine's folders.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	rows.WriteString("id,name\n")
	for range 2000 {
		rows.WriteString("1,some name or other\n")
	}
	for name, breakIt := range map[string]func(path string) error{
		"gone":      os.Remove,
		"cut":       func(path string) error { return os.Truncate(path, 100) },
		"not there": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 900)), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\n", "raw/1.csv": rows.String()})
			h.mustUp(h.open(), "source t: built 2000")
			paths, err := filepath.Glob(filepath.Join(h.dir, "lake/t/*.parquet"))
			if err != nil || len(paths) != 1 {
				t.Fatalf("got data files %q, %v, want one", paths, err)
			}
			if err := breakIt(paths[0]); err != nil {
				t.Fatal(err)
			}
			_, err = query(h.open(), "select max(name) from t where id = 1")
			var damage *duck.DamageError
			if !errors.As(err, &damage) || damage.Version != 0 || damage.File != filepath.Base(paths[0]) {
				t.Fatalf("got %v, want a DamageError of version 0 of the file", err)
			}
			if strings.Contains(err.Error(), h.dir) {
				t.Errorf("got %q, want no folder of the machine in it", err)
			}
		})
	}
}
