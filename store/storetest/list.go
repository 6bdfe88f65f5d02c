package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
)

// testListOrder has names that sort differently as names in a folder and as parts of keys.
func testListOrder(t *testing.T, s store.Store) {
	want := []string{
		"A", "a b/x", "a!", "a+/x", "a-b", "a.b/x", "a/b", "a/b-c/x", "a/b.c", "a/b0/x", "a/bc", "a0", "aa/x", "b/-", "b/a/b/c/d", "b/a0",
		"é", "é0/x", "東",
	}
	slices.Sort(want)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(want)) {
		put(t, s, want[i], "")
	}
	wantKeys(t, s, "", "", want)
	wantKeys(t, s, "a", "", within(want, "a", ""))
	wantKeys(t, s, "a/b", "", within(want, "a/b", ""))
	wantKeys(t, s, "a/", "a/b", within(want, "a/", "a/b"))
}

// within is what List should yield, by the words of its contract.
func within(all []string, prefix, start string) []string {
	var want []string
	for _, key := range all {
		if strings.HasPrefix(key, prefix) && key > start {
			want = append(want, key)
		}
	}
	return want
}

func testListFrom(t *testing.T, s store.Store) {
	var all []string
	for v := range 25 {
		all = append(all, fmt.Sprintf("t/_delta_log/%020d.json", v))
	}
	all = append(all, "t/_delta_log/_last_checkpoint", "t/part-0.parquet")
	for _, key := range all {
		put(t, s, key, "")
	}
	for _, start := range []string{
		"", "a", "t", "t/", "t/_delta_log", "t/_delta_log/", all[0], all[7], all[7][:20], all[7] + "x", all[24], "t/_delta_log/z",
		"t/_delta_log0", "t/q", "u",
	} {
		for _, prefix := range []string{"", "t", "t/", "t/_delta_log", "t/_delta_log/", "t/_delta_log/0", all[7], "t/part", "u"} {
			wantKeys(t, s, prefix, start, within(all, prefix, start))
		}
	}
}

// testListModel lists random keys by random prefixes and starts.
func testListModel(t *testing.T, s store.Store) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	segment := func() string {
		b := make([]byte, 1+r.IntN(2))
		for i := range b {
			b[i] = "a-.0=~ é"[r.IntN(7)]
		}
		if s := string(b); s != "." && s != ".." {
			return s
		}
		return "a"
	}
	key := func(file bool) string { // folders end in "~d", so that none is a file too
		k := ""
		for range r.IntN(3) {
			k += segment() + "~d/"
		}
		if file {
			return k + segment()
		}
		return k[:r.IntN(len(k)+1)]
	}
	set := map[string]bool{}
	for range 120 {
		k := key(true)
		if strings.HasSuffix(k, "~d") || set[k] {
			continue
		}
		set[k] = true
		put(t, s, k, "")
	}
	var all []string
	for k := range set {
		all = append(all, k)
	}
	slices.Sort(all)
	for range 150 {
		prefix, start := key(false), key(r.IntN(2) == 0)
		if got, want := keys(t, s, prefix, start), within(all, prefix, start); !slices.Equal(got, want) {
			t.Fatalf("seed %d: list %q from %q: got %q, want %q", seed, prefix, start, got, want)
		}
	}
}

// testListMany has more objects than one page of S3.
func testListMany(t *testing.T, s store.Store) {
	const n = 1100
	var want []string
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		key := fmt.Sprintf("many/%06d", i)
		want = append(want, key)
		g.Go(func() error { return store.PutBytes(t.Context(), s, key, nil, store.IfAbsent) })
	}
	if err := g.Wait(); err != nil {
		t.Fatalf("put: got %v, want no error", err)
	}
	wantKeys(t, s, "many/", "", want)
	if err := s.Delete(t.Context(), want[1:]...); err != nil {
		t.Fatalf("delete of %d: got %v, want no error", n-1, err)
	}
	wantKeys(t, s, "many/", "", want[:1])
}

func testListStops(t *testing.T, s store.Store) {
	for _, key := range []string{"a/1", "a/2", "b/1", "b/2"} {
		put(t, s, key, "")
	}
	for stop := 1; stop <= 4; stop++ {
		seen := 0
		for _, err := range s.List(t.Context(), "", "") {
			if err != nil {
				t.Fatalf("list: got %v, want no error", err)
			}
			if seen++; seen == stop {
				break
			}
		}
		if seen != stop {
			t.Errorf("list stopped after %d: got %d, want %d", stop, seen, stop)
		}
	}
}
