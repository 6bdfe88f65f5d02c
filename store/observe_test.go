package store_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/petalake/petalake/store"
)

func TestObserveCounts(t *testing.T) {
	var counts store.Counts
	s := store.Observe(store.NewMem(), counts.Add)
	ctx := t.Context()
	for _, key := range []string{"a", "b", "c"} {
		if err := store.PutBytes(ctx, s, key, []byte("0123456789"), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Get(ctx, "a", 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	if _, err := s.Get(ctx, "absent", 0, -1); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for range s.List(ctx, "", "a") {
	}
	if err := s.Delete(ctx, "a", "b"); err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string][2]int64{"put": {3, 30}, "get": {2, 3}, "list": {1, 0}, "delete": {1, 0}} {
		ops, bytes := counts.Of(method)
		if int64(ops) != want[0] || bytes != want[1] {
			t.Errorf("%s: got %d operations, %d bytes; want %d, %d", method, ops, bytes, want[0], want[1])
		}
	}
	all := counts.Ops()
	if got := all[len(all)-2].Objects; got != 2 {
		t.Errorf("list: got %d objects, want 2", got)
	}
	if got := all[4].Err; !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("get of an absent key: got %v reported, want fs.ErrNotExist", got)
	}
	counts.Reset()
	if n, _ := counts.Of("put"); n != 0 {
		t.Errorf("after Reset: got %d puts, want 0", n)
	}
}
