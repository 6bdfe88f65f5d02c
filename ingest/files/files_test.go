package files

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/petalake/petalake/ingest"
)

// folder is a place for raw files whose clock the test moves.
type folder struct {
	t   *testing.T
	dir string
	now time.Time
}

func newFolder(t *testing.T) *folder {
	return &folder{t: t, dir: t.TempDir(), now: time.Unix(1_000_000_000, 0)}
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.now = f.now.Add(time.Second)
	if err := os.Chtimes(path, f.now, f.now); err != nil {
		f.t.Fatal(err)
	}
}

// next takes one chunk and checks the names of its files; none means that nothing is expected.
func (f *folder) next(s *Source, after ingest.Position, want ...string) ingest.Position {
	f.t.Helper()
	chunk, ok, err := s.Next(context.Background(), after)
	if err != nil {
		f.t.Fatal(err)
	}
	if ok != (want != nil) {
		f.t.Fatalf("Next: got a chunk: %v, want files %q (%s)", ok, want, chunk.Work)
	}
	if !ok {
		return after
	}
	var work Work
	if err := json.Unmarshal(chunk.Work, &work); err != nil {
		f.t.Fatal(err)
	}
	var got []string
	for _, file := range work.Files {
		got = append(got, file.Path)
	}
	if !slices.Equal(got, want) {
		f.t.Errorf("Next: got %q, want %q", got, want)
	}
	if work.Replace != s.Replace {
		f.t.Errorf("Next: got replace %v, want %v", work.Replace, s.Replace)
	}
	return chunk.To
}

func TestEachFileOnceOldestFirst(t *testing.T) {
	f := newFolder(t)
	s := &Source{Place: Folder(f.dir), Patterns: []string{"**/*.csv", filepath.Join(f.dir, "*.csv")}}
	at := f.next(s, nil)
	f.write("b.csv", "1")
	f.write("2001/deep/a.csv", "2")
	f.write("notes.txt", "no")
	at = f.next(s, at, "b.csv", "2001/deep/a.csv")
	at = f.next(s, at)
	f.write("c.csv", "3")
	at = f.next(s, at, "c.csv")
	f.next(s, at)
}

func TestBatchesAreBounded(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		f.write(name, "12345")
	}
	byCount := &Source{Place: Folder(f.dir), Patterns: []string{filepath.Join(f.dir, "*")}, MaxFiles: 3}
	f.next(byCount, f.next(byCount, nil, "a", "b", "c"), "d")
	byBytes := &Source{Place: Folder(f.dir), Patterns: []string{filepath.Join(f.dir, "*")}, MaxBytes: 1}
	f.next(byBytes, f.next(byBytes, nil, "a"), "b")
}

func TestChangedFileIsToldNotLoaded(t *testing.T) {
	f := newFolder(t)
	var changed []string
	s := &Source{Place: Folder(f.dir), Patterns: []string{filepath.Join(f.dir, "*")}, Changed: func(c File) { changed = append(changed, filepath.Base(c.Path)) }}
	f.write("a", "1")
	at := f.next(s, nil, "a")
	f.write("a", "22")
	f.next(s, at)
	if !slices.Equal(changed, []string{"a"}) {
		t.Errorf("changed files: got %q, want a", changed)
	}
	f.write("b", "1")
	changed = nil
	at = f.next(s, at, "b")
	f.next(s, at)
	if !slices.Equal(changed, []string{"a"}) {
		t.Errorf("changed files: got %q, want a once more, with the batch after it", changed)
	}
}

func TestReplaceLoadsAllWhenAnythingChanged(t *testing.T) {
	f := newFolder(t)
	s := &Source{Place: Folder(f.dir), Patterns: []string{filepath.Join(f.dir, "*")}, Replace: true}
	f.write("a", "1")
	f.write("b", "1")
	at := f.next(s, nil, "a", "b")
	at = f.next(s, at)
	f.write("a", "22")
	at = f.next(s, at, "a", "b")
	if err := os.Remove(filepath.Join(f.dir, "a")); err != nil {
		t.Fatal(err)
	}
	at = f.next(s, at, "b")
	f.next(s, at)
}

