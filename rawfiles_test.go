package petalake_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// TestRawFilesInBucket promises that an environment in AWS takes the files of its sources from the
// bucket of the lake, once each, and names them as the bucket does where something is wrong.
func TestRawFilesInBucket(t *testing.T) {
	gateway := servers.VersityGW(t)
	put := filled(t, gateway, "acme")
	h := newHouse(t, map[string]string{"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
tables:
  bronze.orders: {columns: [{name: id, type: long}, {name: shop, type: string}]}
sources:
  orders: {path: raw/orders/*.csv, table: bronze.orders, on_error: quarantine}
  returns: {path: raw/returns/*.csv, table: bronze.returns}
environments:
  prod:
    storage: s3://acme/lake
    s3: {path_style: true}
    aws: {region: %s}
`, gateway.Region)})
	put("raw/orders/a.csv", "id,shop\n1,a\n2,b\n")
	put("lake/bronze/stray.csv", "id,shop\n9,z\n")
	lake := h.open()
	h.mustUp(lake, "source orders: built 2", "source returns: current")
	put("raw/orders/b.csv", "id,shop\n3,c\nx,d\n")
	h.mustUp(lake, "source orders: built 1", "source returns: current")
	expect(t, lake, "FROM bronze.orders ORDER BY id", "1|a", "2|b", "3|c")
	expect(t, lake, "SELECT file, line FROM _quarantine", "s3://acme/raw/orders/b.csv|3")
	put("raw/returns/c.csv", "id,at\n1,2026-01-01\n")
	h.mustUp(lake, "source orders: current", "source returns: built 1")
	put("raw/returns/d.csv", "id,at\n2,never\n")
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "s3://acme/raw/returns/d.csv:2") {
		t.Errorf("a row that cannot be read: got %v, want file and line as the bucket names them", err)
	}
}

// TestRawFilesFromBucket: a lake on this machine takes raw files from a bucket too, by a source and by hand.
func TestRawFilesFromBucket(t *testing.T) {
	gateway := servers.VersityGW(t)
	put := filled(t, gateway, "raw")
	h := newHouse(t, map[string]string{"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
sources:
  orders: {path: "s3://raw/orders/*.csv", table: orders, file_column: from_file, on_error: quarantine}
environments:
  local: {s3: {endpoint: %q, region: %q, path_style: true}}
`, gateway.Endpoint, gateway.Region)})
	put("orders/a.csv", "id\n1\n2\n")
	lake := h.open()
	h.mustUp(lake, "source orders: built 2")
	h.mustUp(lake, "source orders: current")
	put("orders/b.csv", "id\n3\nx\n")
	h.mustUp(lake, "source orders: built 1")
	expect(t, lake, "FROM orders ORDER BY id", "1|orders/a.csv", "2|orders/a.csv", "3|orders/b.csv")
	expect(t, lake, "SELECT file, line FROM _quarantine", "s3://raw/orders/b.csv|3")
	load := func(paths ...string) error {
		_, err := lake.Load(t.Context(), petalake.Load{Table: spec.TableName{Table: "byhand"}, Paths: paths}, nil)
		return err
	}
	if err := load("s3://raw/orders/a*.csv"); err != nil {
		t.Fatal(err)
	}
	expect(t, lake, "SELECT id FROM byhand ORDER BY id", "1", "2")
	if err := load("s3://raw/orders/b.csv"); err == nil || !strings.Contains(err.Error(), "s3://raw/orders/b.csv:3") {
		t.Errorf("a bad row: got %v, want its place in the bucket", err)
	}
	if err := load("s3://raw/orders/none.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	if err := load("s3://raw/orders/a.csv", "x.csv"); err == nil || !strings.Contains(err.Error(), "not in one place") {
		t.Errorf("two places: got %v", err)
	}
}

// filled makes a bucket of a gateway, for which the environment is then set, and gives what puts files into it.
func filled(t *testing.T, gateway *servers.Server, name string) func(key, text string) {
	t.Helper()
	gateway.Bucket(t, name)
	gateway.Environ(t)
	bucket, err := s3.Open(t.Context(), s3.Options{Bucket: name, Region: gateway.Region, Endpoint: gateway.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(key, text string) {
		t.Helper()
		if err := store.PutBytes(t.Context(), bucket, key, []byte(text), store.Always); err != nil {
			t.Fatal(err)
		}
	}
}
