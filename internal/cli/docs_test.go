package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/aws/access"
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
| 5 | a plan has changes, with --exit-code |
| 130 | interrupted: the first Ctrl-C ends the command cleanly, the second at once |

`

// shapes are the rows of the commands' lists, and the objects of single things.
var shapes = []struct {
	command string
	row     any
}{
	{"petalake init", created{}},
	{"petalake up", eventRow{}},
	{"petalake load", eventRow{}},
	{"petalake job run, cancel, list NAME", jobRow{}},
	{"petalake job list", jobState{}},
	{"petalake job show", runDetail{}},
	{"petalake tables", tableRow{}},
	{"petalake describe", tableDetail{}},
	{"petalake describe -o csv", columnRow{}},
	{"petalake history", commitRow{}},
	{"petalake files", fileRow{}},
	{"petalake check", checkRow{}},
	{"petalake verify", verifyRow{}},
	{"petalake spark start", serverRow{}},
	{"petalake spark advise", eventlog.Report{}},
	{"petalake access list", accessRow{}},
	{"petalake access check", accessAnswer{}},
	{"petalake access grants", access.Grant{}},
	{"petalake plan", planRow{}},
	{"petalake plan -o csv", planCSVRow{}},
	{"petalake status, deploy", stackRow{}},
	{"petalake destroy --verify", leftRow{}},
	{"petalake audit -o csv", auditRow{}},
	{"petalake fleet", fleetRow{}},
	{"petalake rehearse", rehearsalRow{}},
	{"petalake rehearse -o csv", variantRow{}},
	{"petalake estimate", estimateTotal{}},
	{"petalake estimate -o csv", estimateRow{}},
	{"petalake version", versionInfo{}},
}

// keys are the JSON keys of a struct, with what is inside them.
func keys(t reflect.Type) string {
	var all []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		if inner := f.Type; inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			name += " [" + keys(inner.Elem()) + "]"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// docs/commands.md says what the commands say.
func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	b.WriteString("## What programs read\n\nThe keys of `--output json`, which are the columns of `--output csv` too.\n\n")
	for _, s := range shapes {
		fmt.Fprintf(&b, "- `%s`: %s\n", s.command, keys(reflect.TypeOf(s.row)))
	}
	b.WriteString("- `petalake sql`: the columns of the statement. Decimals and integers keep all their digits; binary is hexadecimal;\n")
	b.WriteString("  NaN and the infinities are strings; lists, structs and maps are JSON, inside CSV also\n")
	b.WriteString("\n## The shell\n\n`petalake sql` on a terminal, without a statement. Besides SQL it knows:\n\n| command | what it does | also |\n|---|---|---|\n")
	for _, m := range metaCommands() {
		var also []string
		for _, n := range m.names[1:] {
			also = append(also, "`"+n+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.TrimSpace(m.names[0]+" "+m.args), m.what, strings.Join(also, " "))
	}
	b.WriteString("\nThe history is kept in `~/.local/state/petalake/history` (or under `XDG_STATE_HOME`), for its owner alone.\n\n")
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
