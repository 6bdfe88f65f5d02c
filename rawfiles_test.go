package petalake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// TestRawFilesInBucket promises that an environment in AWS takes the files of its sources from the
// bucket of the lake, once each, and names them as the bucket does where something is wrong.
func TestRawFilesInBucket(t *testing.T) {
	gateway := servers.VersityGW(t)
	gateway.Bucket(t, "acme")
	gateway.Environ(t)
	bucket, err := s3.Open(t.Context(), s3.Options{Bucket: "acme", Region: gateway.Region, Endpoint: gateway.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, text string) {
		t.Helper()
		if err := bucket.Put(t.Context(), key, strings.NewReader(text), store.Always); err != nil {
			t.Fatal(err)
		}
	}
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
