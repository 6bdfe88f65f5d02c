package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// weigh measures how long an engine is chosen for statements on a table of a million files, of which there
// is the log alone.
func (b *bench) weigh() error {
	dir := filepath.Join(b.dir, "weigh")
	if err := millionFiles(dir, 1_000_000); err != nil {
		return err
	}
	choose := func(sql string) func() (figure, error) {
		return func() (figure, error) { return process(dir, b.binary, "sql", "--explain-engine", sql) }
	}
	contenders := []contender{
		{name: "all files", run: choose("select name, count(*) from events group by name")},
		{name: "one of them", run: choose("select * from events where id = 777700777")},
		{name: "half of them", run: choose("select * from events where id > 500000000")},
		{name: "none: count(*) from the log", run: choose("select count(*) from events")},
		{name: "deltalake, paths of all files", run: func() (figure, error) {
			return process(dir, b.python(), "-c", "import deltalake; print(len(deltalake.DeltaTable('lake/events').file_uris()))")
		}},
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	fmt.Printf("\nChoosing an engine, of a log of 1,000,000 files\n\n| files that are left | time | peak memory | answer |\n|---|---:|---:|---|\n")
	for i, f := range figures {
		fmt.Printf("| %s | %d ms | %d MB | %s", contenders[i].name, f.wall.Milliseconds(), f.peak>>20, f.out)
	}
	return nil
}

// millionFiles makes a lake with a table "events" whose log names n files of 10 MB that are not there, and
// has a checkpoint of them.
func millionFiles(dir string, n int64) error {
	disk, err := freshLake(dir)
	if disk == nil || err != nil {
		return err
	}
	ctx, table := context.Background(), delta.At(disk, "events")
	const step = 100_000
	for first := int64(0); first < n; first += step {
		_, err := table.Update(ctx, func(x *delta.Txn) error {
			if first == 0 {
				x.SetMetadata(delta.Metadata{ID: "f0a4b7de-6f5d-4a3e-9f43-0d6c53a2b9c1", Schema: &schema.Struct{Fields: []schema.Field{
					{Name: "id", Type: schema.Long, Nullable: true}, {Name: "name", Type: schema.String, Nullable: true},
				}}})
			}
			for i := first; i < first+step; i++ {
				x.Add(delta.Add{
					Path: fmt.Sprintf("part-00000-%032x-c000.zstd.parquet", i), Size: 10_000_000, ModTime: 1, DataChange: true,
					Stats: stats.File{NumRecords: 1000, TightBounds: true, Columns: []stats.Column{
						{Path: []string{"id"}, Min: i * 1000, Max: i*1000 + 999}, {Path: []string{"name"}, Min: "a", Max: "z"},
					}},
				})
			}
			x.Operation("WRITE", map[string]string{"mode": "Append"}, nil)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := table.Checkpoint(ctx); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "lakehouse.yaml"), []byte("lakehouse: bench\nenvironments:\n  local:\n    engine: auto\n    spark: {address: \"sc://127.0.0.1:1\"}\n"), 0o644)
}
