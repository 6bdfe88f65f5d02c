package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// sparkStart measures `petalake spark start`, until Spark is ready, beside the bare server with the same
// Delta, until it answers the same client.
func (b *bench) sparkStart() error {
	home, err := servers.SparkHome()
	if err != nil {
		return err
	}
	found, err := local.Find(context.Background(), home)
	if err != nil {
		return err
	}
	contenders := []contender{
		{name: "petalake spark start", apart: true, run: func() (figure, error) { return b.oursStarts(home) }},
		{name: "spark-submit of the bare server", apart: true, target: 0.9, run: func() (figure, error) { return b.bareStarts(found) }},
	}
	figures, err := race(b.runs, contenders)
	if err != nil {
		return err
	}
	report("From nothing to a Spark Connect server that answers", contenders, figures)
	return nil
}

// oursStarts starts the Spark of a new lake by the command, in a cache folder of its own.
func (b *bench) oursStarts(home local.Search) (figure, error) {
	dir, err := os.MkdirTemp(b.dir, "start-")
	if err != nil {
		return figure{}, err
	}
	defer os.RemoveAll(dir)
	cache := filepath.Join(dir, "cache", "petalake", "spark")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return figure{}, err
	}
	if err := os.Symlink(filepath.Join(home.Cache, "jars"), filepath.Join(cache, "jars")); err != nil {
		return figure{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "lakehouse.yaml"), []byte("lakehouse: bench\n"), 0o644); err != nil {
		return figure{}, err
	}
	for key, value := range map[string]string{"XDG_CACHE_HOME": filepath.Join(dir, "cache"), "SPARK_HOME": home.Home} {
		if err := os.Setenv(key, value); err != nil {
			return figure{}, err
		}
	}
	f, err := process(dir, b.binary, "spark", "start")
	if _, stopping := process(dir, b.binary, "spark", "stop"); err == nil {
		err = stopping
	}
	return f, err
}

// bareStarts starts Spark's own server, with no more than it needs for Delta.
func (b *bench) bareStarts(home local.Home) (figure, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return figure{}, err
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(home.Submit(), "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[*]", "--driver-memory", "2g",
		"--jars", strings.Join(home.Jars, ","), "--conf", "spark.ui.enabled=false", "--conf", "spark.connect.grpc.binding.port="+port,
		"--conf", "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
		"--conf", "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog", "spark-internal")
	cmd.Env = home.Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return figure{}, err
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	for time.Since(begin) < 2*time.Minute {
		if session, err := spark.Open(context.Background(), spark.Options{Address: address}); err == nil {
			f := figure{wall: time.Since(begin)}
			return f, session.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return figure{}, fmt.Errorf("the bare server did not answer within two minutes")
}
