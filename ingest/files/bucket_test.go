package files

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/petalake/petalake/store"
)

// TestBucket promises of keys what the source promises of files: patterns, once each, as they are now.
func TestBucket(t *testing.T) {
	mem, ctx := store.NewMem(), t.Context()
	put := func(key, text string) {
		t.Helper()
		if err := mem.Put(ctx, key, strings.NewReader(text), store.Always); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"raw/orders/a.csv", "raw/orders/2026/b.csv", "raw/orders.csv", "raw/orders/c.json", "lake/bronze/x.csv", "top.csv"} {
		put(key, key)
	}
	b := &Bucket{Store: mem, Temp: t.TempDir()}
	for patterns, want := range map[string]string{
		"raw/orders/*.csv":                   "raw/orders/a.csv",
		"./raw/orders/**/*.csv":              "raw/orders/2026/b.csv raw/orders/a.csv",
		"raw/orders.csv":                     "raw/orders.csv",
		"*.csv":                              "top.csv",
		"raw/{orders,x}/*.{csv,json}":        "raw/orders/a.csv raw/orders/c.json",
		"raw/orders/*.csv raw/orders/a*.csv": "raw/orders/a.csv",
		"raw/nothing/*":                      "",
	} {
		found, err := b.List(ctx, strings.Fields(patterns))
		var got []string
		for _, f := range found {
			got = append(got, f.Path)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, %v, want %s", patterns, got, err, want)
		}
	}
	if _, err := b.Stat(ctx, "raw/orders"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder: got %v, want that there is no such file", err)
	}
	found, err := b.List(ctx, []string{"raw/orders/**"})
	if err != nil {
		t.Fatal(err)
	}
	paths, done, err := b.Here(ctx, found)
	if err != nil || len(paths) != 3 {
		t.Fatalf("here: got %v, %v", paths, err)
	}
	for i, path := range paths {
		if data, err := os.ReadFile(path); err != nil || string(data) != found[i].Path {
			t.Errorf("%s: got %q, %v", path, data, err)
		}
	}
	done()
	if _, err := os.Stat(paths[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after done: got %v, want that it is gone", err)
	}
	if err := Unchanged(ctx, b, found); err != nil {
		t.Errorf("nothing changed: got %v", err)
	}
	put("raw/orders/a.csv", "something else")
	var changed *ChangedError
	if err := Unchanged(ctx, b, found); !errors.As(err, &changed) {
		t.Errorf("a file changed: got %v", err)
	}
	if _, _, err := b.Here(ctx, found); !errors.As(err, &changed) {
		t.Errorf("a file that is longer than it was listed: got %v", err)
	}
	if _, _, err := b.Here(ctx, []File{{Path: "../x"}}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a key that leads out of the folder: got %v", err)
	}
}
