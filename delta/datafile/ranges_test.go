package datafile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// meter counts what is fetched, and fails from the request numbered fail on (0: never).
type meter struct {
	store.Store
	requests, fail int
	bytes          int64
}

func (m *meter) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	m.requests++
	m.bytes += n
	if m.fail > 0 && m.requests >= m.fail {
		return nil, fs.ErrPermission
	}
	return m.Store.Get(ctx, key, off, n)
}

func wideFile(t *testing.T) (*meter, *schema.Struct, int64) {
	t.Helper()
	s := &schema.Struct{}
	for i := range 16 {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: schema.Long, Nullable: true})
	}
	mem := store.NewMem()
	batch := randomBatch(rand.New(rand.NewPCG(3, 4)), s, 100_000)
	size, _, err := Write(t.Context(), mem, "f", s, each(batch), Options{RowGroupRows: 50_000, Spill: 1 << 20, SpillDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return &meter{Store: mem}, s, size
}

func TestReadFetchesWhatItNeeds(t *testing.T) {
	m, s, size := wideFile(t)
	for _, c := range []struct {
		columns  []int
		requests int
		share    float64
	}{
		{[]int{3, 4}, 3, 0.15}, // the footer, and the two neighbours in each of two row groups
		{[]int{0, 15}, 5, 0.15},
		{nil, 1, 0.01},
	} {
		want := &schema.Struct{}
		for _, i := range c.columns {
			want.Fields = append(want.Fields, s.Fields[i])
		}
		m.requests, m.bytes = 0, 0
		rows := int64(0)
		for b, err := range Read(t.Context(), m, "f", size, want, ReadOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			rows += b.NumRows()
			b.Release()
		}
		if rows != 100_000 || m.requests > c.requests || float64(m.bytes) > c.share*float64(size) {
			t.Errorf("columns %v: got %d rows with %d requests for %d of %d bytes; want 100000, at most %d requests for %.0f%%",
				c.columns, rows, m.requests, m.bytes, size, c.requests, 100*c.share)
		}
	}
}

func TestReadBlamesTheStore(t *testing.T) {
	m, s, size := wideFile(t)
	for fail := 1; fail <= 3; fail++ {
		m.requests, m.fail = 0, fail
		_, err := readAll(t, m, "f", size, s, ReadOptions{})
		if !errors.Is(err, fs.ErrPermission) || errors.As(err, new(*CorruptError)) {
			t.Errorf("request %d fails: got %v, want %v and not a corrupt file", fail, err, fs.ErrPermission)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m.fail = 0
	for b, err := range Read(ctx, m, "f", size, s, ReadOptions{BatchRows: 10}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("after cancel: got %v, want %v", err, context.Canceled)
			}
			return
		}
		b.Release()
		cancel()
	}
	t.Error("after cancel: the sequence ended without an error")
}

func TestFileWithoutRows(t *testing.T) {
	s := structOf(t, "a int, o struct<b string>")
	m := store.NewMem()
	size, f, err := Write(t.Context(), m, "f", s, each(batchOf(t, s, `[]`)), Options{})
	if err != nil || f.NumRecords != 0 || f.Columns[0].NullCount != 0 {
		t.Fatalf("Write: got %+v, %v", f, err)
	}
	if got, err := readAll(t, m, "f", size, s, ReadOptions{}); err != nil || got != nil && got.NumRows() != 0 {
		t.Errorf("Read: got %v, %v; want no rows", got, err)
	}
}
