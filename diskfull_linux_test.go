package petalake_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/petalake/petalake"
)

// TestDiskFull fills the disk that the lake is on, during a load and before one. Nothing becomes
// visible, and the run after space was freed goes on. It needs the right to mount.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": "lakehouse: x\nsources:\n  t: {path: raw/*.csv}\nenvironments:\n  local: {storage: small/lake}\n",
		"raw/1.csv":      "a\nx\n",
	})
	small := filepath.Join(h.dir, "small")
	if err := os.Mkdir(small, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("petalake", small, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(small, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	lake := h.open()
	h.mustUp(lake, "source t: built 1")
	random := rand.New(rand.NewPCG(1, 1))
	var big strings.Builder
	big.WriteString("a\n")
	for range 200_000 {
		fmt.Fprintf(&big, "%016x%016x%016x\n", random.Uint64(), random.Uint64(), random.Uint64())
	}
	h.write("raw/2.csv", big.String())
	full := func() {
		t.Helper()
		_, err := h.up(lake)
		var failed *petalake.LoadError
		if !errors.As(err, &failed) || !strings.Contains(failed.Hint(), "free space") {
			t.Fatalf("a full disk: got %v, want an error of source t with the hint to free space", err)
		}
		expect(t, lake, "from t", "x")
		checkAll(t, lake, "t")
	}
	full()
	h.write("raw/2.csv", "a\ny\n")
	h.write("small/fill", strings.Repeat("x", 1<<20))
	grow(t, filepath.Join(small, "fill"))
	full()
	if err := os.Remove(filepath.Join(small, "fill")); err != nil {
		t.Fatal(err)
	}
	h.mustUp(lake, "source t: built 1")
	expect(t, lake, "from t order by a", "x", "y")
	checkAll(t, lake, "t")
}

// grow lets a file take all space that is left.
func grow(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
