package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// load measures CSV into a table. Every contender infers the types and writes compressed Parquet.
func (b *bench) load() error {
	if b.scale == 0 {
		b.scale = 1.3
	}
	data, err := b.tpchData("csv", "lineitem")
	if err != nil {
		return err
	}
	csv := filepath.Join(data, "lineitem.csv")
	info, err := os.Stat(csv)
	if err != nil {
		return err
	}
	out := filepath.Join(b.dir, "load")
	fresh := func(name string, args ...string) func() (figure, error) {
		return func() (figure, error) {
			if err := os.RemoveAll(out); err != nil {
				return figure{}, err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return figure{}, err
			}
			if err := os.WriteFile(filepath.Join(out, "lakehouse.yaml"), []byte("lakehouse: bench\n"), 0o644); err != nil {
				return figure{}, err
			}
			return process(out, name, args...)
		}
	}
	peer := func(script, target string) func() (figure, error) {
		return fresh(b.python(), filepath.Join(b.repo, "bench", "peers", script), csv, filepath.Join(out, target))
	}
	contenders := []contender{
		{name: "petalake load", run: fresh(b.binary, "load", "lineitem", csv)},
		{name: "DuckDB COPY to Parquet", run: peer("load_duckdb.py", "x.parquet"), target: 0.9},
		{name: "deltalake", run: peer("load_deltalake.py", "x"), target: 2},
	}
	if b.spark {
		contenders = append(contenders, contender{name: "Spark, local[2]", run: peer("load_spark.py", "x"), target: 4, runs: 1, apart: true})
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	report(fmt.Sprintf("Load of %.2f GB of CSV (TPC-H lineitem) into a table", float64(info.Size())/1e9), contenders, figures)
	return nil
}
