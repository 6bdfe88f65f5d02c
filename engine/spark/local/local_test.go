package local_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// TestLife promises a server that two processes start at once is one server, that it has tables of
// Delta, that one that was killed is known to have died, and is followed by another.
func TestLife(t *testing.T) {
	home := servers.NeedSpark(t)
	lake := t.TempDir()
	o := local.Options{Search: home, State: t.TempDir(), Lake: local.Lake{Root: lake, Memory: "1g", Events: t.TempDir()}}
	t.Cleanup(func() { _ = local.Stop(context.Background(), o.State) })
	if _, err := local.Running(o.State); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before: got %v, want no server", err)
	}

	var both errgroup.Group
	var found [2]local.Server
	var began [2]bool
	for i := range found {
		both.Go(func() (err error) {
			found[i], began[i], err = local.Start(t.Context(), o, nil)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	s := found[0]
	if s.Process != found[1].Process || began[0] == began[1] {
		t.Fatalf("started twice at once: got %+v and %+v, began %v, want one server", found[0], found[1], began)
	}
	if err := s.Answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := spark.Open(t.Context(), spark.Options{Address: s.Address}); err == nil {
		t.Error("without the token: got in, want a refusal")
	}
	delta(t, s, lake)

	if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for s.Alive() {
		time.Sleep(10 * time.Millisecond)
	}
	var died *local.DiedError
	if _, err := local.Running(o.State); !errors.As(err, &died) || died.Hint() == "" {
		t.Fatalf("after kill -9: got %v, want that it died", err)
	}
	another, done, err := local.Ensure(t.Context(), o, nil)
	if err != nil || another.PID == s.PID {
		t.Fatalf("after kill -9: got %+v, %v, want another server", another, err)
	}
	done()
	if err := local.Stop(t.Context(), o.State); err != nil || another.Alive() {
		t.Errorf("stop: got %v, alive %t", err, another.Alive())
	}
	if err := local.Stop(t.Context(), o.State); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stop again: got %v, want no server", err)
	}
}

// delta promises that a table made by name is a table of Delta in the folder of its schema, and that
// files of the machine are no tables.
func delta(t *testing.T, s local.Server, lake string) {
	t.Helper()
	session, err := spark.Open(t.Context(), spark.Options{Address: s.Address, Token: s.Token})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, sql := range []string{"CREATE SCHEMA bronze LOCATION '" + lake + "/bronze'", "CREATE TABLE bronze.t AS SELECT 1 AS a"} {
		r, err := session.Query(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		r.Release()
	}
	if found, _ := os.ReadDir(lake + "/bronze/t/_delta_log"); len(found) == 0 {
		names, _ := os.ReadDir(lake)
		t.Errorf("there is no log in bronze/t; the lake has %v", names)
	}
	if _, err := session.Query(t.Context(), "SELECT * FROM text.`/etc/passwd`"); err == nil {
		t.Error("a file of the machine by its path: got rows, want an error")
	}
}

// TestNoStart promises a clear reason where a server cannot start.
func TestNoStart(t *testing.T) {
	home := servers.NeedSpark(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	for want, o := range map[string]local.Options{
		"is taken": {Search: home, Port: port},
		"its memory is written in a way that Java does not know": {Search: home, Lake: local.Lake{Memory: "2x"}},
	} {
		o.State, o.Lake.Root = t.TempDir(), t.TempDir()
		_, _, err := local.Start(t.Context(), o, nil)
		var hinted interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &hinted) || hinted.Hint() == "" {
			t.Errorf("got %v, want %q with a hint", err, want)
		}
		if _, err := local.Running(o.State); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("afterwards: got %v, want no server", err)
		}
	}
}
