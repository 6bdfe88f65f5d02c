package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
)

// testOneWinner is the promise that commits rest on: of many that put one key if absent, one does.
func testOneWinner(t *testing.T, s store.Store) {
	const writers, rounds = 32, 5
	for round := range rounds {
		key := fmt.Sprintf("table/_delta_log/%020d.json", round)
		var results [writers]error
		var g errgroup.Group
		start := make(chan struct{})
		for w := range writers {
			g.Go(func() error {
				<-start
				results[w] = store.PutBytes(t.Context(), s, key, body(w), store.IfAbsent)
				return nil
			})
		}
		close(start)
		g.Wait()
		winner, unknown := -1, -1
		var lost *store.UnknownError // a server that gave no answer may have given the key
		for w, err := range results {
			switch {
			case err == nil && winner >= 0:
				t.Errorf("%s: got writers %d and %d both win, want one", key, winner, w)
			case err == nil:
				winner = w
			case errors.As(err, &lost) && unknown < 0:
				unknown = w
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("%s: writer %d got %v, want fs.ErrExist", key, w, err)
			}
		}
		if winner < 0 {
			winner = unknown
		}
		if winner < 0 {
			t.Fatalf("%s: got no winner, want one", key)
		}
		wantBody(t, s, key, string(body(winner)))
	}
}

// body is longer than one write of most implementations, and says whose it is throughout.
func body(writer int) []byte { return bytes.Repeat([]byte{'A' + byte(writer)}, 100_000+writer) }

// testWholeOrNothing reads and lists a key while it is overwritten.
func testWholeOrNothing(t *testing.T, s store.Store) {
	const key, writes = "folder/hot", 30
	if err := store.PutBytes(t.Context(), s, key, body(0), store.Always); err != nil {
		t.Fatalf("put: got %v, want no error", err)
	}
	done := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		defer close(done)
		for w := range writes {
			if err := store.PutBytes(t.Context(), s, key, body(w), store.Always); err != nil {
				return err
			}
		}
		return nil
	})
	for range 3 {
		g.Go(func() error {
			for {
				if err := wholeNow(t, s, key); err != nil {
					return err
				}
				select {
				case <-done:
					return nil
				default:
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func wholeNow(t *testing.T, s store.Store, key string) error {
	got, err := store.ReadAll(t.Context(), s, key)
	if err != nil {
		return fmt.Errorf("read during overwrites: got %w, want no error", err)
	}
	w := len(got) - 100_000
	if w < 0 || !bytes.Equal(got, body(w)) {
		return fmt.Errorf("read during overwrites: got %d bytes of several writes, want one write whole", len(got))
	}
	for o, err := range s.List(t.Context(), "folder/", "") {
		if err != nil || o.Key != key || o.Size < 100_000 {
			return fmt.Errorf("list during overwrites: got %+v, %v; want %s whole", o, err, key)
		}
	}
	return nil
}

var errBody = errors.New("the body cannot be read")

// brokenBody gives half of its bytes, then fails.
type brokenBody struct{ *strings.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	if b.Len() <= int(b.Size())/2 {
		return 0, errBody
	}
	return b.Reader.Read(p[:min(len(p), b.Len()-int(b.Size())/2)])
}

func (b brokenBody) ReadAt([]byte, int64) (int, error)  { return 0, errBody }
func (b brokenBody) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{b}) }

// testBrokenBody: a body that fails half way leaves nothing, and takes nothing away.
func testBrokenBody(t *testing.T, s store.Store) {
	broken := brokenBody{strings.NewReader(strings.Repeat("x", 1<<20))}
	err := s.Put(t.Context(), "new", broken, store.IfAbsent)
	wantErr(t, "put of a broken body", err, errBody)
	put(t, s, "old", "old body")
	err = s.Put(t.Context(), "old", broken, store.Always)
	wantErr(t, "overwrite by a broken body", err, errBody)
	wantBody(t, s, "old", "old body")
	wantKeys(t, s, "", "", []string{"old"})
}
