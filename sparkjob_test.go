package petalake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

const programs = `
lakehouse: x
sources:
  orders: {path: orders.csv, table: bronze.orders}
jobs:
  steps: {pyspark: jobs/frame.py, py_files: jobs/few.py, args: [10], writes: gold.totals, memory: 1GiB, cores: 2}
  jar: {jar: jobs/count.jar, class: Count, args: ["${env:GREETING}"], memory: 1GiB, cores: 2}
  stream: {pyspark: jobs/stream.py, streaming: true, writes: silver.events, memory: 1GiB, cores: 2, backoff: 1ms}
  wrong: {pyspark: jobs/wrong.py, retries: 1, backoff: 1ms}
  slow: {pyspark: jobs/slow.py, timeout: 6s}
  gone: {pyspark: jobs/gone.py}
`

// totalsProgram is a DataFrame program. It waits in the middle for the test to kill petalake.
const totalsProgram = `
import os, sys, time
from pyspark.sql import SparkSession, functions as F
from few import above
spark = SparkSession.builder.appName("frame").getOrCreate()
orders = above(spark.table("bronze.orders"), int(sys.argv[1]))
open("begun", "a").write(os.environ["PETALAKE_ATTEMPT_ID"] + "\n")
while not os.path.exists("go"):
    time.sleep(0.05)
totals = orders.groupBy("shop").agg(F.sum("amount").alias("amount"))
totals.write.mode("append").saveAsTable("gold.totals")
print("wrote", spark.table("gold.totals").count(), "totals")
`

const stream = `
import os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
query = (spark.readStream.schema("id int").json("arrivals")
    .writeStream.option("checkpointLocation", os.environ["PETALAKE_CHECKPOINT"]).trigger(availableNow=True)
    .toTable("silver.events"))
query.awaitTermination()
`

const count = `
import org.apache.spark.sql.SparkSession;
public class Count {
    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        String lake = System.getenv("PETALAKE_LAKE");
        long n = spark.read().format("delta").load(lake + "/bronze/orders").count();
        spark.sql("select " + n + "L as n, '" + args[0] + "' as greeting").write().format("delta").save(lake + "/gold/counts");
        System.out.println("counted " + spark.sql("select * from delta.` + "`\" + lake + \"/gold/counts`" + `").count());
        spark.stop();
    }
}
`

// TestPrograms runs a PySpark program, a jar and a stream on Spark, kills petalake in the middle, and has
// programs fail in the ways they do.
func TestPrograms(t *testing.T) {
	servers.SparkForLakes(t)
	t.Setenv("GREETING", "hello")
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": programs, "orders.csv": "shop,amount\na,10\nb,20\nb,30\n", "jobs/frame.py": totalsProgram, "jobs/stream.py": stream,
		"jobs/few.py":      "def above(orders, n):\n    return orders.where(orders.amount > n)\n",
		"jobs/wrong.py":    "import sys\nprint('about to fail')\nsys.exit(7)\n",
		"jobs/slow.py":     "import time\nprint('asleep')\ntime.sleep(600)\n",
		"jobs/gone.py":     "",
		"arrivals/a.json":  "{\"id\": 1}\n{\"id\": 2}\n",
		"jobs/Count.java":  count,
		"jobs/placeholder": "",
	})
	compile(t, filepath.Join(h.dir, "jobs"))
	lake := h.open()
	if _, err := h.loadAll(lake); err != nil {
		t.Fatal(err)
	}
	t.Run("frame", func(t *testing.T) { killedProgram(t, h, lake) })
	t.Run("jar", func(t *testing.T) {
		run, log := runProgram(t, lake, "jar", job.Succeeded)
		if !strings.Contains(log, "counted 1") {
			t.Errorf("run %s: log: %s", run.ID(), log)
		}
		expect(t, lake, "FROM gold.counts", "3|hello")
	})
	t.Run("stream", func(t *testing.T) { restartedStream(t, h, lake) })
	t.Run("fails", func(t *testing.T) { failingPrograms(t, h, lake) })
	checkAll(t, lake, "bronze.orders", "gold.totals", "gold.counts", "silver.events")
}

// loadAll loads the sources, without the jobs that are due.
func (h *house) loadAll(lake *petalake.Lake) (petalake.Event, error) {
	return lake.Load(context.Background(), petalake.Load{Table: spec.TableName{Schema: "bronze", Table: "orders"}, Paths: []string{filepath.Join(h.dir, "orders.csv")}}, nil)
}

