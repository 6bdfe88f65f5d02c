package tablefile

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/store"
)

// bench is a store on disk.
type bench struct {
	t    *testing.T
	root string
	disk store.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root := t.TempDir()
	disk, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, root: root, disk: disk}
}

// conn is a connection to a DuckDB that reaches one folder alone.
func (b *bench) conn(dir string) *duckdb.Conn {
	b.t.Helper()
	db, err := duckdb.Open(duckdb.Options{Closed: true, AllowedDirs: []string{dir}, Settings: CopySettings})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { db.Close() })
	conn, err := db.Conn()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(conn.Close)
	return conn
}

// spec is of the table t, whose columns are written as in SQL.
func (b *bench) spec(columns string) Spec {
	b.t.Helper()
	s, err := schema.ParseType("struct<" + columns + ">")
	if err != nil {
		b.t.Fatal(err)
	}
	return Spec{
		Store: b.disk, Root: "t", Schema: s.(*schema.Struct), Staging: filepath.Join(b.root, "_staging"),
		Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
