package petalake_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/sweep"
)

// workerFolder is set in the process that TestKill starts and kills.
const workerFolder = "PETALAKE_TEST_WORKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(workerFolder); dir != "" {
		if err := work(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if dir := os.Getenv(jobFolder); dir != "" {
		if err := runJob(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// work keeps a lakehouse up until it is killed.
func work(dir string) error {
	ctx := context.Background()
	lake, err := petalake.Open(ctx, petalake.Options{File: filepath.Join(dir, "lakehouse.yaml"), Memory: 256 << 20})
	if err != nil {
		return err
	}
	return lake.Run(ctx, petalake.Up{Every: time.Millisecond}, nil)
}

// TestKill kills ingesters at random moments, sometimes two beside each other, while files arrive.
// In the end every row is there once, in the table and in the models, and the tables are sound.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": `
lakehouse: x
tables:
  t: {columns: [{name: id, type: long}]} # as the first file that is loaded may be one with a bad row
sources:
  t: {path: raw/*.csv, on_error: quarantine}
models:
  total: {query: "select count(*) as n, sum(id)::bigint as s from t"}
  copied: {query: "select id from t", mode: incremental, incremental_on: t}
`,
	})
	// In twelve batches a kill meets each step of a load, most times.
	batches, perFile := sweep.Of(5, 12, 12), 100
	bad := 0
	for i := range batches {
		h.arrive(fmt.Sprintf("raw/%03d.csv", i), i*perFile, perFile, i%4 == 1)
		if i%4 == 1 {
			bad++
		}
		h.killSoon(random, 1+i%2)
	}
	lake := h.open()
	if _, err := h.up(lake); err != nil {
		t.Fatalf("seed %d: the run after the last kill: %v", seed, err)
	}
	n := batches * perFile
	want := fmt.Sprintf("%d|%d", n, n*(n-1)/2)
	expect(t, lake, "select count(*), sum(id)::bigint from t", want)
	expect(t, lake, "select count(*), sum(id)::bigint from copied", want)
	expect(t, lake, "from total", want)
	expect(t, lake, "select count(*) from _quarantine", fmt.Sprint(bad))
	checkAll(t, lake, "t", "total", "copied", "_quarantine")
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

// arrive writes a whole file at once, as a careful producer does: under another name first.
func (h *house) arrive(path string, first, count int, bad bool) {
	var text bytes.Buffer
	text.WriteString("id\n")
	for i := range count {
		fmt.Fprintln(&text, first+i)
	}
	if bad {
		text.WriteString("no number\n")
	}
	h.write(path+".part", text.String())
	full := filepath.Join(h.dir, path)
	if err := os.Rename(full+".part", full); err != nil {
		h.t.Fatal(err)
	}
}

// killSoon starts ingesters and kills them after a short while.
func (h *house) killSoon(random *rand.Rand, count int) {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	var running []*exec.Cmd
	var said bytes.Buffer
	for range count {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), workerFolder+"="+h.dir)
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			h.t.Fatal(err)
		}
		running = append(running, cmd)
	}
	time.Sleep(time.Duration(50+random.IntN(400)) * time.Millisecond)
	for _, cmd := range running {
		cmd.Process.Kill()
		cmd.Wait()
	}
	if said.Len() > 0 {
		h.t.Errorf("an ingester failed by itself: %s", said.String())
	}
}
