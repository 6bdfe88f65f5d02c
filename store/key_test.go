package store_test

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/petalake/petalake/store"
)

// FuzzCheckKey: a key that is let through names a file below any root, by one spelling only.
func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{
		"a", "flights/_delta_log/00000000000000000000.json", "", "/", "a/", "a//b", "../x", "a/..", "a/./b", ".tmp/x", ".tmp", ".tmpx", "...",
		"\x00", "a\\..\\b", "c:/x", "é/東", "\xff\xfe", "a\u2028b", strings.Repeat("x", 256),
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := store.CheckKey(key)
		if err != nil {
			if !errors.Is(err, fs.ErrInvalid) || !utf8.ValidString(err.Error()) || len(err.Error()) > 600 {
				t.Errorf("%q: got %v, want a short readable error that wraps fs.ErrInvalid", key, err)
			}
			return
		}
		if path.Clean(key) != key || !filepath.IsLocal(key) || !fs.ValidPath(key) || key == "." {
			t.Errorf("%q: got accepted, want a clean local path", key)
		}
		if strings.ContainsAny(key, "\x00\n\r\x7f") || strings.HasPrefix(key+"/", ".tmp/") || len(key) > 1024 {
			t.Errorf("%q: got accepted, want it refused", key)
		}
	})
}

// FuzzListDisk: whatever prefix and start are, Disk lists what Mem lists.
func FuzzListDisk(f *testing.F) {
	d, _ := openDisk(f)
	m := store.NewMem()
	for _, key := range []string{"a-b", "a/b", "a/b-/c", "a/b.c", "a0", "t/_delta_log/0", "t/_delta_log/1", "t/p=1/x", "t/p=10/x", "é"} {
		for _, s := range []store.Store{d, m} {
			if err := store.PutBytes(f.Context(), s, key, nil, store.IfAbsent); err != nil {
				f.Fatal(err)
			}
		}
	}
	for _, seed := range [][2]string{{"", ""}, {"a", "a/b"}, {"t/_delta_log/", "t/_delta_log/0"}, {"../", ""}, {"a/", "a-"}, {"é", "\xff"}, {"/", "\x00"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, prefix, start string) {
		list := func(s store.Store) (got []string) {
			for o, err := range s.List(t.Context(), prefix, start) {
				if err != nil {
					t.Fatalf("list %q from %q: got %v, want no error", prefix, start, err)
				}
				got = append(got, o.Key)
			}
			return got
		}
		if got, want := list(d), list(m); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("list %q from %q: got %q, want %q", prefix, start, got, want)
		}
	})
}
