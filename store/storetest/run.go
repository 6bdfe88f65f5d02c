package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/store"
)

// Run holds a driver to the contract of store.Store. Open gives an empty store for each subtest.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"RoundTrip":      testRoundTrip,
		"Ranges":         testRanges,
		"Missing":        testMissing,
		"Overwrite":      testOverwrite,
		"IfAbsent":       testIfAbsent,
		"BodyRewound":    testBodyRewound,
		"OneWinner":      testOneWinner,
		"WholeOrNothing": testWholeOrNothing,
		"BrokenBody":     testBrokenBody,
		"StrangeKeys":    testStrangeKeys,
		"InvalidKeys":    testInvalidKeys,
		"ListOrder":      testListOrder,
		"ListFrom":       testListFrom,
		"ListModel":      testListModel,
		"ListMany":       testListMany,
		"ListStops":      testListStops,
		"Delete":         testDelete,
		"FolderReuse":    testFolderReuse,
		"Big":            testBig,
		"Cancelled":      testCancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t testing.TB, s store.Store, key, body string) {
	t.Helper()
	if err := store.PutBytes(t.Context(), s, key, []byte(body), store.IfAbsent); err != nil {
		t.Fatalf("put %q: got %v, want no error", key, err)
	}
}

func wantBody(t testing.TB, s store.Store, key, want string) {
	t.Helper()
	got, err := store.ReadAll(t.Context(), s, key)
	if err != nil || string(got) != want {
		t.Fatalf("read %q: got %.60q, %v; want %.60q", key, got, err, want)
	}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want one that wraps %v", what, got, want)
	}
}

func keys(t testing.TB, s store.Store, prefix, start string) []string {
	t.Helper()
	var got []string
	for o, err := range s.List(t.Context(), prefix, start) {
		if err != nil {
			t.Fatalf("list %q from %q: got %v, want no error", prefix, start, err)
		}
		got = append(got, o.Key)
	}
	return got
}

func wantKeys(t testing.TB, s store.Store, prefix, start string, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, keys(t, s, prefix, start)); diff != "" {
		t.Errorf("list %q from %q (-want +got):\n%s", prefix, start, diff)
	}
}

func testRoundTrip(t *testing.T, s store.Store) {
	for key, body := range map[string]string{"a": "x", "empty": "", "deep/er/and/deeper/file.parquet": "PAR1"} {
		put(t, s, key, body)
		wantBody(t, s, key, body)
		o, err := store.Stat(t.Context(), s, key)
		if err != nil || o.Key != key || o.Size != int64(len(body)) || o.Modified.IsZero() {
			t.Errorf("stat %q: got %+v, %v; want size %d and a time", key, o, err, len(body))
		}
	}
}

func testRanges(t *testing.T, s store.Store) {
	const body = "0123456789"
	put(t, s, "digits", body)
	put(t, s, "empty", "")
	for _, c := range []struct {
		key    string
		off, n int64
		want   string
	}{
		{"digits", 0, -1, body}, {"digits", 0, 10, body}, {"digits", 0, 3, "012"}, {"digits", 3, 4, "3456"},
		{"digits", 8, 100, "89"}, {"digits", 9, 1, "9"}, {"digits", 4, -1, "456789"}, {"digits", 2, 0, ""},
		{"digits", 10, -1, ""}, {"digits", 10, 5, ""}, {"digits", 99, 5, ""}, {"digits", 1, 1 << 62, "123456789"},
		{"digits", -3, 0, "789"}, {"digits", -3, -1, "789"}, {"digits", -10, 2, body}, {"digits", -99, 0, body},
		{"digits", -1 << 63, 0, body},
		{"empty", 0, -1, ""}, {"empty", 0, 0, ""}, {"empty", 5, 5, ""}, {"empty", -5, 0, ""},
	} {
		r, err := s.Get(t.Context(), c.key, c.off, c.n)
		if err != nil {
			t.Errorf("get %s off %d n %d: got %v, want no error", c.key, c.off, c.n, err)
			continue
		}
		got, err := io.ReadAll(r)
		if string(got) != c.want || err != nil {
			t.Errorf("get %s off %d n %d: got %q, %v; want %q", c.key, c.off, c.n, got, err, c.want)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close %s: got %v, want no error", c.key, err)
		}
	}
}

func testMissing(t *testing.T, s store.Store) {
	put(t, s, "folder/file", "x")
	for _, key := range []string{"no", "folder", "folder/fil", "folder/file2", "no/folder/at/all", "folder/file/below"} {
		for _, n := range []int64{-1, 0, 5} {
			_, err := s.Get(t.Context(), key, 0, n)
			wantErr(t, "get "+key, err, fs.ErrNotExist)
		}
		_, err := store.Stat(t.Context(), s, key)
		wantErr(t, "stat "+key, err, fs.ErrNotExist)
	}
	wantKeys(t, s, "no", "", nil)
	wantKeys(t, s, "no/", "", nil)
	wantKeys(t, s, "folder/file/", "", nil)
}

func testOverwrite(t *testing.T, s store.Store) {
	for _, body := range []string{"a long first body", "short", ""} {
		if err := store.PutBytes(t.Context(), s, "folder/key", []byte(body), store.Always); err != nil {
			t.Fatalf("put: got %v, want no error", err)
		}
		wantBody(t, s, "folder/key", body)
	}
	wantKeys(t, s, "", "", []string{"folder/key"})
}

