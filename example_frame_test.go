package petalake_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/frame"
)

// A program that moves from DuckDB to Spark by one word.
func ExampleLake_Frames() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "petalake-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	write("lakehouse.yaml", "lakehouse: shop\nsources:\n  orders: {path: orders.csv}\n")
	write("orders.csv", "customer,price\nada,10\nbob,5\nada,7\n")
	lake, err := petalake.Open(ctx, petalake.Options{File: filepath.Join(dir, "lakehouse.yaml")})
	if err != nil {
		log.Fatal(err)
	}
	defer lake.Close()
	if err := lake.Run(ctx, petalake.Up{Once: true}, nil); err != nil {
		log.Fatal(err)
	}

	on, err := lake.Frames("duckdb") // or "spark", or "auto"
	if err != nil {
		log.Fatal(err)
	}
	best := frame.Table("orders").
		GroupBy(frame.Col("customer")).Agg(frame.Sum(frame.Col("price")).As("revenue")).
		Sort(frame.Col("revenue").Desc())
	customers, err := frame.Collect[struct {
		Customer string
		Revenue  int64
	}](ctx, on, best)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range customers {
		fmt.Println(c.Customer, c.Revenue)
	}
	// Output:
	// ada 17
	// bob 5
}
