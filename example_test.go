package petalake_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/spec"
)

// A lakehouse from Go: open it, load a file into a table, ask the table, close it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "petalake-example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	described, sales := filepath.Join(dir, "lakehouse.yaml"), filepath.Join(dir, "sales.csv")
	for path, text := range map[string]string{
		described: "lakehouse: shop\n",
		sales:     "customer,amount\nAda,3\nGrace,4\nAda,10\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}

	lake, err := petalake.Open(ctx, petalake.Options{File: described})
	if err != nil {
		log.Fatal(err)
	}
	defer lake.Close()

	loaded, err := lake.Load(ctx, petalake.Load{Table: spec.TableName{Schema: "bronze", Table: "sales"}, Paths: []string{sales}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loaded.Rows, "rows are version", loaded.Version, "of", loaded.Table)

	rows, err := lake.Query(ctx, "select customer, sum(amount)::bigint from bronze.sales where amount > ? group by all order by all", 1)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Release()
	for rows.Next() {
		batch := rows.RecordBatch()
		for i := range int(batch.NumRows()) {
			fmt.Println(batch.Column(0).ValueStr(i), batch.Column(1).ValueStr(i))
		}
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}

	// Output:
	// 3 rows are version 0 of bronze.sales
	// Ada 13
	// Grace 4
}
