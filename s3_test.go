package petalake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/servers"
)

// TestLakeInS3 does what the first tests do on disk with the lake in a bucket, on two servers.
func TestLakeInS3(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *servers.Server{"moto": servers.Moto, "versitygw": servers.VersityGW} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Bucket(t, "lake")
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			t.Setenv("TEST_SECRET", server.SecretKey)
			yaml := fmt.Sprintf(`
environments:
  local:
    storage: s3://lake/shop
    s3: {endpoint: "%s", region: %s, access_key: "%s", secret_key: "${env:TEST_SECRET}"}
`, server.Endpoint, server.Region, server.AccessKey)
			h := newHouse(t, map[string]string{"lakehouse.yaml": shop + yaml, "raw/1.csv": "customer,amount\nann,3\nbob,4\n"})
			lake := h.open()
			h.mustUp(lake, "source orders: built 2", "model gold.totals: built 2", "model gold.best: built 1")
			h.write("raw/2.csv", "customer,amount\nann,10\n")
			h.mustUp(lake, "source orders: built 1", "model gold.totals: built 2", "model gold.best: built 1")
			expect(t, lake, "from gold.totals", "ann|13", "bob|4")
			expect(t, lake, "select count(*) from bronze.orders version as of 0", "2")
			checkAll(t, h.open(), "bronze.orders", "gold.totals", "gold.best")
			if text := fmt.Sprintf("%+v", lake.Spec().Environments[0]); strings.Contains(text, server.SecretKey) {
				t.Error("the secret shows in the environment's text")
			}
		})
	}
}

// checkAll verifies tables from their files up.
func checkAll(t *testing.T, lake *petalake.Lake, names ...string) {
	t.Helper()
	for _, name := range names {
		table, err := lake.Table(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		report, err := table.Check(context.Background(), delta.CheckOptions{Data: true})
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("check %s: %v, %v", name, report.Problems, err)
		}
	}
}
