package servers

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/sweep"
)

// SparkHome is where the Spark for tests is, or the reason why there is none, such as -short. Those that this process starts
// from then on start quickly: see quicken.
func SparkHome() (local.Search, error) {
	if testing.Short() {
		return local.Search{}, errShort
	}
	tools, err := tools()
	if err != nil {
		return local.Search{}, err
	}
	found, _ := filepath.Glob(filepath.Join(tools, "venv", "lib", "python3*", "site-packages", "pyspark"))
	if len(found) == 0 {
		return local.Search{}, errors.New("pyspark is not installed: run scripts/tools python spark")
	}
	s := local.Search{Home: found[0], Cache: tools}
	if _, err = local.Find(context.Background(), s); err == nil {
		quicken(tools)
	}
	return s, err
}

// NeedSpark is SparkHome for a test, which skips where there is none, unless CI=true.
func NeedSpark(t testing.TB) local.Search {
	t.Helper()
	home, err := SparkHome()
	if err != nil {
		missing(t, err)
	}
	return home
}

// submitOptions is how bin/spark-submit of Spark is given options of Java.
const submitOptions = "SPARK_SUBMIT_OPTS"

// quicken has the Sparks that this process starts begin sooner, with less of the processor: their classes come from the
// archive that scripts/tools made, and Java's compiler does its first tier alone. By night Spark is as users have it.
func quicken(tools string) {
	quickened.Do(func() {
		if sweep.Thorough() || os.Getenv(submitOptions) != "" {
			return
		}
		options := "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
		if archive := filepath.Join(tools, "spark.jsa"); !strings.ContainsAny(archive, " \t\"'\\") {
			if _, err := os.Stat(archive); err == nil {
				options += " -XX:SharedArchiveFile=" + archive
			}
		}
		os.Setenv(submitOptions, options)
	})
}

var quickened sync.Once

// SparkOptions is how a test that starts petalake in an environment of its own has its Spark start as soon: a variable of
// the environment and its value, after SparkHome.
func SparkOptions() (name, value string) { return submitOptions, os.Getenv(submitOptions) }

// tools is the .tools folder of the repository.
func tools() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			if real, err := filepath.EvalSymlinks(filepath.Join(dir, ".tools")); err == nil {
				return real, nil // the name under which Spark's classes are archived
			}
			return filepath.Join(dir, ".tools"), nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("the test does not run inside the repository")
		}
		dir = up
	}
}

// StartSpark starts a Spark Connect server with Delta on a lake in a folder, with 1 GB of heap. It is
// for TestMain, where Spark is for one test. Stop ends it, with all that runs on it.
func StartSpark(lake string) (s local.Server, stop func(), err error) {
	home, err := SparkHome()
	if err != nil {
		return s, nil, err
	}
	state, err := os.MkdirTemp("", "petalake-spark-")
	if err != nil {
		return s, nil, err
	}
	s, _, err = local.Start(context.Background(), local.Options{
		Search: home, State: state, Lake: local.Lake{Root: lake, Cores: 2, Memory: "1g"},
	}, nil)
	if err != nil {
		os.RemoveAll(state)
		return s, nil, err
	}
	return s, func() {
		syscall.Kill(-s.PID, syscall.SIGKILL) // it has a group of its own
		os.RemoveAll(state)
	}, nil
}

// Spark starts a Spark Connect server with Delta on a lake in a folder, until the test ends.
func Spark(t testing.TB, lake string) local.Server {
	t.Helper()
	s, stop, err := StartSpark(lake)
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(stop)
	return s
}

// Sail starts Sail, a server of Spark Connect that is not Spark, until the test ends, and returns its address.
func Sail(t testing.TB) string {
	t.Helper()
	leftOut(t)
	address, stop, err := StartSail()
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(stop)
	return address
}

// StartSail is Sail for TestMain.
func StartSail() (address string, stop func(), err error) {
	dir, err := tools()
	if err != nil {
		return "", nil, err
	}
	program := filepath.Join(dir, "venv", "bin", "sail")
	if _, err := os.Stat(program); err != nil {
		return "", nil, errors.New("sail is not installed: run scripts/tools python")
	}
	l, err := listen()
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	port := address[len("127.0.0.1:"):]
	l.Close()
	var output log
	cmd := exec.Command(program, "spark", "server", "--ip", "127.0.0.1", "--port", port)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop = func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		session, err := spark.Open(ctx, spark.Options{Address: address})
		if err == nil {
			session.Close()
			return address, stop, nil
		}
		select {
		case <-ended:
			return "", nil, errors.New("sail ended before it answered:\n" + output.String())
		case <-ctx.Done():
			stop()
			return "", nil, errors.New("sail did not answer within a minute:\n" + output.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// missing ends a test that has not what it needs: a failure where everything must be there.
func missing(t testing.TB, err error) {
	t.Helper()
	leftOut(t)
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// SparkForLakes lets lakes whose Spark is one of this machine find that of the tests, until the test
// ends. Their servers have to be stopped.
func SparkForLakes(t testing.TB) {
	t.Helper()
	home := NeedSpark(t)
	cache := t.TempDir()
	if err := os.MkdirAll(filepath.Join(cache, "petalake", "spark"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(home.Cache, "jars"), filepath.Join(cache, "petalake", "spark", "jars")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("SPARK_HOME", home.Home)
}
