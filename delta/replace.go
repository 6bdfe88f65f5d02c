package delta

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/stats"
)

// RemoveAll makes every live file dead: the first half of an overwrite.
func (x *Txn) RemoveAll(ctx context.Context) error { return x.RemoveWhere(ctx, nil) }

// RemoveWhere makes the files dead of which every row matches the predicate: the first half of
// replacing a part of the table. A file that holds matching rows and others is an error, for it
// would have to be rewritten; predicates over partition columns never meet one.
func (x *Txn) RemoveWhere(ctx context.Context, where stats.Predicate) error {
	x.Read(where)
	s := x.snapshot
	if s.version < 0 {
		return nil
	}
	exact := checkpoint.NewPlan(s.state.metadata, where, false)
	if others := exact.Columns(); len(others) > 0 {
		return fmt.Errorf("%s: replace where: column %s is not a partition column: %w", s.table.root, others[0][0], fs.ErrInvalid)
	}
	for f, err := range s.Plan(ctx, where) {
		if err != nil {
			return err
		}
		if where != nil {
			if exact.Undecided(f.PartitionValues) {
				return fmt.Errorf("%s: replace where: %s holds rows that match and rows that may not", s.table.root, f.Path)
			}
		}
		x.Remove(f)
	}
	return nil
}
