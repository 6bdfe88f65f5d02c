package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docsHead = `# Commands

This page is what ` + "`petalake --help` and `petalake COMMAND --help`" + ` say, for all commands.

Standard output holds the answer alone; notes, progress and errors go to standard error. With ` + "`--output json`" + `
a list is one JSON object a line and a single thing is one object; with ` + "`--output csv`" + ` a list is CSV under a line of
names. Times are RFC 3339 in UTC, sizes are bytes, durations are seconds. What is not known is null, or nothing in CSV.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | the command line is wrong |
| 3 | another writer was first; nothing was changed, and running again may succeed |
| 4 | a change was sent, and whether it happened is not known: look before running again |
| 5 | a plan has changes |
| 130 | interrupted: the first Ctrl-C ends the command cleanly, the second at once |

`

// docs/commands.md says what the commands say.
func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, c := range commands(testApp().root()) {
		fmt.Fprintf(&b, "## %s\n\n```text\n%s```\n\n", c.CommandPath(), help(c))
	}
	got := strings.TrimRight(b.String(), "\n") + "\n"
	path := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/commands.md is behind (go test ./internal/cli -update writes it; -file +commands):\n%s", diff)
	}
}
