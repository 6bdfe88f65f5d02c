package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/store"
)

// counter is a source of numbers, one a chunk, up to limit.
type counter struct{ limit int }

func (c *counter) Next(_ context.Context, after ingest.Position) (ingest.Chunk, bool, error) {
	n := 0
	if after != nil {
		if err := json.Unmarshal(after, &n); err != nil {
			return ingest.Chunk{}, false, err
		}
	}
	if n >= c.limit {
		return ingest.Chunk{}, false, nil
	}
	next := json.RawMessage(fmt.Sprint(n + 1))
	return ingest.Chunk{From: after, To: next, Work: next}, true, nil
}

// bench is a lake with a pipeline that commits no rows, but notes what it loaded.
type bench struct {
	lake   store.Store
	source *counter
	loaded []string
	fail   error
}

func (b *bench) pipeline() *ingest.Pipeline {
	return &ingest.Pipeline{
		Name: "numbers", Lake: b.lake, Source: b.source, Table: delta.At(b.lake, "t"),
		Load: func(_ context.Context, batch ingest.Batch) (func(*delta.Txn) error, error) {
			if b.fail != nil {
				return nil, b.fail
			}
			b.loaded = append(b.loaded, fmt.Sprintf("%d:%s", batch.N, batch.Work))
			return func(x *delta.Txn) error {
				if x.Snapshot().Version() < 0 {
					x.SetMetadata(delta.Metadata{Schema: &schema.Struct{Fields: []schema.Field{{Name: "a", Type: schema.Long, Nullable: true}}}})
				}
				return nil
			}, nil
		},
	}
}

