package local_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// TestFull promises that a server whose heap does not suffice ends, and says why: one that goes on
// may never answer again.
func TestFull(t *testing.T) {
	home := servers.NeedSpark(t)
	o := local.Options{Search: home, State: t.TempDir(), Lake: local.Lake{Root: t.TempDir(), Memory: "600m"}}
	t.Cleanup(func() { _ = local.Stop(context.Background(), o.State) })
	s, _, err := local.Start(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	session, err := spark.Open(t.Context(), spark.Options{Address: s.Address, Token: s.Token})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		r, err := session.Query(ctx, "SELECT collect_list(id) FROM range(0, 100000000, 1, 1)")
		if err == nil {
			r.Release()
		}
		asked <- err
	}()
	for s.Alive() && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	if s.Alive() {
		t.Fatal("the server lives on without memory")
	}
	cancel()
	if err := <-asked; err == nil {
		t.Error("got rows, want an error")
	}
	var died *local.DiedError
	if _, err := local.Running(o.State); !errors.As(err, &died) || !strings.Contains(err.Error(), "heap was too small") {
		t.Errorf("afterwards: got %v, want that the heap was too small", err)
	}
}
