package deploy

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// environment is prod of a lakehouse.yaml.
func environment(t *testing.T, file string) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	l, err := spec.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Environment("prod")
	if err != nil {
		t.Fatal(err)
	}
	return l, e
}

// lakehouses are the files of testdata, and the examples that have an environment in AWS.
func lakehouses(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	examples, err := filepath.Glob("../../../examples/*/lakehouse.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	return append(files, examples...)
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./internal/aws/deploy -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got (go test ./internal/aws/deploy -update writes it anew)\n%s", file, diff)
	}
}

// Every lakehouse in AWS renders, to the bytes that were agreed upon, twice the same.
func TestRender(t *testing.T) {
	for _, file := range lakehouses(t) {
		l, err := spec.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Environments {
			if !e.InAWS() {
				continue
			}
			t.Run(l.Name+"-"+e.Name, func(t *testing.T) {
				stacks, err := Render(l, e)
				if err != nil {
					t.Fatal(err)
				}
				again, err := Render(l, e)
				if err != nil {
					t.Fatal(err)
				}
				for i, s := range stacks {
					if !bytes.Equal(s.Template, again[i].Template) {
						t.Errorf("%s: rendered twice, and not the same bytes", s.Name)
					}
					golden(t, filepath.Join("testdata", "stacks", s.Name+".json"), s.Template)
				}
			})
		}
	}
}
