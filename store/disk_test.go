package store_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

func openDisk(t testing.TB) (*store.Disk, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "lake")
	d, err := store.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	return d, root
}

func TestDisk(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { d, _ := openDisk(t); return d })
}

func TestDiskWithoutUnnamedFiles(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { d, _ := openDisk(t); return d.Named() })
}

// temps is what is left in the folder of temporary files.
func temps(t testing.TB, root string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, ".tmp"))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestDiskTakesAFileByLink(t *testing.T) {
	for name, cond := range map[string]store.Cond{"always": store.Always, "if absent": store.IfAbsent} {
		t.Run(name, func(t *testing.T) {
			d, root := openDisk(t)
			staged := filepath.Join(t.TempDir(), "staged")
			if err := os.WriteFile(staged, []byte("rows"), 0o600); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-100 * time.Hour)
			if err := os.Chtimes(staged, old, old); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(staged)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.Seek(2, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if err := d.Put(t.Context(), "t/part.parquet", f, cond); err != nil {
				t.Fatal(err)
			}
			path, err := d.Path("t/part.parquet")
			if err != nil {
				t.Fatal(err)
			}
			was, _ := f.Stat()
			is, err := os.Stat(path)
			if err != nil || !os.SameFile(was, is) {
				t.Errorf("got a copy (%v), want a link", err)
			}
			if is.ModTime().Before(time.Now().Add(-time.Hour)) {
				t.Errorf("got the time of the staged file %v, want that of the put", is.ModTime())
			}
			if is.Mode().Perm()&0o044 == 0 {
				t.Errorf("got mode %v, want one others may read as far as the umask lets", is.Mode())
			}
			if left := temps(t, root); len(left) != 0 {
				t.Errorf("got temporary files %v, want none", left)
			}
		})
	}
}

func TestDiskCopiesAFileThatChangedItsName(t *testing.T) {
	d, _ := openDisk(t)
	staged := filepath.Join(t.TempDir(), "staged")
	f, err := os.Create(staged)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteString("mine")
	os.Remove(staged)
	if err := os.WriteFile(staged, []byte("of another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), "a", f, store.IfAbsent); err != nil {
		t.Fatal(err)
	}
	if got, err := store.ReadAll(t.Context(), d, "a"); string(got) != "mine" || err != nil {
		t.Errorf("got %q, %v; want the bytes of the open file", got, err)
	}
}

func TestDiskDoesNotFollowLinksOut(t *testing.T) {
	d, root := openDisk(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"dir": outside, "file": secret} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"dir/secret", "file"} {
		if b, err := store.ReadAll(t.Context(), d, key); err == nil {
			t.Errorf("get %s: got %q, want an error", key, b)
		}
	}
	for _, cond := range []store.Cond{store.Always, store.IfAbsent} {
		if err := store.PutBytes(t.Context(), d, "dir/new", []byte("x"), cond); err == nil {
			t.Errorf("put through a link: got no error, want one")
		}
	}
	if err := d.Delete(t.Context(), "dir/secret"); err == nil {
		t.Errorf("delete through a link: got no error, want one")
	}
	for o, err := range d.List(t.Context(), "", "") {
		t.Errorf("list: got %v, %v; want nothing", o, err)
	}
	for _, err := range d.List(t.Context(), "dir/", "") {
		if err == nil {
			t.Errorf("list through a link: got an object, want an error or nothing")
		}
	}
	if b, err := os.ReadFile(secret); string(b) != "secret" || err != nil {
		t.Errorf("the file outside: got %q, %v; want it untouched", b, err)
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("the folder outside: got %v, want the one file", entries)
	}
}

