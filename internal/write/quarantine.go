package write

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/spec"
)

// Quarantine is the table that takes rows of raw files which cannot be read.
var Quarantine = spec.TableName{Table: "_quarantine"}

// quarantine commits rows that could not be read; those of a batch only once. Batch is nil for a load by
// hand.
func (w *Writer) quarantine(ctx context.Context, bad []delta.Add, batch *ingest.Batch) error {
	if len(bad) == 0 {
		return nil
	}
	table, err := w.Env.Table(ctx, Quarantine)
	if err != nil {
		return err
	}
	c := &Change{Table: table, Rows: tablefile.Written{Files: bad}, Rebase: keepQuarantine, Operation: "WRITE"}
	if batch == nil {
		_, err = w.Commit(ctx, c)
		return err
	}
	_, err = ingest.CommitAside(ctx, table, *batch, func(x *delta.Txn) error { return c.Apply(ctx, x) })
	return err
}

// keepQuarantine describes the table where there is none, and adds the columns that one of before has not.
func keepQuarantine(_ *Change, now *delta.Snapshot) (delta.Metadata, error) {
	if now.Version() >= 0 {
		m := now.Metadata()
		plan, err := schema.Conform(m.Schema, raw.QuarantineSchema(), schema.Mode{AddColumns: true})
		if err == nil {
			m.Schema = plan.Schema
		}
		return m, err
	}
	return delta.Metadata{
		ID: uuid.NewString(), Schema: raw.QuarantineSchema(), CreatedAt: time.Now().UnixMilli(),
		Description: "rows of raw files that could not be read",
	}, nil
}
