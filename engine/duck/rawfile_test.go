package duck

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an engine refuses without raw files it refuses with them, and no file outside of their folder is read.
func TestHostileStatementsWithFiles(t *testing.T) {
	_, l, outside, inside := hostileLake(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "x.csv"), []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Tables: l, LocalRoot: l.dir, Files: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	statements := append(slices.Clone(hostile), `COPY t TO 'out.csv'`, `SELECT * FROM read_csv('x.csv')`, `SELECT * FROM 'x.csv' UNION ALL SELECT * FROM 'PATH'`)
	for _, sql := range statements {
		sql = strings.ReplaceAll(strings.ReplaceAll(sql, "PATH", outside), "INSIDE", inside)
		var typed *Error
		if got, err := tryCollect(e, sql); err == nil || !errors.As(err, &typed) || typed.Kind == Failed || strings.Contains(err.Error(), "secret,1") {
			t.Errorf("%s\ngot  %v, %v\nwant it refused before it ran", sql, got, err)
		}
	}
	if got := collect(t, e, `SELECT a + x FROM 'x.csv', t`); !slices.Equal(got, []string{"2"}) {
		t.Errorf("a file beside a table: got %v, want [2]", got)
	}
	if got, err := tryCollect(e.Limited(l), `SELECT a FROM 'x.csv'`); err == nil {
		t.Errorf("for somebody who may not read everything: got %v, want it refused", got)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("afterwards the folder has %v, %v; want x.csv alone", entries, err)
	}
}

// Whatever a statement calls a file, what is read lies below the folder.
func FuzzRawFiles(f *testing.F) {
	above := f.TempDir()
	folder := filepath.Join(above, "in")
	for _, dir := range []string{folder, filepath.Join(folder, "deep")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			f.Fatal(err)
		}
	}
	for _, name := range []string{"out.csv", "in/a.csv", "in/deep/b.csv"} {
		if err := os.WriteFile(filepath.Join(above, name), []byte("a\n1\n"), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	for _, link := range [][2]string{{"../out.csv", "link.csv"}, {"..", "up"}, {"deep", "same"}} {
		if err := os.Symlink(link[0], filepath.Join(folder, link[1])); err != nil {
			f.Skip(err)
		}
	}
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"a.csv", "*.csv", "*/*.csv", "deep/?.csv", "up/out.csv", "../out.csv", "same/b.csv", "link.csv", "[.][.]/out.csv", "/etc/passwd", "s3://b/a.csv", ".", "", `..\out.csv`, "up/in/a.csv"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		files, err := rawFiles(folder, name)
		if err == nil && len(files) == 0 {
			t.Errorf("rawFiles(%q): got nothing and no error", name)
		}
		for _, file := range files {
			if !strings.HasPrefix(file, root+string(filepath.Separator)) {
				t.Errorf("rawFiles(%q): got %s, which is not below %s", name, file, root)
			}
		}
	})
}
