package raw

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/store"
)

// TestExact promises that each value of a raw file arrives as it is, or that its row is aside: files that Python makes at
// random, with values of every type that readers round, cut or guess, and whose right rows it says. Once with the types
// declared, nested ones too, and once inferred, where every value is to come back.
func TestExact(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Python")
	}
	python := servers.Tool(t, "venv/bin/python")
	// A file has 20 rows of 3 columns in the mean: 250 have each type with each of its texts some ten times.
	files, seed := sweep.Of(0, 250, 20_000), int64(20261130)
	if sweep.Thorough() {
		seed = time.Now().UnixNano() % 1e6
	}
	dir := filepath.Join(t.TempDir(), "files")
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(python, append([]string{filepath.Join("testdata", "exact.py")}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v, seed %d:\n%s", args[0], seed, out)
		}
	}
	run("make", dir, strconv.FormatInt(seed, 10), strconv.Itoa(files))
	for n := range files {
		at := filepath.Join(dir, strconv.Itoa(n))
		disk, err := store.OpenDisk(at)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, root: at, disk: disk}
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(at, name))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		spec := b.spec(read("schema"))
		spec.Root, spec.Quarantine = "loaded", "aside"
		raw := Files{Format: Format(read("format")), Paths: []string{filepath.Join(at, "data")}, CSV: CSV{Delimiter: ","}}
		declared := raw
		for _, f := range spec.Schema.Fields {
			declared.Declared = append(declared.Declared, f.Name)
		}
		w, err := Loader{}.Load(t.Context(), declared, spec)
		if err != nil {
			t.Fatalf("seed %d, file %d: %v", seed, n, err)
		}
		lines := []int{}
		for _, row := range b.rows("aside", w.Bad, "line::BIGINT") {
			line, _ := strconv.Atoi(strings.Split(row, "|")[2])
			lines = append(lines, line)
		}
		text, _ := json.Marshal(lines)
		if err := os.WriteFile(filepath.Join(at, "bad"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if raw.Format != FormatCSV {
			continue
		}
		found, inspected, err := Loader{}.Inspect(t.Context(), raw, true)
		if err == nil {
			_, err = Loader{}.Load(t.Context(), inspected, tablefile.Spec{Store: disk, Root: "inferred", Schema: found.Schema, Staging: filepath.Join(at, "_staging")})
		}
		if err != nil {
			t.Fatalf("seed %d, file %d, inferred: %v", seed, n, err)
		}
	}
	run("check", dir)
	fmt.Fprintln(t.Output(), files, "files")
}