// compile makes a jar of the Java program.
func compile(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("javac"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("javac is missing")
	}
	jars := filepath.Join(os.Getenv("SPARK_HOME"), "jars", "*")
	for _, args := range [][]string{
		{"javac", "--release", "17", "-cp", jars, "-d", filepath.Join(dir, "classes"), filepath.Join(dir, "Count.java")},
		{"jar", "--create", "--file", filepath.Join(dir, "count.jar"), "-C", filepath.Join(dir, "classes"), "."},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// runProgram runs a job to its end, and gives what it said.
func runProgram(t *testing.T, lake *petalake.Lake, name string, want job.State) (job.Run, string) {
	t.Helper()
	run, err := lake.CreateJob(t.Context(), name, nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	run, err = lake.DriveJob(t.Context(), run, nil)
	var log strings.Builder
	if err := lake.JobLog(t.Context(), &log, run, 0); err != nil {
		t.Error(err)
	}
	if run.State != want || (err == nil) != (want == job.Succeeded) {
		t.Fatalf("job %s: got %s, %v, want %s\n%s", name, run.State, err, want, log.String())
	}
	return run, log.String()
}

// killedProgram kills petalake while its program runs. The next petalake waits for the same process.
func killedProgram(t *testing.T, h *house, lake *petalake.Lake) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), jobFolder+"="+h.dir)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(h.dir, "begun")); err == nil {
			break
		}
		if time.Since(began) > 2*time.Minute {
			cmd.Process.Kill()
			t.Fatalf("the program does not begin: %s", said.String())
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	run, err := lake.JobRun(t.Context(), "steps")
	if err != nil || run.State != job.Running {
		t.Fatalf("after the kill: got %s, %v, want a run that goes on", run.State, err)
	}
	if orphan, err := lake.Rooms().Runs.Orphan(t.Context(), run); !orphan || err != nil {
		t.Errorf("got %v, %v, want a run that nobody looks after", orphan, err)
	}
	h.write("go", "")
	run, err = lake.DriveJob(t.Context(), run, nil)
	if err != nil || run.Attempt != 1 || run.Writes["gold.totals"] != 0 {
		t.Fatalf("got %s after %d attempts, %v, want the attempt that was under way", run.State, run.Attempt, err)
	}
	if begun, err := os.ReadFile(filepath.Join(h.dir, "begun")); err != nil || string(begun) != "steps-1-1\n" {
		t.Errorf("the program began as %q, %v, want once", begun, err)
	}
	expect(t, lake, "FROM gold.totals", "b|50")
	var log strings.Builder
	if err := lake.JobLog(t.Context(), &log, run, 1); err != nil || !strings.Contains(log.String(), "wrote 1 totals") {
		t.Errorf("log: %v\n%s", err, log.String())
	}
}

// restartedStream: petalake up begins a stream again when it ends, where it left off. The stream goes on when
// petalake ends, until somebody cancels it.
func restartedStream(t *testing.T, h *house, lake *petalake.Lake) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- lake.Run(ctx, petalake.Up{Every: 50 * time.Millisecond}, nil) }()
	for _, want := range []string{"2|3", "3|6"} {
		for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			got, err := query(lake, "SELECT count(*), sum(id)::bigint FROM silver.events")
			if err == nil && len(got) == 1 && got[0] == want {
				break
			}
			if time.Since(began) > 3*time.Minute {
				t.Fatalf("got %q, %v, want %s", got, err, want)
			}
		}
		h.write("arrivals/b.json", "{\"id\": 3}\n")
	}
	stop()
	<-ended
	run, err := lake.JobRun(t.Context(), "stream")
	if err != nil || run.Number < 2 {
		t.Fatalf("got run %d, %v, want at least two", run.Number, err)
	}
	if run.State.Ended() {
		return
	}
	if run, err = lake.CancelJob(t.Context(), run); err != nil || !run.State.Ended() {
		t.Errorf("got %s, %v, want an end", run.State, err)
	}
}