func TestPresentAndUnchanged(t *testing.T) {
	f := newFolder(t)
	f.write("a", "1")
	f.write("b", "1")
	found, err := List(context.Background(), f.dir, []string{filepath.Join(f.dir, "*")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.dir, found[0].Path)); err != nil {
		t.Fatal(err)
	}
	present, gone, err := Present(t.Context(), Folder(f.dir), Work{Files: found})
	if err != nil || len(present) != 1 || len(gone) != 1 || gone[0].Path != found[0].Path {
		t.Errorf("Present: got %v there, %v gone, %v; want b there, a gone", present, gone, err)
	}
	if err := Unchanged(t.Context(), Folder(f.dir), present); err != nil {
		t.Error(err)
	}
	f.write("b", "more")
	if err := Unchanged(t.Context(), Folder(f.dir), present); err == nil {
		t.Error("a file that grew while it was loaded went unnoticed")
	}
}

// TestIdentityContent promises that a content is loaded once, whatever the names of its files, and that a file that changed is loaded.
func TestIdentityContent(t *testing.T) {
	f := newFolder(t)
	source := func() *Source {
		return &Source{Place: Folder(f.dir), Patterns: []string{"*.csv"}, Digests: NewDigests(), Changed: func(c File) { t.Errorf("%s: told that it changed", c.Path) }}
	}
	s := source()
	f.write("a.csv", "1")
	f.write("same.csv", "1")
	at := f.next(s, nil, "a.csv")
	f.write("a.csv", "1") // touched, or a copy of the lake
	at = f.next(s, at)
	if err := os.Rename(filepath.Join(f.dir, "a.csv"), filepath.Join(f.dir, "renamed.csv")); err != nil {
		t.Fatal(err)
	}
	at = f.next(source(), at)
	f.write("b.csv", "2")
	at = f.next(s, at, "b.csv")
	f.write("b.csv", "3")
	at = f.next(s, at, "b.csv")
	f.write("c.csv", "2")
	at = f.next(s, at) // an old content comes back
	f.write("d.csv", "1")
	f.next(s, at)

	held := source()
	held.Held = func(f File) bool { return f.Path == "e.csv" }
	f.write("e.csv", "bad")
	f.write("f.csv", "bad")
	f.write("g.csv", "4")
	at = f.next(held, at, "g.csv")
	if err := os.Remove(filepath.Join(f.dir, "e.csv")); err != nil {
		t.Fatal(err)
	}
	f.next(held, at, "f.csv") // the copy of a file that was never loaded
}

// TestIdentityChanges promises that what was loaded by its path is known by its content from then on.
func TestIdentityChanges(t *testing.T) {
	f := newFolder(t)
	f.write("a.csv", "1")
	at := f.next(&Source{Place: Folder(f.dir), Patterns: []string{"*.csv"}}, nil, "a.csv")
	s := &Source{Place: Folder(f.dir), Patterns: []string{"*.csv"}, Digests: NewDigests()}
	f.write("b.csv", "1")
	at = f.next(s, at)
	f.write("c.csv", "2")
	at = f.next(s, at, "c.csv")
	f.write("d.csv", "1")
	f.next(s, at)
	f.next(&Source{Place: Folder(f.dir), Patterns: []string{"[ac].csv"}}, at)
}

// TestReplaceByContent promises that files that hold what they held are not loaded again.
func TestReplaceByContent(t *testing.T) {
	f := newFolder(t)
	s := &Source{Place: Folder(f.dir), Patterns: []string{"*.csv"}, Replace: true, Digests: NewDigests()}
	f.write("a.csv", "1")
	at := f.next(s, nil, "a.csv")
	f.write("a.csv", "1")
	at = f.next(s, at)
	f.write("a.csv", "2")
	at = f.next(s, at, "a.csv")
	s.Again = true
	f.next(s, at, "a.csv")
}
