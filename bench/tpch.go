package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/petalake/petalake"
)

// queries are those of TPC-H with the parameters of its validation run, in SQL that DuckDB and Spark both accept.
//
//go:embed tpch/q*.sql
var queries embed.FS

// query is the text of query n, from 1 to 22.
func query(n int) string {
	text, err := queries.ReadFile(fmt.Sprintf("tpch/q%02d.sql", n))
	if err != nil {
		panic(err) // n is not a query of the benchmark
	}
	return string(text)
}

// tpch measures the 22 queries: the best of three of each, in one warm process a contender.
func (b *bench) tpch() error {
	if b.scale == 0 {
		b.scale = 1
	}
	data, err := b.tpchData("parquet", "")
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("tpch-%g-lake", b.scale))
	if err := b.tpchLake(dir, data); err != nil {
		return err
	}
	folder := filepath.Join(b.repo, "bench", "tpch")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	peer := func(script, data string) func() (figure, error) {
		return func() (figure, error) {
			return process(b.dir, b.python(), filepath.Join(b.repo, "bench", "peers", script), data, folder)
		}
	}
	contenders := []contender{
		{name: "petalake, Delta tables", run: func() (figure, error) {
			return process(b.dir, self, "tpch-worker", filepath.Join(dir, "lakehouse.yaml"))
		}},
		{name: "DuckDB, the generator's Parquet", run: peer("tpch_duckdb.py", data), target: 1 / 1.1},
		{name: "DuckDB, the tables' Parquet", run: peer("tpch_duckdb.py", filepath.Join(dir, "lake")), target: 1 / 1.1},
	}
	if b.spark {
		contenders = append(contenders, contender{name: "Spark, Delta tables, local[2]", run: peer("tpch_spark.py", filepath.Join(dir, "lake")), target: 5, runs: 1, apart: true})
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	return b.tpchReport(contenders, figures)
}

// tpchReport replaces the wall time of each process by the sum of its queries, then prints both
// the sums and every query.
func (b *bench) tpchReport(contenders []contender, figures []figure) error {
	times := make([]map[int]float64, len(contenders))
	for i := range contenders {
		if err := json.Unmarshal([]byte(figures[i].out), &times[i]); err != nil {
			return fmt.Errorf("%s printed %q: %w", contenders[i].name, figures[i].out, err)
		}
		var sum float64
		for _, t := range times[i] {
			sum += t
		}
		figures[i].wall = time.Duration(sum * 1e9)
	}
	report(fmt.Sprintf("The 22 queries of TPC-H, scale factor %g", b.scale), contenders, figures)
	fmt.Printf("\n| query |%s\n|---|%s\n", cells(contenders, func(i int) string { return contenders[i].name }), strings.Repeat("---:|", len(contenders)))
	for n := 1; n <= 22; n++ {
		fmt.Printf("| %d |%s\n", n, cells(contenders, func(i int) string { return fmt.Sprintf("%.3f s", times[i][n]) }))
	}
	return nil
}

func cells(contenders []contender, text func(int) string) string {
	var row strings.Builder
	for i := range contenders {
		fmt.Fprintf(&row, " %s |", text(i))
	}
	return row.String()
}

// tpchLake loads the generated Parquet files into tables, once.
func (b *bench) tpchLake(dir, data string) error {
	done := filepath.Join(dir, "done")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "lakehouse.yaml"), []byte("lakehouse: tpch\n"), 0o644); err != nil {
		return err
	}
	tables, err := filepath.Glob(filepath.Join(data, "*.parquet"))
	if err != nil {
		return err
	}
	for _, path := range tables {
		if _, err := process(dir, b.binary, "load", strings.TrimSuffix(filepath.Base(path), ".parquet"), path); err != nil {
			return err
		}
	}
	return os.WriteFile(done, nil, 0o644)
}

// tpchWorker runs the queries through the library, as a program would.
func tpchWorker(args []string) error {
	ctx := context.Background()
	lake, err := petalake.Open(ctx, petalake.Options{File: args[0]})
	if err != nil {
		return err
	}
	defer lake.Close()
	times := map[int]float64{}
	for n := 1; n <= 22; n++ {
		for range 3 {
			begin := time.Now()
			if err := drain(ctx, lake, query(n)); err != nil {
				return fmt.Errorf("query %d: %w", n, err)
			}
			if taken := time.Since(begin).Seconds(); times[n] == 0 || taken < times[n] {
				times[n] = taken
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}

func drain(ctx context.Context, lake *petalake.Lake, sql string) error {
	rows, err := lake.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Release()
	for rows.Next() {
	}
	return rows.Err()
}
