package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/petalake/petalake/store"
)

// TestDiskFull fills a file system of one mebibyte.
func TestDiskFull(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("not run, in CI neither: a small file system needs the right to mount one (root): %v", err)
	}
	defer syscall.Unmount(root, syscall.MNT_DETACH)
	d, err := store.OpenDisk(filepath.Join(root, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutBytes(t.Context(), d, "old", []byte("old"), store.IfAbsent); err != nil {
		t.Fatal(err)
	}
	for key, cond := range map[string]store.Cond{"new/a": store.IfAbsent, "old": store.Always} {
		err := d.Put(t.Context(), key, bytes.NewReader(make([]byte, 2<<20)), cond)
		var hint interface{ Hint() string }
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, store.ErrUnknown) || !errors.As(err, &hint) {
			t.Errorf("put %s: got %v, want a plain ENOSPC with a hint", key, err)
		}
	}
	if got, err := store.ReadAll(t.Context(), d, "old"); string(got) != "old" || err != nil {
		t.Errorf("old: got %q, %v; want it as it was", got, err)
	}
	for o, err := range d.List(t.Context(), "", "") {
		if err != nil || o.Key != "old" {
			t.Errorf("list: got %v, %v; want only old", o, err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(root, "lake", ".tmp")); len(left) != 0 {
		t.Errorf("got temporary files %v, want the space given back", left)
	}
	if err := store.PutBytes(t.Context(), d, "small", []byte("fits"), store.IfAbsent); err != nil {
		t.Errorf("put after a full disk: got %v, want no error", err)
	}
}
