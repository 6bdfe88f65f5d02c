package delta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/schema"
)

type batches = iter.Seq2[arrow.RecordBatch, error]

// targetMetadata computes the metadata of the table with the rows in it: its own, or, of one that is created or that
// evolves, with the columns of the first batch. Stop ends the rows.
func targetMetadata(ctx context.Context, t *Table, rows batches, o AppendOptions) (m Metadata, all batches, stop func(), err error) {
	stop = func() {}
	s, err := t.newest(ctx)
	switch {
	case err != nil:
		return m, nil, stop, err
	case s.version >= 0:
		m, err = s.Metadata(), s.Writable()
	case o.Create == nil:
		err = fmt.Errorf("%s: no table: %w", t.root, fs.ErrNotExist)
	default:
		m = o.Create.Clone()
	}
	if err != nil {
		return m, nil, stop, err
	}
	next, stop := iter.Pull2(rows)
	first, err, ok := next()
	switch {
	case err != nil:
		return m, nil, stop, err
	case ok:
		m.Schema, err = fitted(m.Schema, first.Schema(), o.Evolve)
	case m.Schema == nil:
		err = errors.New("create: no rows to take a schema from")
	}
	if err != nil {
		return m, nil, stop, fmt.Errorf("%s: %w", t.root, err)
	}
	return m, fitting(m.Schema, first, ok, next), stop, nil
}

// fitted is the schema a table has once rows of an Arrow schema are in it; table may be nil.
func fitted(table *schema.Struct, rows *arrow.Schema, mode schema.Mode) (*schema.Struct, error) {
	incoming, err := schema.FromArrow(rows)
	if err != nil || table == nil {
		return incoming, err
	}
	plan, err := schema.Conform(table, incoming, mode)
	return plan.Schema, err
}

// fitting yields the first batch and those that next has, and stops at one of another schema that
// does not fit.
func fitting(table *schema.Struct, first arrow.RecordBatch, ok bool, next func() (arrow.RecordBatch, error, bool)) batches {
	return func(yield func(arrow.RecordBatch, error) bool) {
		if !ok {
			return
		}
		known := first.Schema()
		for batch, err := first, error(nil); ok; batch, err, ok = next() {
			if err == nil && !batch.Schema().Equal(known) {
				_, err = fitted(table, batch.Schema(), schema.Mode{})
				known = batch.Schema()
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// follow makes the table's schema hold files that were written with another: the one that rows
// needed, or the one the table had before a commit of someone else.
func (x *Txn) follow(have, written *schema.Struct, mode schema.Mode) error {
	if schema.Equal(have, written) {
		return nil
	}
	root := x.snapshot.table.root
	plan, err := schema.Conform(have, written, mode)
	if err == nil && stricter(have, written) {
		err = errors.New("a column must not be null any more")
	}
	if err != nil {
		return fmt.Errorf("%s: the schema changed while rows were written: %w", root, err)
	}
	if plan.Schema != have {
		m := x.snapshot.Metadata()
		m.Schema = plan.Schema
		x.SetMetadata(m)
	}
	return nil
}

// stricter says whether something that may be null in the files must not be in the table.
func stricter(table, files schema.Type) bool {
	switch t := table.(type) {
	case *schema.Struct:
		f, ok := files.(*schema.Struct)
		if !ok {
			return false
		}
		for _, column := range t.Fields {
			at := f.Index(column.Name)
			if at >= 0 && (!column.Nullable && f.Fields[at].Nullable || stricter(column.Type, f.Fields[at].Type)) {
				return true
			}
		}
	case *schema.Array:
		f, ok := files.(*schema.Array)
		return ok && (!t.ContainsNull && f.ContainsNull || stricter(t.Element, f.Element))
	case *schema.Map:
		f, ok := files.(*schema.Map)
		return ok && (!t.ValueContainsNull && f.ValueContainsNull || stricter(t.Key, f.Key) || stricter(t.Value, f.Value))
	}
	return false
}
