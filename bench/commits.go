package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/store"
)

// workers are what the harness runs of itself, as processes of their own.
var workers = map[string]func(args []string) error{
	"tpch-worker":    tpchWorker,
	"commits-worker": commitsWorker,
	"spark-worker":   sparkWorker,
}

// commits measures appends of one row by one writer, each a commit, with checkpoints every 10.
func (b *bench) commits() error {
	const n = "1000"
	out := filepath.Join(b.dir, "commits")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fresh := func(name string, args ...string) func() (figure, error) {
		return func() (figure, error) {
			if err := os.RemoveAll(out); err != nil {
				return figure{}, err
			}
			f, err := process(b.dir, name, append(args, out, n)...)
			if err != nil {
				return f, err
			}
			seconds, err := strconv.ParseFloat(strings.TrimSpace(f.out), 64)
			f.wall = time.Duration(seconds * 1e9)
			return f, err
		}
	}
	contenders := []contender{
		{name: "petalake (fsync before every answer)", run: fresh(self, "commits-worker")},
		{name: "deltalake", run: fresh(b.python(), filepath.Join(b.repo, "bench", "peers", "commits_deltalake.py")), target: 5},
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	report("1,000 appends of one row by one writer, a checkpoint every 10", contenders, figures)
	return nil
}

func commitsWorker(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	disk, err := store.OpenDisk(args[0])
	if err != nil {
		return err
	}

	ctx, table := context.Background(), delta.At(disk, "t")
	batches := make([]arrow.RecordBatch, n+1)
	for i := range batches {
		batches[i] = rows(int64(i), 1)
	}
	options := delta.AppendOptions{Create: &delta.Metadata{}}
	if _, err := delta.Append(ctx, table, one(batches[0]), options); err != nil {
		return err
	}
	begin := time.Now()
	for i := range n {
		if _, err := delta.Append(ctx, table, one(batches[i+1]), delta.AppendOptions{}); err != nil {
			return err
		}
	}
	fmt.Println(time.Since(begin).Seconds())
	return nil
}

// one is a stream of one batch.
func one(batch arrow.RecordBatch) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
}
