package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
)

var update = flag.Bool("update", false, "write docs/commands.md")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"petalake": func() { os.Exit(Main()) }})
}

// Each script runs the real command, in a process and a folder of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_STATE_HOME", "")
			e.Setenv("TERM", "xterm")
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true") // the machine's own role is none of ours
			events, err := filepath.Abs(eventLogs)
			e.Setenv("EVENTS", events)
			if home, err := servers.SparkHome(); err == nil {
				e.Setenv("SPARK_HOME", home.Home)
				e.Setenv("SPARK_JARS", filepath.Join(home.Cache, "jars"))
				e.Setenv("JAVA_HOME", os.Getenv("JAVA_HOME"))
				e.Setenv(servers.SparkOptions())
				e.Defer(func() { // a script that fails stops nothing
					states, _ := filepath.Glob(filepath.Join(e.WorkDir, "cache/petalake/spark/servers/*"))
					for _, state := range states {
						_ = local.Stop(context.Background(), state)
					}
				})
			}
			return err
		},
		Condition: func(name string) (bool, error) {
			if name != "spark" {
				return false, fmt.Errorf("unknown condition %s", name)
			}
			_, err := servers.SparkHome()
			if err != nil && os.Getenv("CI") == "true" && !testing.Short() {
				return false, err
			}
			return err == nil, nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
	})
}

// exits runs a command that ends with an exit code: exits 2 petalake tabels.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code: got %d, want %d", got, want)
	}
}

func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, s := range c.Commands() {
		if s.IsAvailableCommand() {
			all = append(all, commands(s)...)
		}
	}
	return all
}

func testApp() *app {
	return &app{
		in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{},
		getenv: func(string) string { return "" }, now: func() time.Time { return time.Unix(0, 0) },
		stop: &interrupts{kill: func() {}},
	}
}

func TestHelpFits(t *testing.T) {
	for _, c := range commands(testApp().root()) {
		lines := strings.Split(strings.TrimRight(help(c), "\n"), "\n")
		if len(lines) > 23 { // and the prompt
			t.Errorf("help of %s: %d lines, want at most 23", c.CommandPath(), len(lines))
		}
		for _, l := range lines {
			if render.Width(l) > 80 {
				t.Errorf("help of %s: %d columns, want at most 80: %s", c.CommandPath(), render.Width(l), l)
			}
		}
		if !c.HasExample() {
			t.Errorf("help of %s has no example", c.CommandPath())
		}
	}
}

// The example of every command stands in a script, where it runs.
func TestExamplesRun(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "*", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, s := range scripts {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, c := range commands(testApp().root()) {
		if c.HasParent() && !strings.Contains(all.String(), "# example: "+c.Example+"\n") {
			t.Errorf("no script in testdata has the line \"# example: %s\" and runs it", c.Example)
		}
	}
}

func TestExitCode(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	conflict := fmt.Errorf("load: %w", &delta.ConflictError{Table: "t"})
	unknown := &delta.UnknownOutcomeError{Table: "t", Err: errors.New("lost")}
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"nothing", context.Background(), nil, 0},
		{"an error", context.Background(), errors.New("x"), 1},
		{"usage", context.Background(), &usageError{errors.New("x"), ""}, 2},
		{"conflict", context.Background(), conflict, 3},
		{"unknown outcome", context.Background(), unknown, 4},
		{"both of them", context.Background(), errors.Join(conflict, unknown), 4},
		{"told already", context.Background(), errors.Join(&shownError{conflict}), 3},
		{"interrupted", interrupted, context.Canceled, 130},
		{"interrupted, and a conflict", interrupted, conflict, 130},
		{"interrupted, outcome unknown", interrupted, unknown, 4},
		{"interrupted, but done", interrupted, nil, 0},
	} {
		if got := exitCode(c.ctx, c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"plain", errors.New("what: where"), "petalake: what: where\n"},
		{"hint", fmt.Errorf("load: %w", &noLakehouseError{"/x"}),
			"petalake: load: no lakehouse.yaml in /x or above\nhint: make one with `petalake init`, or name one with --file\n"},
		{"joined", errors.Join(errors.New("a"), errors.New("b")), "petalake: a\npetalake: b\n"},
		{"file", fmt.Errorf("open: %w", spec.Errors{
			{Pos: spec.Pos{File: "lakehouse.yaml", Line: 12, Column: 5}, Message: "unknown key \"tabels\"", Hint: "did you mean \"tables\"?"},
			{Pos: spec.Pos{File: "lakehouse.yaml", Line: 14, Column: 1}, Message: "bad size"}}),
			"petalake: lakehouse.yaml:12:5: unknown key \"tabels\"\nhint: did you mean \"tables\"?\npetalake: lakehouse.yaml:14:1: bad size\n"},
		{"told", errors.Join(&shownError{errors.New("a")}, errors.New("b")), "petalake: b\n"},
		{"lines", errors.New("first\nsecond\t|"), "petalake: first\n  second    |\n"},
		{"injection", errors.New("row \x1b[2Jx"), "petalake: row \\x1b[2Jx\n"},
	} {
		var out bytes.Buffer
		printProblems(&out, render.Style{}, c.err)
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		amount  amount
		elapsed time.Duration
		want    string
	}{
		{amount{label: "running", part: -1}, 3 * time.Second, "running  3 s"},
		{amount{label: "loading t", part: 0.25, bytes: 1 << 20, rows: 1000}, 2 * time.Second,
			"loading t  █████░░░░░░░░░░░░░░░   25%  1.0 MiB  512 KiB/s  6 s left"},
		{amount{label: "x", part: 1, rows: 500}, time.Second, "x  ████████████████████  100%  500 rows  500 rows/s  1 s"},
		{amount{label: "\x1b]0;x\a", part: 7}, time.Second, `\x1b]0;x\a  ████████████████████  100%  1 s`},
	} {
		if got := bar(c.amount, c.elapsed, 100); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	if got := bar(amount{label: "loading t", part: 0.5}, time.Second, 20); render.Width(got) > 20 {
		t.Errorf("%q is %d wide, want at most 20", got, render.Width(got))
	}
}

