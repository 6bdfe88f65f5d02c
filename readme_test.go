package petalake_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme runs every command of the README, in order, as they stand there: in a copy of the
// examples, with a petalake built from this tree in place of go run and go build.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("the program is built and a year of flights loaded: left out with -short")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	tree := t.TempDir()
	bin := filepath.Join(tree, "bin")
	if out, err := exec.Command("go", "build", "-o", bin+"/petalake", "./cmd/petalake").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.CopyFS(filepath.Join(tree, "examples"), os.DirFS("examples")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(tree, "examples/flights/lake")); err != nil { // of somebody's own run
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -eo pipefail\ngo() { if [ \"$1\" = run ]; then shift 2; petalake \"$@\"; fi; }\n")
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("README.md: got %d blocks of commands, want the two commands and the tour", len(blocks))
	}
	tests := 0
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			if strings.TrimSpace(line) == "scripts/test" { // this test is run by it
				tests++
				continue
			}
			script.WriteString("echo '$' " + quoteShell(strings.TrimSpace(line)) + "\n" + line)
		}
	}
	if info, err := os.Stat("scripts/test"); tests != 1 || err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("README.md: want the command scripts/test once, and the script executable: %d, %v", tests, err)
	}
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"149,999 rows", "Chicago O'Hare International", "bronze.flights version 0: files: 1 of 1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the README's commands: want %q in what they print:\n%s", want, out)
		}
	}
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
