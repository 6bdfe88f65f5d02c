// Package proof shows with software that others wrote that petalake's tables are Delta tables.
//
// Apache Spark with Delta Lake, deltalake (Rust) and Polars read what petalake wrote and write what
// it reads. They run in one process, peers.py, which lives as long as the tests do. Rows cross the
// border as Arrow streams and are compared as text that keeps every value and type apart.
package proof

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/store"
)

// shared is the one process with Spark in it, nil where this machine has none.
var shared *peers

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "petalake-proof-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	why := missing()
	switch {
	case why == "":
		if shared, err = start(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer shared.stop()
	case os.Getenv("CI") == "true":
		fmt.Fprintln(os.Stderr, "proof:", why)
		return 1
	}
	return m.Run()
}

// missing says what the proofs need and this machine does not have: nothing where all is there.
func missing() string {
	for _, need := range []string{python, filepath.Join(jars, "*.jar")} {
		if found, _ := filepath.Glob(need); len(found) == 0 {
			return need + " is missing: run scripts/tools python spark"
		}
	}
	return ""
}

// others returns the peers, or skips the test where there are none.
func others(t *testing.T) *peers {
	t.Helper()
	if testing.Short() {
		t.Skip("Spark takes its time: left out with -short")
	}
	if shared == nil {
		t.Skip(missing())
	}
	return shared
}

// place is a table by the names that both sides give it, in a lake on the disk.
type place struct {
	lake  string // folder
	path  string // of the table
	disk  *store.Disk
	table *delta.Table
}

// sql names the table in Spark's SQL.
func (p place) sql() string { return "delta.`" + p.path + "`" }

// newPlace is a lake with room for a table named t.
func newPlace(t *testing.T) place {
	t.Helper()
	root := t.TempDir()
	disk, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	return place{lake: root, disk: disk}.named("t")
}

// named is another table of the same lake.
func (p place) named(name string) place {
	p.path, p.table = filepath.Join(p.lake, name), delta.At(p.disk, name)
	return p
}

// snapshot is one version of the table.
func (p place) snapshot(t *testing.T, at delta.When) *delta.Snapshot {
	t.Helper()
	s, err := p.table.Snapshot(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