func (b *bench) run(t *testing.T, p *ingest.Pipeline) {
	t.Helper()
	for {
		_, more, err := p.Step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func TestEveryBatchOnce(t *testing.T) {
	b := &bench{lake: store.NewMem(), source: &counter{limit: 3}}
	b.run(t, b.pipeline())
	b.run(t, b.pipeline())
	b.source.limit = 4
	b.run(t, b.pipeline())
	if want := []string{"0:1", "1:2", "2:3", "3:4"}; !slices.Equal(b.loaded, want) {
		t.Errorf("loaded: got %q, want %q", b.loaded, want)
	}
}

// A batch that failed is what it was when it is tried again, whatever the source says by then.
func TestFailedBatchStays(t *testing.T) {
	b := &bench{lake: store.NewMem(), source: &counter{limit: 1}, fail: errors.New("no")}
	if _, _, err := b.pipeline().Step(context.Background()); !errors.Is(err, b.fail) {
		t.Fatalf("got %v, want the error of the load", err)
	}
	b.fail, b.source = nil, &counter{}
	b.run(t, b.pipeline())
	if want := []string{"0:1"}; !slices.Equal(b.loaded, want) {
		t.Errorf("loaded: got %q, want %q", b.loaded, want)
	}
}

// shelf is a source of letters that may come and go: a chunk is those that are there and that no position
// has yet. Its bench loads a batch only where all its letters are there.
type shelf struct{ there string }

func (s *shelf) Next(_ context.Context, after ingest.Position) (ingest.Chunk, bool, error) {
	seen := ""
	if after != nil {
		if err := json.Unmarshal(after, &seen); err != nil {
			return ingest.Chunk{}, false, err
		}
	}
	work := strings.Map(func(c rune) rune {
		if strings.ContainsRune(seen, c) {
			return -1
		}
		return c
	}, s.there)
	to, _ := json.Marshal(seen + work)
	text, _ := json.Marshal(work)
	return ingest.Chunk{From: after, To: to, Work: text}, work != "", nil
}

func (b *bench) shelves(s *shelf) *ingest.Pipeline {
	p := b.pipeline()
	load := p.Load
	p.Source = s
	p.Load = func(ctx context.Context, batch ingest.Batch) (func(*delta.Txn) error, error) {
		var work string
		if err := json.Unmarshal(batch.Work, &work); err != nil {
			return nil, err
		}
		for _, c := range work {
			if !strings.ContainsRune(s.there, c) {
				return nil, ingest.ErrNotYet
			}
		}
		return load(ctx, batch)
	}
	return p
}

// What a batch named and was gone when it was loaded comes once it is back, once; what was beside it
// does not wait.
func TestGoneIsNotLoaded(t *testing.T) {
	b, s := &bench{lake: store.NewMem()}, &shelf{there: "ab"}
	b.fail = errors.New("no")
	if _, _, err := b.shelves(s).Step(t.Context()); !errors.Is(err, b.fail) {
		t.Fatal(err)
	}
	b.fail = nil
	for _, there := range []string{"", "", "bc", "bc", "abc", "abcd"} {
		s.there = there
		b.run(t, b.shelves(s))
	}
	if want := []string{`1:"bc"`, `2:"a"`, `3:"d"`}; !slices.Equal(b.loaded, want) {
		t.Errorf("loaded: got %q, want %q", b.loaded, want)
	}
}

// A batch that was decided in place of another does not count where that other was committed after all.
func TestReplacedBatchThatWasCommitted(t *testing.T) {
	b, s := &bench{lake: store.NewMem()}, &shelf{there: "ab"}
	b.fail = errors.New("no")
	if _, _, err := b.shelves(s).Step(t.Context()); !errors.Is(err, b.fail) { // batch 0 is decided
		t.Fatal(err)
	}
	b.fail = nil
	s.there = "b"
	late := b.shelves(s)
	load := late.Load
	late.Load = func(ctx context.Context, batch ingest.Batch) (func(*delta.Txn) error, error) {
		change, err := load(ctx, batch)
		if batch.N == 1 && err == nil { // in place of batch 0, which another ingester finds whole
			s.there = "abc"
			b.run(t, b.shelves(s))
		}
		return change, err
	}
	b.run(t, late)
	// What the late one loaded as batch 1 was never committed.
	if want := []string{`1:"b"`, `0:"ab"`, `2:"c"`}; !slices.Equal(b.loaded, want) {
		t.Errorf("loaded: got %q, want %q", b.loaded, want)
	}
	snapshot, err := late.Table.Snapshot(t.Context(), delta.When{})
	if err != nil || snapshot.Transaction("numbers") != 2 || snapshot.Version() != 1 {
		t.Errorf("table: got %v, %v; want version 1 with batch 2", snapshot, err)
	}
}

// An ingester that is late finds its batch committed, and commits nothing.
func TestLateIngester(t *testing.T) {
	b := &bench{lake: store.NewMem(), source: &counter{limit: 1}}
	late := b.pipeline()
	load := late.Load
	late.Load = func(ctx context.Context, batch ingest.Batch) (func(*delta.Txn) error, error) {
		change, err := load(ctx, batch)
		b.run(t, b.pipeline()) // another one is faster
		return change, err
	}
	version, more, err := late.Step(context.Background())
	if err != nil || !more || version != 0 {
		t.Errorf("got version %d, %v, %v; want version 0 of the other", version, more, err)
	}
	snapshot, err := late.Table.Snapshot(context.Background(), delta.When{})
	if err != nil || snapshot.Version() != 0 || snapshot.Transaction("numbers") != 0 {
		t.Errorf("table: got %v, %v; want version 0 with batch 0", snapshot, err)
	}
}

// An offset log that holds something else is an error, not a batch.
func TestForeignOffsets(t *testing.T) {
	for _, text := range []string{"", "{", `{"source":"other","batch":0}`, `{"source":"numbers","batch":7}`} {
		b := &bench{lake: store.NewMem(), source: &counter{limit: 1}}
		key := "_petalake/offsets/numbers/00000000000000000000.json"
		if err := store.PutBytes(context.Background(), b.lake, key, []byte(text), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.pipeline().Step(context.Background()); err == nil || len(b.loaded) > 0 {
			t.Errorf("%q: got %v and loaded %q, want an error", text, err, b.loaded)
		}
	}
}

// TestPassed: batches that were passed over are not read again while nothing changed, and are loaded when they can be.
func TestPassed(t *testing.T) {
	reads := 0
	mem := store.NewMem()
	b := &bench{lake: counting{mem, &reads}, source: &counter{limit: 1}, fail: ingest.ErrNotYet}
	p := b.pipeline()
	p.Passed = &ingest.Passed{}
	b.run(t, p)
	b.fail, b.source.limit = errors.New("the batch was loaded again"), 0 // the source holds it back
	for range 3 {
		reads = 0
		if b.run(t, p); reads > 1 {
			t.Errorf("got %d reads of offsets, want one, behind those that were passed over", reads)
		}
	}
	b.fail, b.source.limit = nil, 1
	b.run(t, p)
	if !slices.Equal(b.loaded, []string{"0:1"}) {
		t.Errorf("got the batches %q, want the one that was passed over", b.loaded)
	}
	b.source.limit = 2
	b.run(t, p)
	if !slices.Equal(b.loaded, []string{"0:1", "1:2"}) {
		t.Errorf("got the batches %q", b.loaded)
	}
}

// counting counts the reads of offsets.
type counting struct {
	store.Store
	reads *int
}

func (c counting) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if strings.Contains(key, "/offsets/") {
		*c.reads++
	}
	return c.Store.Get(ctx, key, off, n)
}