func TestDiskSweepsOldTemporaryFiles(t *testing.T) {
	d, root := openDisk(t)
	tmp := filepath.Join(root, ".tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"left": 25 * time.Hour, "live": time.Hour} {
		path := filepath.Join(tmp, name)
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	for o := range d.List(t.Context(), "", "") {
		t.Errorf("list: got %v, want no temporary file", o)
	}
	if err := store.PutBytes(t.Context(), d, "a", nil, store.IfAbsent); err != nil {
		t.Fatal(err)
	}
	if left := temps(t, root); len(left) != 1 || left[0].Name() != "live" {
		t.Errorf("got temporary files %v, want only the live one", left)
	}
}

func TestDiskKeyBesideFolder(t *testing.T) {
	d, _ := openDisk(t)
	for _, key := range []string{"a/b", "c"} {
		if err := store.PutBytes(t.Context(), d, key, nil, store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"a", "c/d"} {
		for _, cond := range []store.Cond{store.Always, store.IfAbsent} {
			if err := store.PutBytes(t.Context(), d, key, nil, cond); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("put %s: got %v, want fs.ErrInvalid", key, err)
			}
		}
	}
}

// TestDiskFoldersComeAndGo has writers make, and listings visit, the folders that deleters find
// empty.
func TestDiskFoldersComeAndGo(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "lake")
	var g errgroup.Group
	for w := range 4 {
		g.Go(func() error {
			d, err := store.OpenDisk(root) // its own, as another process would have
			if err != nil {
				return err
			}
			for i := range 50 {
				for _, err := range d.List(t.Context(), "", "") {
					if err != nil {
						return err
					}
				}
				key := fmt.Sprintf("p/q/%d-%d", w, i)
				if err := store.PutBytes(t.Context(), d, key, []byte("x"), store.IfAbsent); err != nil {
					return err
				}
				if err := d.Delete(t.Context(), key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 1 {
		t.Errorf("got %v, want nothing but the folder of temporary files", entries)
	}
}

// TestDiskBelowALink opens a lake through a link to the folder above it.
func TestDiskBelowALink(t *testing.T) {
	real, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	for round := range 2 { // the lake is made, then found
		d, err := store.OpenDisk(filepath.Join(link, "lake"))
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf("t/%d", round)
		staged, err := os.Create(filepath.Join(link, "staged"+fmt.Sprint(round)))
		if err != nil {
			t.Fatal(err)
		}
		defer staged.Close()
		if err := d.Put(t.Context(), key, staged, store.IfAbsent); err != nil {
			t.Fatal(err)
		}
		if err := store.PutBytes(t.Context(), d, key+"/of memory", nil, store.IfAbsent); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("put below an object: got %v, want fs.ErrInvalid", err)
		}
		if err := store.PutBytes(t.Context(), d, key+"-memory", nil, store.IfAbsent); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range d.List(t.Context(), "t/", "") {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 2*(round+1) {
			t.Errorf("list: got %d objects, want %d", n, 2*(round+1))
		}
		path, err := d.Path(key)
		if err != nil || path != filepath.Join(real, "lake", "t", fmt.Sprint(round)) {
			t.Errorf("path: got %s, %v; want it free of links, below %s", path, err, real)
		}
	}
}

// TestDiskFolderReplaced has another process move a folder away that this one has written to, and
// put another in its place: a key means what its path means now.
func TestDiskFolderReplaced(t *testing.T) {
	d, root := openDisk(t)
	put := func(key string) {
		t.Helper()
		if err := store.PutBytes(t.Context(), d, key, []byte(key), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	put("t/log/old")
	if err := os.Rename(filepath.Join(root, "t"), filepath.Join(root, "moved")); err != nil {
		t.Fatal(err)
	}
	if got, err := store.ReadAll(t.Context(), d, "t/log/old"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get what was moved: got %q, %v; want fs.ErrNotExist", got, err)
	}
	put("t/log/old")
	if err := os.RemoveAll(filepath.Join(root, "t")); err != nil {
		t.Fatal(err)
	}
	put("t/log/new")
	var got []string
	for o, err := range d.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	if want := []string{"moved/log/old", "t/log/new"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestDiskManyFolders writes to more folders than stay open, from several goroutines.
func TestDiskManyFolders(t *testing.T) {
	t.Parallel()
	d, _ := openDisk(t)
	var g errgroup.Group
	for w := range 4 {
		g.Go(func() error {
			for i := range 60 {
				key := fmt.Sprintf("%d/%d", i, w)
				if err := store.PutBytes(t.Context(), d, key, []byte(key), store.IfAbsent); err != nil {
					return err
				}
				if got, err := store.ReadAll(t.Context(), d, key); string(got) != key || err != nil {
					return fmt.Errorf("get %s: got %q, %w", key, got, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}
