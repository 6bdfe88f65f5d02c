package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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

// A batch of which nothing is left is passed over; the next one that is loaded takes its place.
func TestNothingOfABatchIsLeft(t *testing.T) {
	b := &bench{lake: store.NewMem(), source: &counter{limit: 2}, fail: ingest.ErrNothing}
	b.run(t, b.pipeline())
	if _, err := delta.At(b.lake, "t").Snapshot(context.Background(), delta.When{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v, want no table", err)
	}
	b.fail, b.source.limit = nil, 3
	skip := b.pipeline()
	load := skip.Load
	skip.Load = func(ctx context.Context, batch ingest.Batch) (func(*delta.Txn) error, error) {
		if batch.N < 2 {
			return nil, ingest.ErrNothing
		}
		return load(ctx, batch)
	}
	b.run(t, skip)
	b.source.limit = 4
	b.run(t, b.pipeline())
	if want := []string{"2:3", "3:4"}; !slices.Equal(b.loaded, want) {
		t.Errorf("loaded: got %q, want %q", b.loaded, want)
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
