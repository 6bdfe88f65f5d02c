package duck

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/store"
)

// TestWriteSelect makes files of a SELECT on a table of the lake.
func TestWriteSelect(t *testing.T) {
	l := newLake(t)
	l.add("orders", "id bigint, region string", rows("SELECT i AS id, 'r' || i % 3 AS region FROM range(100) t(i)"))
	disk, err := store.OpenDisk(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	region, n := schema.Field{Name: "region", Type: schema.String, Nullable: true}, schema.Field{Name: "n", Type: schema.Long, Nullable: true}
	spec := tablefile.Spec{
		Store: disk, Root: "model", Schema: &schema.Struct{Fields: []schema.Field{region, n}}, SortBy: []string{"region"},
	}
	e := l.open()
	w, err := e.Write(t.Context(), "SELECT count(*) AS n, region FROM orders WHERE id > 9 GROUP BY ALL -- end", spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Files) != 1 {
		t.Fatalf("got %d files, want one", len(w.Files))
	}
	if info, err := os.Stat(filepath.Join(l.dir, "model", w.Files[0].Path)); err != nil || info.Size() != w.Files[0].Size {
		t.Errorf("file %s: %v, its size should be %d", w.Files[0].Path, err, w.Files[0].Size)
	}
	got, err := l.writer.Strings(t.Context(), "SELECT region, n::VARCHAR FROM read_parquet($1)", filepath.Join(l.dir, "model", w.Files[0].Path))
	if want := "[[r0 30] [r1 30] [r2 30]]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("rows: got %v, %v; want %s", got, err, want)
	}
	spec.Constraints = map[string]string{"few": "n < 10"}
	var v *tablefile.ViolationError
	if _, err := e.Write(t.Context(), "SELECT count(*) AS n, region FROM orders GROUP BY ALL", spec); !errors.As(err, &v) || v.Constraint != "few" {
		t.Errorf("a broken constraint: got %v, want a *ViolationError", err)
	}
	var s *tablefile.SchemaError
	if _, err := e.Write(t.Context(), "SELECT id FROM orders", spec); !errors.As(err, &s) || s.Column != "id" {
		t.Errorf("a column the table has not: got %v, want a *SchemaError", err)
	}
	if left, _ := filepath.Glob(filepath.Join(l.dir, "_petalake", "staging", "*")); len(left) > 0 {
		t.Errorf("left in staging: %v", left)
	}
	if _, err := tryCollect(e, "SELECT count(*) FROM orders"); err != nil {
		t.Errorf("a query after a failed write: %v", err)
	}
}