// The first signal cancels the innermost scope, a second one kills; a request to end cancels all.
func TestInterrupts(t *testing.T) {
	killed := 0
	x := &interrupts{kill: func() { killed++ }}
	outer, leaveOuter := x.scope(context.Background())
	inner, leaveInner := x.scope(outer)
	x.signal(false)
	if !errors.Is(context.Cause(inner), errInterrupted) || outer.Err() != nil || killed != 0 {
		t.Errorf("after one: inner %v, outer %v, killed %d; want interrupted, nil, 0", context.Cause(inner), outer.Err(), killed)
	}
	x.signal(false)
	if killed != 1 {
		t.Errorf("after two: killed %d, want 1", killed)
	}
	leaveInner()
	again, leaveAgain := x.scope(outer)
	x.signal(true)
	if again.Err() == nil || outer.Err() == nil {
		t.Errorf("after a request to end: %v, %v; want both cancelled", again.Err(), outer.Err())
	}
	leaveAgain()
	leaveOuter()
}

func TestLakehouseName(t *testing.T) {
	for folder, want := range map[string]string{
		"shop": "shop", "My Shop": "my-shop", "2026-sales": "sales", "/": "lakehouse", "Ünï": "n", ".": "lakehouse",
	} {
		if got := lakehouseName(folder); got != want {
			t.Errorf("lakehouseName(%q): got %q, want %q", folder, got, want)
		}
	}
}

func TestCommandName(t *testing.T) {
	for arg0, want := range map[string]string{
		"petalake": "petalake", "bin/petalake": "bin/petalake", "/usr/bin/petalake": "/usr/bin/petalake",
		"/tmp/go-build12/b001/exe/petalake": "go run ./cmd/petalake",
	} {
		if got := commandName(arg0); got != want {
			t.Errorf("commandName(%q): got %q, want %q", arg0, got, want)
		}
	}
}

func TestQuoteName(t *testing.T) {
	if got, want := quoteName(`a b.c"d`), `"a b"."c""d"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVisible(t *testing.T) {
	var out bytes.Buffer
	n, err := visible{&out}.Write([]byte("a\x1b[2J,1\nb,\"x\ny\"\n"))
	if want := "a\\x1b[2J,1\nb,\"x\ny\"\n"; err != nil || n != 16 || out.String() != want {
		t.Errorf("got %d, %v, %q; want 16, nil, %q", n, err, out.String(), want)
	}
}

// A file appears under its name when it is whole, and leaves nothing where it is not.
func TestSink(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		err  error
		want []string
	}{{errors.New("half"), nil}, {nil, []string{"rows.csv"}}} {
		s, err := openSink(filepath.Join(dir, "rows.csv"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := s.finish(c.err); !errors.Is(err, c.err) {
			t.Errorf("finish: got %v, want %v", err, c.err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", c.err, diff)
		}
	}
}
