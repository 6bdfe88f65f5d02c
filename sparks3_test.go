package petalake_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// TestSparkOnS3 promises that a lake in a bucket has a Spark of this machine too: both engines see the
// same tables, whoever made them, and a model that Spark runs is committed by petalake.
func TestSparkOnS3(t *testing.T) {
	servers.SparkForLakes(t)
	s := servers.VersityGW(t)
	s.Bucket(t, "lake")
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
models:
  gold.totals: {query: "SELECT shop, CAST(sum(amount) AS BIGINT) AS amount FROM bronze.orders GROUP BY shop"}
environments:
  local:
    storage: s3://lake/shop
    s3: {endpoint: %q, region: %s, access_key: %s, secret_key: %s}
    engine: spark
    spark: {memory: 1GiB, cores: 2}
`, s.Endpoint, s.Region, s.AccessKey, s.SecretKey),
		"raw/a.csv": "id,shop,amount\n1,a,10\n2,b,20\n3,a,30\n",
	})
	lake := h.open()
	t.Cleanup(func() { _ = local.Stop(context.Background(), lake.Rooms().Links.Server().State) })
	h.mustUp(lake, "source orders: built 3", "model gold.totals: built 2")
	sparkRows(t, lake, "CREATE TABLE silver.big AS SELECT * FROM bronze.orders WHERE amount > 10")
	for name, on := range map[string]querier{"spark": lake, "duckdb": mustOn(t, lake, "duckdb")} {
		if got := sparkRows(t, on, "select shop, amount from gold.totals order by shop"); got != "a|40\nb|20\n" {
			t.Errorf("%s: the model: got %q", name, got)
		}
		if got := sparkRows(t, on, "select count(*) from silver.big"); got != "2\n" {
			t.Errorf("%s: the table of Spark: got %q", name, got)
		}
	}
	checkAll(t, lake, "gold.totals", "silver.big")
}