func testIfAbsent(t *testing.T, s store.Store) {
	put(t, s, "log/0", "first")
	err := store.PutBytes(t.Context(), s, "log/0", []byte("second"), store.IfAbsent)
	wantErr(t, "second put", err, fs.ErrExist)
	if errors.Is(err, store.ErrUnknown) {
		t.Errorf("second put: got the unknown outcome %v, want a plain fs.ErrExist", err)
	}
	wantBody(t, s, "log/0", "first")
	if err := s.Delete(t.Context(), "log/0"); err != nil {
		t.Fatalf("delete: got %v, want no error", err)
	}
	put(t, s, "log/0", "third")
	wantBody(t, s, "log/0", "third")
}

func testBodyRewound(t *testing.T, s store.Store) {
	body := bytes.NewReader([]byte("whole body"))
	if _, err := body.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "key", body, store.IfAbsent); err != nil {
		t.Fatalf("put: got %v, want no error", err)
	}
	wantBody(t, s, "key", "whole body")
}

func testStrangeKeys(t *testing.T, s store.Store) {
	strange := []string{
		"a b/c  d", "plus+sign", "percent%20/100%/%2F%", "tilde~!*'()", "quo\"te's", "amp&lt<gt>", "equals=x/p=__HIVE__",
		"Zürich/東京/🏔", "e\u0301 is not \u00e9", "question?mark#hash", "back\\slash", "semi;colon:at@,$", "...", "..a/.b", "a./b..",
		".tmpx/y", "x/.tmp/y", "{a}[b]^`|", " lead and trail ", strings.Repeat("s", 255) + "/" + strings.Repeat("d", 255),
	}
	for _, key := range strange {
		put(t, s, key, "body of "+key)
	}
	for _, key := range strange {
		wantBody(t, s, key, "body of "+key)
		wantKeys(t, s, key, "", []string{key})
	}
	slices.Sort(strange)
	wantKeys(t, s, "", "", strange)
	if err := s.Delete(t.Context(), strange...); err != nil {
		t.Fatalf("delete: got %v, want no error", err)
	}
	wantKeys(t, s, "", "", nil)
}

func testInvalidKeys(t *testing.T, s store.Store) {
	invalid := []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a/./b", "\x00", "a\nb", "\xff", ".tmp", ".tmp/a",
		strings.Repeat("x", 256), strings.Repeat("x/", 600) + "x",
	}
	for _, key := range invalid {
		_, err := s.Get(t.Context(), key, 0, -1)
		wantErr(t, "get", err, fs.ErrInvalid)
		wantErr(t, "put", store.PutBytes(t.Context(), s, key, nil, store.Always), fs.ErrInvalid)
		wantErr(t, "delete", s.Delete(t.Context(), key), fs.ErrInvalid)
	}
	for _, prefix := range []string{"/", "../", "..", ".tmp/", "a//", "./", "\x00", "\xff"} {
		wantKeys(t, s, prefix, "", nil)
	}
	wantKeys(t, s, "", "", nil)
}

func testDelete(t *testing.T, s store.Store) {
	var want []string
	for _, key := range []string{"a/1", "a/2", "a/b/1", "a/b/2", "c"} {
		put(t, s, key, key)
		want = append(want, key)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Errorf("delete of nothing: got %v, want no error", err)
	}
	if err := s.Delete(t.Context(), "a/2", "absent", "a", "absent/too", "a/b/1", "a/2"); err != nil {
		t.Errorf("delete: got %v, want no error", err)
	}
	wantKeys(t, s, "", "", []string{want[0], want[3], want[4]})
}

func testFolderReuse(t *testing.T, s store.Store) {
	put(t, s, "a/b/c", "deep")
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatalf("delete: got %v, want no error", err)
	}
	put(t, s, "a", "what was a folder")
	wantBody(t, s, "a", "what was a folder")
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatalf("delete: got %v, want no error", err)
	}
	put(t, s, "a/b/c", "deep again")
	wantBody(t, s, "a/b/c", "deep again")
}

func testBig(t *testing.T, s store.Store) {
	body := noise(20<<20 + 17)
	if err := s.Put(t.Context(), "big", bytes.NewReader(body), store.IfAbsent); err != nil {
		t.Fatalf("put: got %v, want no error", err)
	}
	got, err := store.ReadAll(t.Context(), s, "big")
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("read: got %d bytes, %v; want the %d bytes put", len(got), err, len(body))
	}
	err = s.Put(t.Context(), "big", bytes.NewReader(body[1:]), store.IfAbsent)
	wantErr(t, "second put", err, fs.ErrExist)
	r, err := s.Get(t.Context(), "big", 10<<20, 1000)
	if err != nil {
		t.Fatalf("get: got %v, want no error", err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body[10<<20:10<<20+1000]) {
		t.Errorf("range: got %d bytes, %v; want 1000 bytes from the middle", len(got), err)
	}
}

// noise is bytes that do not repeat, the same each time.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func testCancelled(t *testing.T, s store.Store) {
	put(t, s, "there", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, "there", 0, -1)
	wantErr(t, "get", err, context.Canceled)
	wantErr(t, "put", store.PutBytes(ctx, s, "new", nil, store.IfAbsent), context.Canceled)
	wantErr(t, "delete", s.Delete(ctx, "there"), context.Canceled)
	err = nil
	for _, err = range s.List(ctx, "", "") {
	}
	wantErr(t, "list", err, context.Canceled)
	wantKeys(t, s, "", "", []string{"there"})
}
