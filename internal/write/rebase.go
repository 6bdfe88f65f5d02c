package write

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
)

// Rebase says what a table is to be in a commit on a snapshot that may be newer than the change's Base, or
// why the change cannot be committed there.
type Rebase func(c *Change, now *delta.Snapshot) (delta.Metadata, error)

// ErrMoved says that a table changed between the look at it that a change relies on and its commit:
// prepared anew, it may succeed.
var ErrMoved = errors.New("the table changed meanwhile")

// errReshaped says that another writer gave the table other columns or rules than those the rows were
// written for. Nothing was changed, and loading again may succeed.
var errReshaped = fmt.Errorf("the table was made or changed by another writer while the rows were being written; load again: %w", delta.ErrConflict)

// KeepOthers is the rule for rows that come from outside of the lake: what another writer made of the table
// meanwhile stays, where the rows fit it.
func KeepOthers(c *Change, now *delta.Snapshot) (delta.Metadata, error) {
	if now.Version() == c.base() {
		return c.Metadata, nil
	}
	current := now.Metadata()
	if c.Base == nil {
		if sameRules(current, c.Metadata) {
			return current, nil
		}
		return delta.Metadata{}, errReshaped
	}
	before := c.Base.Metadata()
	switch {
	case same(before, c.Metadata) && sameRules(current, before):
		return current, nil
	case same(current, before):
		return c.Metadata, nil
	}
	return delta.Metadata{}, errReshaped
}

// Unmoved is the rule for rows that were made from the lake: they fit any version with the same columns and
// rules, unless they were made from the table's own rows. A table that another writer made meanwhile is
// another one.
func Unmoved(c *Change, now *delta.Snapshot) (delta.Metadata, error) {
	if now.Version() == c.base() {
		return c.Metadata, nil
	}
	if c.Reads || c.Base == nil || !sameRules(now.Metadata(), c.Base.Metadata()) {
		return delta.Metadata{}, ErrMoved
	}
	if same(c.Base.Metadata(), c.Metadata) {
		return now.Metadata(), nil
	}
	return c.Metadata, nil
}

// Owned is the rule for a table that one definition describes whole, such as a model's: it becomes what
// the definition says, whatever it was.
func Owned(c *Change, _ *delta.Snapshot) (delta.Metadata, error) { return c.Metadata, nil }

// same says whether two descriptions are one.
func same(a, b delta.Metadata) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Description == b.Description && maps.Equal(a.Configuration, b.Configuration) &&
		slices.Equal(a.PartitionColumns, b.PartitionColumns) && string(a.Schema.JSON()) == string(b.Schema.JSON())
}

// sameRules says whether rows written for one description fit the other.
func sameRules(a, b delta.Metadata) bool {
	return schema.Equal(a.Schema, b.Schema) && slices.Equal(a.PartitionColumns, b.PartitionColumns) && maps.Equal(a.Constraints(), b.Constraints())
}
