package duckdb

import (
	"context"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	bind "github.com/duckdb/duckdb-go-bindings"
)

// BatchRows is how many rows a record batch has, but for the last and the first: DuckDB works in
// chunks of 2,048, which would cost a consumer more in calls than in rows. The first batch is one
// chunk, so that a person sees rows early.
const BatchRows = 1 << 16

// reader streams the rows of one statement. Its methods are for one goroutine, but for Retain and
// Release.
type reader struct {
	ctx     context.Context // of the statement: the interface has no other way to it
	conn    *Conn
	res     bind.Result
	options bind.ArrowOptions
	schema  *arrow.Schema
	refs    atomic.Int64

	current arrow.RecordBatch
	err     error
	target  int  // rows wanted for the next batch
	drained bool // every row was fetched
	ended   bool // res is destroyed
	last    bool // Next has said that there is no more
}

var _ array.RecordReader = (*reader)(nil)

func newReader(ctx context.Context, c *Conn, res bind.Result) (*reader, error) {
	r := &reader{ctx: ctx, conn: c, res: res, target: 1}
	r.refs.Store(1)
	columns := make([]column, bind.ColumnCount(&res))
	for i := range columns {
		at := bind.IdxT(i)
		columns[i] = column{bind.ColumnName(&res, at), bind.ColumnLogicalType(&res, at)}
	}
	r.options = bind.ResultGetArrowOptions(&res)
	schema, err := toSchema(r.options, columns)
	if err != nil {
		bind.DestroyArrowOptions(&r.options)
		return nil, err
	}
	r.schema = schema
	return r, nil
}

func (r *reader) Schema() *arrow.Schema          { return r.schema }
func (r *reader) RecordBatch() arrow.RecordBatch { return r.current }
func (r *reader) Record() arrow.RecordBatch      { return r.current }
func (r *reader) Err() error                     { return r.err }
func (r *reader) Retain()                        { r.refs.Add(1) }

// Release ends the statement with the last reference.
func (r *reader) Release() {
	if r.refs.Add(-1) != 0 {
		return
	}
	r.drop()
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	r.endLocked()
}

func (r *reader) endLocked() {
	if r.ended {
		return
	}
	r.ended = true
	bind.DestroyArrowOptions(&r.options)
	bind.DestroyResult(&r.res)
	r.conn.open = nil
}

func (r *reader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

// Next fetches the next batch.
func (r *reader) Next() bool {
	r.drop()
	if r.err != nil {
		return false
	}
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	if r.ended {
		if !r.last {
			r.err = r.conn.cause(r.ctx, errClosed)
		}
		return false
	}
	stop := r.conn.watch(r.ctx)
	chunks, err := r.fetchLocked()
	stop()
	defer func() {
		for _, b := range chunks {
			b.Release()
		}
	}()
	if err == nil {
		r.current, err = r.join(chunks)
	}
	if err != nil {
		r.err = r.conn.cause(r.ctx, err)
	}
	if r.err != nil || r.current == nil {
		r.last = true
		r.endLocked()
		return false
	}
	return true
}

// fetchLocked takes chunks until they make a batch, the statement ends or fails.
func (r *reader) fetchLocked() ([]arrow.RecordBatch, error) {
	var chunks []arrow.RecordBatch
	rows := 0
	for rows < r.target && !r.drained {
		if err := r.ctx.Err(); err != nil {
			return chunks, err
		}
		chunk := bind.FetchChunk(r.res)
		if chunk.Ptr == nil {
			if msg := bind.ResultError(&r.res); msg != "" {
				return chunks, parseError(msg)
			}
			r.drained = true // to fetch once more would be an error
			break
		}
		batch, err := toBatch(r.options, r.schema, chunk)
		bind.DestroyDataChunk(&chunk)
		if err != nil {
			return chunks, err
		}
		chunks = append(chunks, batch)
		rows += int(batch.NumRows())
	}
	r.target = BatchRows
	return chunks, nil
}

// join makes one batch of chunks, in Go's memory, even of one: whoever keeps a string beyond the
// batch's release, which is easily done, must not read memory that C took back. No chunks make none.
func (r *reader) join(chunks []arrow.RecordBatch) (arrow.RecordBatch, error) {
	if len(chunks) == 0 {
		return nil, nil
	}
	var rows int64
	for _, c := range chunks {
		rows += c.NumRows()
	}
	columns := make([]arrow.Array, r.schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	parts := make([]arrow.Array, len(chunks))
	for i := range columns {
		for j, c := range chunks {
			parts[j] = c.Column(i)
		}
		joined, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		columns[i] = joined
	}
	return array.NewRecordBatch(r.schema, columns, rows), nil
}
