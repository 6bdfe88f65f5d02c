// Package tpch holds the 22 queries of the TPC-H benchmark with the parameters of its validation
// run, in SQL that DuckDB and Spark both accept. The data comes from the tpchgen-cli package.
package tpch

import (
	"embed"
	"fmt"
)

//go:embed q*.sql
var files embed.FS

// Tables are the tables of the benchmark.
var Tables = []string{"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}

// Query is the text of query n, from 1 to 22.
func Query(n int) string {
	text, err := files.ReadFile(fmt.Sprintf("q%02d.sql", n))
	if err != nil {
		panic(err) // n is not a query of the benchmark
	}
	return string(text)
}
