package eventlog

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/spark-advise.md has a row for every rule that can speak, and no other.
func TestRulesAreDocumented(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`(?:Rule: |v\.of\(s, |v\.small\(q, [sw], |f\.Rule, f\.What = )"([a-z-]+)"`)
	var code, docs []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllSubmatch(text, -1) {
			code = append(code, string(m[1]))
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "spark-advise.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllSubmatch(text, -1) {
		docs = append(docs, string(m[1]))
	}
	slices.Sort(code)
	slices.Sort(docs)
	if diff := cmp.Diff(slices.Compact(code), docs); diff != "" || len(docs) < 15 {
		t.Errorf("docs/spark-advise.md (-code +docs):\n%s", diff)
	}
}
