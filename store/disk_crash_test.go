package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/store"
)

const crashRoot = "PETALAKE_TEST_CRASH_ROOT"

// crashBody is long, and tells from any part of it whose it is and how long it should be.
func crashBody(key string) []byte { return bytes.Repeat([]byte(key+"\n"), 4096) }

// TestDiskKilled kills a writer with SIGKILL at many points. What it was told is written must be
// there whole, and whatever else is there must be whole too.
func TestDiskKilled(t *testing.T) {
	if root := os.Getenv(crashRoot); root != "" {
		writeForEver(t, root)
		return
	}
	root := filepath.Join(t.TempDir(), "lake")
	var acknowledged []string
	for round := range 8 {
		child := exec.Command(os.Args[0], "-test.run=^TestDiskKilled$", "-test.timeout=1m")
		child.Env = append(os.Environ(), crashRoot+"="+root, fmt.Sprintf("ROUND=%d", round))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 5+round*3 && lines.Scan(); n++ {
			acknowledged = append(acknowledged, strings.TrimPrefix(lines.Text(), "done "))
		}
		child.Process.Kill()
		for lines.Scan() { // acknowledged before the kill arrived
			if key, ok := strings.CutPrefix(lines.Text(), "done "); ok {
				acknowledged = append(acknowledged, key)
			}
		}
		child.Wait()
	}
	d, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) < 8*5 {
		t.Fatalf("got %d puts acknowledged, want at least %d", len(acknowledged), 8*5)
	}
	for _, key := range acknowledged {
		if _, err := store.Stat(t.Context(), d, key); err != nil {
			t.Errorf("acknowledged %s: got %v, want it there", key, err)
		}
	}
	for o, err := range d.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.ReadAll(t.Context(), d, o.Key)
		if err != nil || !bytes.Equal(got, crashBody(o.Key)) {
			t.Errorf("%s: got %d bytes, %v; want it whole", o.Key, len(got), err)
		}
	}
}

func writeForEver(t *testing.T, root string) {
	d, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		key := fmt.Sprintf("round%s/%d/file", os.Getenv("ROUND"), i)
		cond := store.Cond(i % 2)
		if err := store.PutBytes(t.Context(), d, key, crashBody(key), cond); err != nil {
			t.Fatal(err)
		}
		fmt.Println("done " + key)
	}
}
