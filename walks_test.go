package petalake_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walk is a line of ARCHITECTURE.md's section Walks: a name, then the files that it passes.
var walk = regexp.MustCompile(`(?m)^\| ([a-z' ]+) \| (.+) \|$`)

// TestWalks promises that the walks of ARCHITECTURE.md are true as far as imports tell: every file is there, and each
// step stays in its package or goes down to one that the package imports.
func TestWalks(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Walks\n")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no section Walks")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	imported := imports(t)
	walks := walk.FindAllStringSubmatch(section, -1)
	if len(walks) < 7 {
		t.Fatalf("got %d walks, want 7 at least", len(walks))
	}
	for _, w := range walks {
		before := ""
		for _, step := range strings.Split(w[2], ", ") {
			file := strings.Trim(step, "` ")
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", w[1], err)
				continue
			}
			room := path.Dir(file)
			if before != "" && before != room && !slices.Contains(imported[before], strings.TrimSuffix(module+"/"+room, "/.")) {
				t.Errorf("%s: %s is a climb: package %s does not import %s", w[1], file, before, room)
			}
			before = room
		}
	}
}
