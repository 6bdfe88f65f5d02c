package job_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/petalake/petalake/job"
)

// TestLogOfAStream promises that what a process said, and was read, takes no room on the disk, and that
// the rest of it is still where it was.
func TestLogOfAStream(t *testing.T) {
	probe, err := os.Create(filepath.Join(t.TempDir(), "probe"))
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	if err := syscall.Fallocate(int(probe.Fd()), 3, 0, 4096); errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skip("this disk makes no holes")
	}
	p := processes(t, `i=0; while [ $i -lt 8 ]; do head -c 1048576 /dev/zero | tr '\0' "$i"; i=$((i+1)); done; echo the end`)
	handle := submit(t, p)
	await(t, p, handle, job.Over)
	var last []byte
	at := int64(0)
	for {
		b, err := p.Logs(t.Context(), handle, at)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			break
		}
		for i, c := range b { // no byte is lost before it is read
			if want := '0' + byte((at+int64(i))>>20); c != want && want < '8' {
				t.Fatalf("byte %d: got %q, want %q", at+int64(i), c, want)
			}
		}
		at, last = at+int64(len(b)), b
	}
	if !bytes.HasSuffix(last, []byte("the end\n")) || at != 8<<20+8 {
		t.Errorf("read %d bytes, which end with %q", at, last[max(0, len(last)-10):])
	}
	info, err := os.Stat(filepath.Join(p.Folder, "a-1-1", "log"))
	if err != nil {
		t.Fatal(err)
	}
	if held := info.Sys().(*syscall.Stat_t).Blocks * 512; info.Size() != at || held > 3<<20 {
		t.Errorf("the file has %d bytes and holds %d, want %d and less than 3 MiB", info.Size(), held, at)
	}
	if b, err := p.Logs(t.Context(), handle, at-100_000); err != nil || b[0] != '7' {
		t.Errorf("the end of it, again: got %q, %v", b[:min(len(b), 5)], err)
	}
}