// failingPrograms: a sentence says what went wrong.
func failingPrograms(t *testing.T, h *house, lake *petalake.Lake) {
	run, log := runProgram(t, lake, "wrong", job.Failed)
	if want := "job wrong: run wrong/1 failed after 2 attempts: it ended with exit code 7; its log ends with:\nabout to fail"; (&petalake.JobError{Run: run}).Error() != want {
		t.Errorf("got %v, want %s", &petalake.JobError{Run: run}, want)
	}
	if !strings.Contains(log, "about to fail") || run.Outcome.Exit != 7 {
		t.Errorf("got exit code %d and the log %s", run.Outcome.Exit, log)
	}
	run, _ = runProgram(t, lake, "slow", job.TimedOut)
	if want := "job slow: run slow/1 timed out: it took longer than 6s, its timeout"; (&petalake.JobError{Run: run}).Error() != want {
		t.Errorf("got %v, want %s", &petalake.JobError{Run: run}, want)
	}
	if err := os.Remove(filepath.Join(h.dir, "jobs/gone.py")); err != nil {
		t.Fatal(err)
	}
	run, _ = runProgram(t, lake, "gone", job.Failed)
	if want := "job gone: run gone/1 failed: no file jobs/gone.py: write it, or name another in lakehouse.yaml"; (&petalake.JobError{Run: run}).Error() != want {
		t.Errorf("got %v, want %s", &petalake.JobError{Run: run}, want)
	}
	run, err := lake.CreateJob(t.Context(), "slow", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	run, err = lake.DriveJob(t.Context(), run, func(r job.Run) {
		if r.Handle != "" && !r.Asked {
			if _, err := lake.CancelJob(t.Context(), r); err != nil {
				t.Error(err)
			}
		}
	})
	if !errors.As(err, new(*petalake.JobError)) || run.State != job.Cancelled {
		t.Errorf("got %s, %v, want cancelled", run.State, err)
	}
	if left, err := exec.Command("pgrep", "-f", filepath.Join(h.dir, "jobs/slow.py")).Output(); err == nil {
		t.Errorf("processes are left: %s", left)
	}
}

// jobOnSpark runs a job of SQL steps on Spark, then makes petalake forget that they were done, as if it had been killed
// before it could note them: the tables know, and nothing is done twice.
func jobOnSpark(t *testing.T, h *house, lake *petalake.Lake) {
	run, log := runProgram(t, lake, "tidy", job.Succeeded)
	if len(run.Steps) != 8 || run.Steps[3].Table != "silver.stock" || run.Steps[3].Engine != "spark" || len(run.Reads) == 0 || len(run.Writes) != 2 {
		t.Fatalf("got %+v\n%s", run.Steps, log)
	}
	state := func() string {
		return sparkRows(t, lake, "select sum(amount), count(*), (select amount from gold.stock) from silver.stock")
	}
	before := state()
	for _, keep := range []int{0, 3} { // steps whose note is left
		for n := 3 + keep; ; n++ {
			if err := os.Remove(filepath.Join(h.dir, "lake/_petalake/jobs/tidy/runs/0000000001", fmt.Sprintf("%06d.json", n))); err != nil {
				break
			}
		}
		again := h.open()
		run, err := again.JobRun(t.Context(), "tidy")
		if err == nil {
			run, err = again.DriveJob(t.Context(), run, nil)
		}
		if err != nil || run.State != job.Succeeded || run.Attempt != 2 || len(run.Steps) != 8 || !run.Steps[6].Before {
			t.Errorf("without the notes from step %d on: got %s, attempt %d, %v: %+v", keep+1, run.State, run.Attempt, err, run.Steps)
		}
		if after := state(); after != before {
			t.Errorf("without the notes from step %d on: got %s, want %s", keep+1, after, before)
		}
		again.Close()
	}
	checkAll(t, lake, "silver.stock", "gold.stock")
}

// jobWithoutSpark kills Spark in the middle of a job. It goes on, with another Spark, at the step that is not
// done.
func jobWithoutSpark(t *testing.T, lake *petalake.Lake) {
	run, err := lake.CreateJob(t.Context(), "outlives", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	killed := false
	run, err = lake.DriveJob(t.Context(), run, func(r job.Run) {
		if len(r.Steps) == 0 || killed {
			return
		}
		killed = true
		server, err := local.Running(lake.Rooms().Links.Server().State)
		if err != nil {
			t.Error(err)
			return
		}
		if err := syscall.Kill(-server.PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
	if err != nil || run.State != job.Succeeded || !killed || run.Attempt < 2 || len(run.Steps) != 3 {
		t.Fatalf("got %s after %d attempts, %v: %+v", run.State, run.Attempt, err, run.Steps)
	}
	duck, err := lake.On(t.Context(), "duckdb")
	if err != nil {
		t.Fatal(err)
	}
	if got := sparkRows(t, duck, "select count(*), sum(a)::bigint from silver.kept"); got != "4|10\n" {
		t.Errorf("got %s, want each step once", got)
	}
}
