package proof

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/store"
)

// lake resolves the tables of a disk: each is the folder of its name.
type lake struct{ disk *store.Disk }

func (l lake) Resolve(ctx context.Context, name sql.TableName, at delta.When) (duck.Relation, string, error) {
	s, err := delta.At(l.disk, name.Table).Snapshot(ctx, at)
	if err != nil {
		return nil, "", err
	}
	return s, name.Table, nil
}

func (l lake) Names(context.Context) ([]sql.TableName, error) { return nil, nil }

// engine answers SQL on the tables of the lake.
func (p place) engine(t *testing.T) *duck.Engine {
	t.Helper()
	e, err := duck.Open(duck.Options{Tables: lake{p.disk}, Lake: p.disk, LocalRoot: p.lake, Memory: 1 << 30, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// query runs one SELECT in petalake.
func (p place) query(t *testing.T, sql string) rows {
	t.Helper()
	reader, err := p.engine(t).Query(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	var batches []arrow.RecordBatch
	for reader.Next() {
		b := reader.RecordBatch()
		b.Retain()
		defer b.Release()
		batches = append(batches, b)
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return textOf(reader.Schema(), batches)
}

// copy makes a table of the rows of a SELECT, with files that the engine writes.
func (p place) copy(t *testing.T, sql string, to place) {
	t.Helper()
	m := p.snapshot(t, latest).Metadata()
	m.ID = ""
	written, err := p.engine(t).Write(context.Background(), sql, tablefile.Spec{
		Store: p.disk, Root: to.table.Root(), Schema: m.Schema, PartitionBy: m.PartitionColumns,
	})
	if err != nil {
		t.Fatal(err)
	}
	to.update(t, func(x *delta.Txn) error {
		x.SetMetadata(m)
		x.Add(written.Files...)
		x.Operation("CREATE TABLE AS SELECT", nil, delta.Metrics(written.Files))
		return nil
	})
}
