package petalake_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
)

// openShop opens a lakehouse in a folder of its own, of one file.
func openShop(described string) (lake *petalake.Lake, done func()) {
	dir, err := os.MkdirTemp("", "petalake-example-")
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, "lakehouse.yaml")
	if err := os.WriteFile(file, []byte(described), 0o644); err != nil {
		log.Fatal(err)
	}
	lake, err = petalake.Open(context.Background(), petalake.Options{File: file})
	if err != nil {
		log.Fatal(err)
	}
	return lake, func() {
		lake.Close()
		os.RemoveAll(dir)
	}
}

// show prints the rows of a query.
func show(lake *petalake.Lake, sql string) {
	rows, err := lake.Query(context.Background(), sql)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Release()
	for rows.Next() {
		b := rows.RecordBatch()
		for i := range int(b.NumRows()) {
			var row []string
			for _, c := range b.Columns() {
				row = append(row, c.ValueStr(i))
			}
			fmt.Println(strings.Join(row, " "))
		}
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
}

// Every version of a table stays readable.
func ExampleLake_Query_timeTravel() {
	lake, done := openShop("lakehouse: shop\n")
	defer done()
	show(lake, "create table stock as select 'tea' as item, 5 as pieces")
	show(lake, "insert into stock values ('milk', 2)")
	show(lake, "select count(*) from stock")
	show(lake, "select count(*) from stock version as of 0")
	// Output:
	// 1 1
	// 1 1
	// 2
	// 1
}

// Rows that a program has as Arrow batches are appended in one commit, by Go alone.
func ExampleLake_Table() {
	ctx := context.Background()
	lake, done := openShop("lakehouse: shop\n")
	defer done()
	show(lake, "create table sensors (id bigint, celsius double)")
	table, err := lake.Table(ctx, "sensors")
	if err != nil {
		log.Fatal(err)
	}

	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "celsius", Type: arrow.PrimitiveTypes.Float64},
	}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2}, nil)
	b.Field(1).(*array.Float64Builder).AppendValues([]float64{20.5, 19}, nil)
	batch := b.NewRecordBatch()
	defer batch.Release()
	var rows iter.Seq2[arrow.RecordBatch, error] = func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
	commit, err := delta.Append(ctx, table, rows, delta.AppendOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", commit.Version)
	show(lake, "select max(celsius) from sensors")
	// Output:
	// 0 0
	// version 1
	// 20.5
}

// A job of lakehouse.yaml is run to its end, a step a statement, each committed once.
func ExampleLake_CreateJob() {
	ctx := context.Background()
	lake, done := openShop(`lakehouse: shop
jobs:
  daily:
    engine: duckdb
    query: |
      create or replace table orders as select * from (values (1, 10), (2, 5)) v(id, price);
      create or replace table revenue as select sum(price)::bigint as total from orders;
`)
	defer done()
	run, err := lake.CreateJob(ctx, "daily", nil, "by hand")
	if err != nil {
		log.Fatal(err)
	}
	if run, err = lake.DriveJob(ctx, run, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.ID(), run.State, len(run.Steps), "steps")
	show(lake, "select total from revenue")
	// Output:
	// daily/1 succeeded 2 steps
	// 15
}
