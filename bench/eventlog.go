package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"
)

// eventlog measures `petalake spark advise` on a log of a gigabyte, plain and as Spark compresses it,
// beside what others do with the same lines.
func (b *bench) eventlog() error {
	size := int64(b.scale * (1 << 30))
	if size == 0 {
		size = 1 << 30
	}
	plain, packed, err := b.bigLog(size)
	if err != nil {
		return err
	}
	advise := func(log string) func() (figure, error) {
		return func() (figure, error) { return process(b.dir, b.binary, "spark", "advise", "-q", log) }
	}
	peer := func(name, log string) func() (figure, error) {
		return func() (figure, error) {
			return process(b.dir, b.python(), filepath.Join(b.repo, "bench", "peers", name), log)
		}
	}
	contenders := []contender{
		{name: "petalake spark advise", run: advise(plain)},
		{name: "petalake spark advise, zstd", run: advise(packed)},
		{name: "Python, json.loads a line, sums", run: peer("eventlog_json.py", plain), target: 4},
	}
	if b.spark {
		contenders = append(contenders, contender{name: "Spark's history server, to its answer", run: peer("eventlog_history.py", plain), runs: 1, apart: true, target: 4})
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	if err := b.sameSums(plain, figures[2].out); err != nil {
		return err
	}
	report(fmt.Sprintf("An event log of %.2f GB", float64(size)/1e9), contenders, figures)
	for i, c := range contenders[:2] {
		fmt.Printf("%s: %.0f MB/s\n", c.name, float64(size)/1e6/figures[i].wall.Seconds())
	}
	return nil
}

// sameSums compares the totals of petalake with those that the Python peer printed.
func (b *bench) sameSums(log, theirs string) error {
	f, err := process(b.dir, b.binary, "spark", "advise", "-q", "-o", "json", log)
	if err != nil {
		return err
	}
	var r struct {
		Tasks int64   `json:"tasks"`
		Busy  float64 `json:"busy_seconds"`
	}
	if err := json.Unmarshal([]byte(f.out), &r); err != nil {
		return err
	}
	var stages, tasks, busy int64
	if _, err := fmt.Sscan(theirs, &stages, &tasks, &busy); err != nil {
		return fmt.Errorf("sums of the Python peer %q: %w", theirs, err)
	}
	if ours := int64(math.Round(r.Busy * 1000)); tasks != r.Tasks || busy != ours {
		return fmt.Errorf("%d tasks of %d ms, the Python peer counts %d of %d ms", r.Tasks, ours, tasks, busy)
	}
	return nil
}

// bigLog repeats the jobs of the tests' logs, which are of real runs, under new numbers until there are so
// many bytes.
func (b *bench) bigLog(size int64) (plain, packed string, err error) {
	plain = filepath.Join(b.dir, fmt.Sprintf("eventlog-%d", size))
	packed = plain + ".zstd"
	if _, err := os.Stat(packed); err == nil {
		return plain, packed, nil
	}
	head, jobs, tail, err := b.realEvents()
	if err != nil {
		return "", "", err
	}
	f, err := os.Create(plain)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	g, err := os.Create(packed + ".part")
	if err != nil {
		return "", "", err
	}
	defer g.Close()
	z, err := zstd.NewWriter(g, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return "", "", err
	}
	out := bufio.NewWriterSize(io.MultiWriter(f, z), 1<<20)
	n := int64(0)
	write := func(line []byte) {
		m, _ := out.Write(line) // an error stays for Flush
		n += int64(m)
	}
	for _, line := range head {
		write(line)
	}
	for round := 0; n < size; round++ {
		for _, line := range jobs {
			if n >= size {
				break
			}
			write(renumber(line, round))
		}
	}
	for _, line := range tail {
		write(line)
	}
	if err := out.Flush(); err != nil {
		return "", "", err
	}
	if err := z.Close(); err != nil {
		return "", "", err
	}
	return plain, packed, os.Rename(packed+".part", packed)
}

// realEvents are the lines of logs of real runs: those before the first job, those of jobs, the end.
func (b *bench) realEvents() (head, jobs, tail [][]byte, err error) {
	for i, name := range []string{"skew", "files", "partitions", "spill", "good"} {
		packed, err := os.ReadFile(filepath.Join(b.repo, "engine", "spark", "eventlog", "testdata", name+".zstd"))
		if err != nil {
			return nil, nil, nil, err
		}
		z, err := zstd.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, nil, nil, err
		}
		text, err := io.ReadAll(z)
		z.Close()
		if err != nil {
			return nil, nil, nil, err
		}
		begun := false
		for line := range bytes.Lines(text) {
			begun = begun || bytes.Contains(line[:min(90, len(line))], []byte("SQLExecutionStart")) || bytes.Contains(line[:40], []byte("JobStart"))
			switch {
			case bytes.Contains(line[:min(40, len(line))], []byte("ApplicationEnd")):
				tail = [][]byte{line}
			case begun:
				jobs = append(jobs, bytes.Clone(renumber(line, i)))
			case i == 0:
				head = append(head, line)
			}
		}
	}
	return head, jobs, tail, nil
}

// renumber adds to the numbers of stages, tasks, jobs and queries, so that no round meets another.
func renumber(line []byte, round int) []byte {
	out := make([]byte, 0, len(line)+64)
	for _, key := range []string{`"Stage ID":`, `"Task ID":`, `"Job ID":`, `"executionId":`, `"spark.sql.execution.id":"`} {
		out = out[:0]
		for {
			at := bytes.Index(line, []byte(key))
			if at < 0 {
				break
			}
			at += len(key)
			end := at
			for end < len(line) && line[end] >= '0' && line[end] <= '9' {
				end++
			}
			n, _ := strconv.Atoi(string(line[at:end]))
			out = strconv.AppendInt(append(out, line[:at]...), int64(n+100*round), 10)
			line = line[end:]
		}
		line = append(bytes.Clone(out), line...)
	}
	return line
}
