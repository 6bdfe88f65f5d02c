package spec_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// seeds are the files of testdata.
func seeds(tb testing.TB) (all [][]byte) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// FuzzTexts gives any text to every parser of one text.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{"struct<a:int,`b c`:map<string,array<int> not null>>", "decimal(10,2)", "1.5 GiB", "60%", "7d", "bronze.flights", "${env:X}$${"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_ = spec.CheckType(text)
		if n, err := spec.ParseTableName(text); err == nil {
			if again, err := spec.ParseTableName(n.String()); err != nil || again != n {
				t.Errorf("name %q: got %v again as %v, %v", text, n, again, err)
			}
		}
		if s, err := spec.ParseSize(text); err == nil {
			if again, err := spec.ParseSize(s.String()); err != nil || again != s && s < 1<<53 {
				t.Errorf("size %q: got %v again as %v, %v", text, s, again, err)
			}
		}
		if m, err := spec.ParseMemory(text); err == nil && (m.Of(1<<40) <= 0 || m == spec.Memory{}) {
			t.Errorf("memory %q: got %v", text, m)
		}
		if d, err := spec.ParseDuration(text); err == nil && d < 0 {
			t.Errorf("duration %q: got %v", text, d)
		}
		words.Nearest(text, []string{"columns", "partition_by", text})
	})
}
