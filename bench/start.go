package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/store"
)

// start measures short commands, from the start of the process to its end.
func (b *bench) start() error {
	dir := filepath.Join(b.dir, "start")
	if err := b.manyFiles(dir, 10_000); err != nil {
		return err
	}
	sql := func(text string) func() (figure, error) {
		return func() (figure, error) { return process(dir, b.binary, "sql", text) }
	}
	point := "select * from events where id = 777700"
	contenders := []contender{
		{name: `petalake sql "select 1"`, run: sql("select 1")},
		{name: "point query, 10,000 files", run: sql(point)},
		{name: "count(*), 10,000 files", run: sql("select count(*) from events")},
		{name: "DuckDB, plain glob of them", run: func() (figure, error) {
			return process(dir, b.python(), "-c", "import duckdb; print(duckdb.sql(\"select * from 'lake/events/*.parquet' where id = 777700\"))")
		}},
		{name: "deltalake, to_pyarrow_dataset", run: func() (figure, error) {
			return process(dir, b.python(), "-c", "import deltalake, pyarrow.compute as c; print(deltalake.DeltaTable('lake/events').to_pyarrow_dataset().to_table(filter=c.field('id')==777700))")
		}},
	}
	figures, err := race(max(b.runs, 7), contenders)
	if err != nil {
		return err
	}
	fmt.Printf("\nFrom process start to the answer\n\n| | time | peak memory | wanted |\n|---|---:|---:|---:|\n")
	for i, wanted := range []string{"< 100 ms", "< 250 ms", "", "", ""} {
		fmt.Printf("| %s | %d ms | %d MB | %s |\n", contenders[i].name, figures[i].wall.Milliseconds(), figures[i].peak>>20, wanted)
	}
	return nil
}

// freshLake is the empty lake of a folder; nil where there is a whole one already, which has a lakehouse.yaml.
func freshLake(dir string) (*store.Disk, error) {
	if _, err := os.Stat(filepath.Join(dir, "lakehouse.yaml")); err == nil {
		return nil, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	return store.OpenDisk(filepath.Join(dir, "lake"))
}

// manyFiles makes a lake with a table "events" of n files of 100 rows, ordered by id.
func (b *bench) manyFiles(dir string, n int) error {
	disk, err := freshLake(dir)
	if disk == nil || err != nil {
		return err
	}

	ctx, table := context.Background(), delta.At(disk, "events")
	if _, err := delta.Append(ctx, table, one(rows(0, 100)), delta.AppendOptions{Create: &delta.Metadata{}}); err != nil {
		return err
	}
	for i := 1; i < n; i += 500 {
		if err := appendFiles(ctx, table, i, min(500, n-i)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "lakehouse.yaml"), []byte("lakehouse: bench\n"), 0o644)
}

// appendFiles commits count files of 100 rows, the first of them with the ids of the given file.
func appendFiles(ctx context.Context, table *delta.Table, first, count int) error {
	_, err := table.Update(ctx, func(x *delta.Txn) error {
		for i := first; i < first+count; i++ {
			files, err := delta.WriteFiles(ctx, table, x.Snapshot().Metadata(), one(rows(int64(i)*100, 100)))
			if err != nil {
				return err
			}
			x.Add(files...)
		}
		x.Operation("WRITE", map[string]string{"mode": "Append"}, nil)
		return nil
	})
	return err
}

// rows makes a batch of n rows with ids from first.
func rows(first int64, n int) arrow.RecordBatch {
	fields := []arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for i := range int64(n) {
		builder.Field(0).(*array.Int64Builder).Append(first + i)
		builder.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("event %d", first+i))
		builder.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(time.Unix(first+i, 0).UnixMicro()))
	}
	return builder.NewRecordBatch()
}
