package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/petalake/petalake/store"
)

// readOnly makes a folder one that nobody here can write to.
func readOnly(t *testing.T, root string) {
	t.Helper()
	if os.Geteuid() != 0 { // for whom the bits count
		if err := os.Chmod(root, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(root, 0o755) })
		return
	}
	err := syscall.Mount(root, root, "", syscall.MS_BIND, "")
	if err != nil {
		t.Skipf("not run, in CI neither: root needs the right to mount for a folder it cannot write to: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(root, syscall.MNT_DETACH) })
	if err := syscall.Mount("", root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("not run, in CI neither: a mount cannot be made read-only here: %v", err)
	}
}

// TestDiskReadOnly: what is there can be read by who may not write, and writing says why it failed.
func TestDiskReadOnly(t *testing.T) {
	for name, keys := range map[string][]string{"written before": {"t/_delta_log/0.json", "t/part.parquet"}, "empty": nil} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "lake")
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, key := range keys { // by others: there is no folder of temporary files
				path := filepath.Join(root, filepath.FromSlash(key))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(key), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			readOnly(t, root)
			d, err := store.OpenDisk(root)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for o, err := range d.List(t.Context(), "", "") {
				if err != nil {
					t.Fatal(err)
				}
				if got, err := store.ReadAll(t.Context(), d, o.Key); string(got) != o.Key || err != nil {
					t.Errorf("get %s: got %q, %v; want its key", o.Key, got, err)
				}
				n++
			}
			if n != len(keys) {
				t.Errorf("list: got %d objects, want %v", n, keys)
			}
			for _, cond := range []store.Cond{store.Always, store.IfAbsent} {
				err := store.PutBytes(t.Context(), d, "new", []byte("x"), cond)
				if !errors.Is(err, fs.ErrPermission) || errors.Is(err, store.ErrUnknown) {
					t.Errorf("put: got %v, want fs.ErrPermission", err)
				}
			}
			if len(keys) > 0 {
				if err := d.Delete(t.Context(), keys[1]); os.Geteuid() == 0 && !errors.Is(err, fs.ErrPermission) {
					t.Errorf("delete: got %v, want fs.ErrPermission", err)
				}
			}
		})
	}
}
