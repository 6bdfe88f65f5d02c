package spec_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/petalake/petalake/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/errors/*.yaml has beside it what Parse says about it.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			l, err := spec.Parse(filepath.Base(file), data, os.DirFS("testdata/errors"))
			if err == nil {
				t.Fatalf("got %+v, want problems", l)
			}
			var problems spec.Errors
			if !errors.As(err, &problems) {
				t.Fatalf("got %T, want spec.Errors", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./spec -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got (go test ./spec -update writes it anew)\n%s", file, diff)
	}
}

// All the lakehouses of the repository are good ones.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*/lakehouse.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range append(files, "testdata/full/lakehouse.yaml") {
		if _, err := spec.Load(file); err != nil {
			t.Errorf("%s:\n%v", file, err)
		}
	}
}

func TestLoadMissing(t *testing.T) {
	_, err := spec.Load(filepath.Join(t.TempDir(), "lakehouse.yaml"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	var h interface{ Hint() string }
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "petalake init") {
		t.Errorf("got no hint at petalake init in %v", err)
	}
}
