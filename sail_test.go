package petalake_test

import (
	"testing"

	"github.com/petalake/petalake/internal/servers"
)

// TestSail promises that data frames give the same rows on Sail, a server of Spark Connect that is not
// Spark, as on DuckDB, and that both write the same tables.
func TestSail(t *testing.T) {
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: shop\nenvironments:\n  local:\n    spark: {address: \"sc://" + servers.Sail(t) + "\"}\n",
	})
	lake := h.open()
	sparkRows(t, mustOn(t, lake, "duckdb"), dialectsTable)
	loadTPCH(t, lake)
	framesOnBoth(t, lake, "Sail")
}
