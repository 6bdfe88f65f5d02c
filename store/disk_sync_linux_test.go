package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/petalake/petalake/store"
)

// TestDiskSyncOrder looks at the system calls of a put: bytes synced, then the name, then the
// folder, whether the name is new or taken. No kill can show a missing sync, only a power failure.
func TestDiskSyncOrder(t *testing.T) {
	if root := os.Getenv(crashRoot); root != "" {
		d, err := store.OpenDisk(root)
		if err != nil {
			t.Fatal(err)
		}
		keys, conds := []string{"new/absent", "new/always", "new/always"}, []store.Cond{store.IfAbsent, store.Always, store.Always}
		for i, key := range keys {
			if err := store.PutBytes(t.Context(), d, key, []byte("x"), conds[i]); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("not run, in CI neither: strace is not installed")
	}
	root, trace := filepath.Join(t.TempDir(), "lake"), filepath.Join(t.TempDir(), "trace")
	child := exec.Command(strace, "-f", "-y", "-e", "trace=fsync,linkat,renameat,renameat2", "-o", trace,
		os.Args[0], "-test.run=^TestDiskSyncOrder$")
	child.Env = append(os.Environ(), crashRoot+"="+root)
	if out, err := child.CombinedOutput(); err != nil {
		t.Skipf("not run, in CI neither: strace may not trace here: %v\n%s", err, out)
	}
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(calls), root, "LAKE")
	const file, folder = `fsync\(\d+<LAKE/(\.tmp/\w+|#\d+)>`, `fsync\(\d+<LAKE/new>`
	for name, call := range map[string]string{"absent": `linkat`, "always": `renameat2?`} {
		want := regexp.MustCompile(`(?s)` + file + `.*` + call + `\([^\n]*"` + name + `".*` + folder)
		if !want.MatchString(text) {
			t.Errorf("put %s: got these calls, want sync of the file, %s, sync of the folder:\n%s", name, call, text)
		}
	}
	if made := regexp.MustCompile(`(?s)fsync\(\d+<LAKE>.*"(absent|always)"`); !made.MatchString(text) {
		t.Errorf("got these calls, want the new folder's entry synced before a name in it:\n%s", text)
	}
}
