package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

const (
	firstRow = "SELECT id, CAST(id AS STRING) AS name FROM range(1000) WHERE id % 100 = 7"
	allRows  = "SELECT id, id % 1000 AS k, id * 0.5D AS amount, CAST(id % 100000 AS STRING) AS name, " +
		"date_add(DATE '2020-01-01', CAST(id % 1000 AS INT)) AS day FROM range(0, 10000000, 1, 16)"
)

// connect measures our client of Spark Connect beside pyspark's, on one server.
func (b *bench) connect() error {
	home, err := servers.SparkHome()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "spark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	o := local.Options{Search: home, State: filepath.Join(dir, "state"), Lake: local.Lake{Root: filepath.Join(dir, "lake"), Cores: 2, Memory: "4g"}}
	server, _, err := local.Start(ctx, o, nil)
	if err != nil {
		return err
	}
	defer local.Stop(ctx, o.State)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	peer := filepath.Join(b.repo, "bench", "peers", "connect.py")
	ours := func(what, sql string, runs int) func() (figure, error) {
		return seconds(self, "spark-worker", what, server.Address, server.Token, strconv.Itoa(runs), sql)
	}
	theirs := func(what, sql string, runs int) func() (figure, error) {
		return seconds(b.python(), peer, what, server.Address, server.Token, strconv.Itoa(runs), sql)
	}
	first := []contender{
		{name: "petalake, first row", run: ours("first", firstRow, 50)},
		{name: "pyspark, `toArrow`", run: theirs("first", firstRow, 50), target: 1 / 1.1},
	}
	if _, err := first[1].run(); err != nil { // the JVM compiles while it is asked
		return err
	}
	figures, err := race(b.runs, first)
	if err != nil {
		return err
	}
	fmt.Printf("\nTime to the first row of a small query, medians of 50\n\n| | time | theirs / ours | wanted |\n|---|---:|---:|---:|\n")
	fmt.Printf("| %s | %.1f ms | | |\n", first[0].name, figures[0].wall.Seconds()*1000)
	fmt.Printf("| %s | %.1f ms | %.2f | >= 0.91 |\n", first[1].name, figures[1].wall.Seconds()*1000, figures[1].wall.Seconds()/figures[0].wall.Seconds())

	fetch := []contender{
		{name: "petalake, batch by batch", run: ours("fetch", allRows, 1)},
		{name: "pyspark, `toArrow`", run: theirs("fetch", allRows, 1), target: 1},
	}
	if _, err := fetch[0].run(); err != nil {
		return err
	}
	if figures, err = race(b.runs, fetch); err != nil {
		return err
	}
	report("Fetching 10,000,000 rows of 5 columns", fetch, figures)
	return nil
}

// seconds runs a process that prints how long each of its runs took: the median is its time.
func seconds(name string, args ...string) func() (figure, error) {
	return func() (figure, error) {
		f, err := process("", name, args...)
		if err != nil {
			return f, err
		}
		var all []float64
		for line := range strings.FieldsSeq(f.out) {
			s, err := strconv.ParseFloat(line, 64)
			if err != nil {
				return f, fmt.Errorf("%s printed %q", name, f.out)
			}
			all = append(all, s)
		}
		if len(all) == 0 {
			return f, fmt.Errorf("%s printed no time", name)
		}
		slices.Sort(all)
		f.wall = time.Duration(all[len(all)/2] * float64(time.Second))
		return f, nil
	}
}

// sparkWorker is our side: spark-worker first|fetch ADDRESS TOKEN RUNS SQL.
func sparkWorker(args []string) error {
	what, sql := args[0], args[4]
	runs, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := spark.Open(ctx, spark.Options{Address: args[1], Token: args[2]})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := count(ctx, s, "SELECT 1", false); err != nil {
		return err
	}
	for range runs {
		begin := time.Now()
		n, err := count(ctx, s, sql, what == "first")
		if err != nil {
			return err
		}
		if what == "fetch" && n != 10_000_000 {
			return fmt.Errorf("%d rows came", n)
		}
		fmt.Println(time.Since(begin).Seconds())
	}
	return nil
}

// count reads rows: all of them, or until the first batch.
func count(ctx context.Context, s *spark.Session, sql string, first bool) (rows int64, err error) {
	r, err := s.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer r.Release()
	for r.Next() {
		if rows += r.RecordBatch().NumRows(); first {
			break
		}
	}
	return rows, r.Err()
}
