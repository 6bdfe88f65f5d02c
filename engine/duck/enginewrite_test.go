package duck

import (
	"errors"
	"path/filepath"
	"testing"

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
	b := &bench{t: t, root: l.dir, disk: disk}
	job := b.job("region string, n bigint")
	job.Root, job.Staging, job.SortBy = "model", "", []string{"region"}
	e := l.open()
	w, err := e.Write(t.Context(), "SELECT count(*) AS n, region FROM orders WHERE id > 9 GROUP BY ALL -- end", job)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", b.rows("model", w.Files, "region"), []string{"r0|30", "r1|30", "r2|30"})
	job.Constraints = map[string]string{"few": "n < 10"}
	var v *ViolationError
	if _, err := e.Write(t.Context(), "SELECT count(*) AS n, region FROM orders GROUP BY ALL", job); !errors.As(err, &v) || v.Constraint != "few" {
		t.Errorf("a broken constraint: got %v, want a *ViolationError", err)
	}
	var s *SchemaError
	if _, err := e.Write(t.Context(), "SELECT id FROM orders", job); !errors.As(err, &s) || s.Column != "id" {
		t.Errorf("a column the table has not: got %v, want a *SchemaError", err)
	}
	if left, _ := filepath.Glob(filepath.Join(l.dir, "_petalake", "staging", "*")); len(left) > 0 {
		t.Errorf("left in staging: %v", left)
	}
	if _, err := tryCollect(e, "SELECT count(*) FROM orders"); err != nil {
		t.Errorf("a query after a failed write: %v", err)
	}
}
