// Package ingest turns what a source has into commits of a table, each exactly once.
//
// A Source says what follows a Position. The pipeline writes every step it decides on into the
// offset log, an immutable object a batch (<lake>/_petalake/offsets/<source>/<n>.json), before it
// loads anything; the commit that makes the rows visible carries the batch's number as the table's
// transaction version for the source (the txn action of the Delta protocol). So after a crash, or
// beside a second ingester, the same batch is loaded from the same offsets, and only one commit of
// it can succeed.
//
// What a batch names may be gone when it is loaded. The next number is then decided from the position
// where the table is, and takes the batch's place: what was not loaded is not behind the table's position,
// and comes when it is there again. A batch counts only where it begins at the table's position.
package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/petalake/petalake/store"
)

// Position is how far a source was read: JSON that only the source understands. Nil is the start.
type Position = json.RawMessage

// Chunk is a piece of a source: what lies between two positions.
type Chunk struct {
	From Position `json:"from,omitempty"`
	To   Position `json:"to"`
	// Work says what is to be loaded; only the source's loader understands it.
	Work json.RawMessage `json:"work"`
}

// Source is what can be ingested.
type Source interface {
	// Next gives the chunk that follows a position, false where there is nothing new now. The
	// same chunk must be loadable again later, by its Work alone.
	Next(ctx context.Context, after Position) (Chunk, bool, error)
}

// Batch is a chunk with its number, from 0.
type Batch struct {
	Source string `json:"source"`
	N      int64  `json:"batch"`
	Chunk
}

// Offsets is the log of the batches of one source.
type Offsets struct {
	lake   store.Store
	source string
}

// NewOffsets opens the log of a source; it needs not exist.
func NewOffsets(lake store.Store, source string) *Offsets {
	return &Offsets{lake: lake, source: source}
}

func (o *Offsets) key(n int64) string {
	return fmt.Sprintf("_petalake/offsets/%s/%020d.json", o.source, n)
}

// Read returns batch n; one that was never decided is fs.ErrNotExist.
func (o *Offsets) Read(ctx context.Context, n int64) (Batch, error) {
	text, err := store.ReadAll(ctx, o.lake, o.key(n))
	if err != nil {
		return Batch{}, err
	}
	var b Batch
	if err := json.Unmarshal(text, &b); err != nil {
		return Batch{}, fmt.Errorf("offset log: %s: %w", o.key(n), err)
	}
	if b.N != n || b.Source != o.source {
		return Batch{}, fmt.Errorf("offset log: %s: holds batch %d of %q", o.key(n), b.N, b.Source)
	}
	return b, nil
}

// decide returns batch n: the one that was decided before, or else what the source has behind a
// position, which is then in the log. False means that the source has nothing new: nothing at all, or, where repeated is true,
// the very work that a batch before was to do.
func (o *Offsets) decide(ctx context.Context, n int64, from Position, source Source, before json.RawMessage) (b Batch, ok, repeated bool, err error) {
	switch b, err := o.Read(ctx, n); {
	case err == nil:
		return b, true, false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return Batch{}, false, false, err
	}
	chunk, ok, err := source.Next(ctx, from)
	if err != nil || !ok || same(chunk.Work, before) {
		return Batch{}, false, ok && err == nil, err
	}
	b = Batch{Source: o.source, N: n, Chunk: chunk}
	text, err := json.Marshal(b)
	if err != nil {
		return Batch{}, false, false, err
	}
	if err := store.PutBytes(ctx, o.lake, o.key(b.N), text, store.IfAbsent); err != nil {
		// Somebody decided first, or we did and the answer was lost: what is in the log counts.
		if won, readErr := o.Read(ctx, b.N); readErr == nil {
			return won, true, false, nil
		}
		return Batch{}, false, false, fmt.Errorf("write the offsets of batch %d of %s: %w", b.N, o.source, err)
	}
	return b, true, false, nil
}

// End is the position behind batch n; nil for -1.
func (o *Offsets) End(ctx context.Context, n int64) (Position, error) {
	if n < 0 {
		return nil, nil
	}
	b, err := o.Read(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("where batch %d of %s ended: %w", n, o.source, err)
	}
	return b.To, nil
}

// begins says whether a batch begins at a position. One that does not was decided when the table was
// elsewhere: in place of a batch that somebody committed after all.
func (b Batch) begins(at Position) bool { return same(b.From, at) }

// same says whether two texts of JSON differ in blanks at most.
func same(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
