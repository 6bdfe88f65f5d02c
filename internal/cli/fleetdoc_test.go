package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFleetPage runs the commands of docs/fleet.md, with the lakehouse.yaml of its first block, and holds
// what they print against what stands there.
func TestFleetPage(t *testing.T) {
	page, err := filepath.Abs("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	var got strings.Builder
	inside, ran := "", 0
	var block []string
	for line := range strings.Lines(string(data)) {
		switch {
		case inside == "" && strings.HasPrefix(line, "```"):
			inside, block = strings.TrimSpace(line[3:]), nil
			got.WriteString(line)
		case inside != "" && line == "```\n":
			if inside == "yaml" {
				file := filepath.Join(dir, "lakehouse.yaml")
				if strings.HasPrefix(block[0], "lakehouse: ") {
					if err := os.WriteFile(file, []byte(strings.Join(block, "")), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if inside == "console" {
				ran++
				got.WriteString(printed(t, dir, strings.TrimPrefix(strings.TrimSpace(block[0]), "$ ")))
			}
			inside = ""
			got.WriteString(line)
		case inside == "console" && block != nil: // what was printed before
		default:
			if inside != "" {
				block = append(block, line)
			}
			got.WriteString(line)
		}
	}
	if ran == 0 {
		t.Fatalf("%s: no commands", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(data), got.String()); diff != "" {
		t.Errorf("%s: -there +printed (go test ./internal/cli -run TestFleetPage -update writes it anew)\n%s", page, diff)
	}
}

// printed is what a command prints in a folder.
func printed(t *testing.T, dir, command string) string {
	t.Helper()
	var out, notes bytes.Buffer
	a := &app{name: "petalake", in: strings.NewReader(""), out: &out, err: &notes, getenv: func(string) string { return "" }, dir: dir, now: time.Now, stop: &interrupts{kill: func() {}}}
	if code := a.execute(context.Background(), strings.Fields(command)[1:]); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", command, code, notes.String())
	}
	var b strings.Builder
	for line := range strings.Lines(out.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
