package spark

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// reader streams the batches of an operation. It holds one message of the server at a time.
type reader struct {
	op     *operation
	schema *arrow.Schema
	ipc    *ipc.Reader // over the message that came last
	want   int64       // rows that the message should still have
	rows   int64       // of all messages
	batch  arrow.RecordBatch
	err    error
	refs   atomic.Int64
}

var _ array.RecordReader = (*reader)(nil)

// newReader waits for the first batch, which tells the columns. A command that gives no rows has none.
func newReader(op *operation) (*reader, error) {
	r := &reader{op: op, schema: arrow.NewSchema(nil, nil)}
	r.refs.Store(1)
	more, err := r.message()
	if err != nil {
		op.end()
		return nil, err
	}
	if more {
		r.schema = r.ipc.Schema()
	}
	return r, nil
}

// message opens the next message with rows, and says whether there is one.
func (r *reader) message() (bool, error) {
	r.close()
	var parts []io.Reader // of a batch that comes in chunks
	for {
		response, err := r.op.next()
		if err != nil {
			return false, err
		}
		if response == nil && parts != nil {
			return false, errors.New("spark: the last batch of rows is incomplete: some of its chunks are missing")
		}
		if response == nil {
			return false, nil
		}
		b := response.GetArrowBatch()
		if b == nil {
			continue
		}
		if b.StartOffset != nil && len(parts) == 0 && b.GetStartOffset() != r.rows {
			return false, fmt.Errorf("spark: a batch of rows starts at row %d, after %d rows: some are missing", b.GetStartOffset(), r.rows)
		}
		if int(b.GetChunkIndex()) != len(parts) {
			return false, fmt.Errorf("spark: a batch of rows is incomplete: chunk %d came after %d chunks", b.GetChunkIndex()+1, len(parts))
		}
		parts = append(parts, bytes.NewReader(b.GetData()))
		if len(parts) < int(b.GetNumChunksInBatch()) {
			continue
		}
		if r.ipc, err = ipc.NewReader(io.MultiReader(parts...)); err != nil {
			return false, fmt.Errorf("spark: a batch of rows cannot be read: %w", err)
		}
		r.want = b.GetRowCount()
		r.rows += r.want
		return true, nil
	}
}

func (r *reader) close() {
	if r.batch = nil; r.ipc != nil {
		r.ipc.Release()
		r.ipc = nil
	}
}

func (r *reader) Next() bool {
	for r.err == nil {
		if r.ipc != nil {
			if r.ipc.Next() {
				r.batch = r.ipc.RecordBatch()
				r.want -= r.batch.NumRows()
				return true
			}
			switch err := r.ipc.Err(); {
			case err != nil:
				r.err = fmt.Errorf("spark: a batch of rows cannot be read: %w", err)
			case r.want != 0:
				r.err = fmt.Errorf("spark: a batch of rows is incomplete: %d are missing", r.want)
			}
			if r.err != nil {
				break
			}
		}
		more, err := r.message()
		switch {
		case err != nil:
			r.err = err
		case !more:
			r.op.end()
			return false
		case !r.ipc.Schema().Equal(r.schema):
			r.err = fmt.Errorf("spark: the columns changed from one batch to the next: %v, before %v", r.ipc.Schema(), r.schema)
		}
	}
	r.op.end()
	return false
}

func (r *reader) Schema() *arrow.Schema          { return r.schema }
func (r *reader) RecordBatch() arrow.RecordBatch { return r.batch }
func (r *reader) Record() arrow.RecordBatch      { return r.batch }
func (r *reader) Err() error                     { return r.err }
func (r *reader) Retain()                        { r.refs.Add(1) }

func (r *reader) Release() {
	if r.refs.Add(-1) == 0 {
		r.close()
		r.op.end()
	}
}
