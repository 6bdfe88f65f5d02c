// Command bench measures petalake beside what a user would pick instead: the same work, on the
// same data, in the same run.
//
//	go run ./bench load      1 GB of CSV into a table: DuckDB COPY, deltalake, Spark
//	go run ./bench tpch      the 22 queries of TPC-H: DuckDB on plain Parquet, Spark
//	go run ./bench start     from process start to the answer
//	go run ./bench weigh     choosing an engine for a table of a million files
//	go run ./bench commits   1,000 appends of one row: deltalake
//	go run ./bench spark     rows over Spark Connect: pyspark's own client, on the same server
//	go run ./bench sparkstart  from nothing to a Spark that answers: the bare server
//	go run ./bench eventlog  what an event log of 1 GB says: json.loads in Python, Spark's history server
//
// The peers come from scripts/tools. Every figure is of a whole process: wall time, and the most
// memory it held (ru_maxrss). Where a command runs several times the median counts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	if worker, ok := workers[os.Args[1]]; ok {
		exit(worker(os.Args[2:]))
		return
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	var b bench
	flags.Float64Var(&b.scale, "sf", 0, "scale factor of TPC-H (load: 1.3 is 1 GB of CSV; tpch: 1)")
	flags.IntVar(&b.runs, "n", 3, "runs of each")
	flags.BoolVar(&b.spark, "spark", true, "run Spark too")
	flags.StringVar(&b.dir, "dir", filepath.Join(os.TempDir(), "petalake-bench"), "folder for data")
	_ = flags.Parse(os.Args[2:])
	run, ok := map[string]func(*bench) error{
		"load": (*bench).load, "tpch": (*bench).tpch, "start": (*bench).start, "commits": (*bench).commits, "eventlog": (*bench).eventlog,
		"spark": (*bench).connect, "sparkstart": (*bench).sparkStart, "weigh": (*bench).weigh,
	}[os.Args[1]]
	if !ok {
		usage()
	}
	exit(b.prepare())
	exit(run(&b))
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: go run ./bench load|tpch|start|commits|eventlog|spark|sparkstart|weigh [-sf 1] [-n 3] [-spark=false] [-dir folder]")
	os.Exit(2)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of the harness.
type bench struct {
	scale  float64
	runs   int
	spark  bool
	dir    string // data and lakes
	repo   string // the root of the project
	binary string // petalake, built from this tree
}

// prepare builds petalake and finds the peers.
func (b *bench) prepare() error {
	repo, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(repo, "bench", "main.go")); err != nil {
		return fmt.Errorf("run it from the root of the project: %w", err)
	}
	b.repo, b.binary = repo, filepath.Join(b.dir, "petalake")
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(b.python()); err != nil {
		return fmt.Errorf("%w; run scripts/tools first", err)
	}
	build := exec.Command("go", "build", "-o", b.binary, "./cmd/petalake")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	return build.Run()
}

func (b *bench) python() string { return filepath.Join(b.repo, ".tools", "venv", "bin", "python") }

// tpchData generates the tables in a format ("csv" or "parquet") once, and names their folder.
func (b *bench) tpchData(format string, tables string) (string, error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("tpch-%g-%s", b.scale, format))
	if _, err := os.Stat(filepath.Join(dir, "done-"+tables)); err == nil {
		return dir, nil
	}
	args := []string{format, "-s", fmt.Sprint(b.scale), "--output-dir", dir}
	if tables != "" {
		args = append(args, "--tables", tables)
	}
	gen := exec.Command(filepath.Join(filepath.Dir(b.python()), "tpchgen-cli"), args...)
	gen.Stdout, gen.Stderr = os.Stderr, os.Stderr
	if err := gen.Run(); err != nil {
		return "", fmt.Errorf("tpchgen-cli: %w", err)
	}
	return dir, os.WriteFile(filepath.Join(dir, "done-"+tables), nil, 0o644)
}
