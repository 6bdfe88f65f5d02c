package delta

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// Txn is a set of changes to one snapshot. It is for one goroutine, during the call of the function
// that Update was given. A mistake in its use is remembered and returned by Update.
type Txn struct {
	snapshot *Snapshot
	now      int64 // milliseconds since the epoch

	metadata *log.MetadataAction
	protocol *Protocol
	adds     []log.AddAction
	removes  []log.RemoveAction
	txns     []log.Transaction
	reads    []stats.Predicate // nil among them: everything
	info     CommitInfo
	err      error
}

// Snapshot is what the transaction builds on; its version is -1 where there is no table yet.
func (x *Txn) Snapshot() *Snapshot { return x.snapshot }

func (x *Txn) fail(format string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf("%s: "+format, append([]any{x.snapshot.table.root}, args...)...)
	}
}

// SetMetadata creates the table or changes its schema, partitioning or properties. ID and CreatedAt
// may be left empty: they are made up, or kept. The protocol is raised to what the metadata needs.
func (x *Txn) SetMetadata(m Metadata) {
	if x.metadata != nil {
		x.fail("metadata set twice in one commit")
		return
	}
	m = m.Clone()
	if m.Schema == nil {
		x.fail("metadata without a schema: %w", fs.ErrInvalid)
		return
	}
	old := x.snapshot.state.metadata
	switch {
	case old == nil && m.ID == "":
		m.ID = x.snapshot.table.id()
	case old != nil && m.ID == "":
		m.ID = old.ID
	}
	if m.CreatedAt == 0 {
		m.CreatedAt = x.now
		if old != nil {
			m.CreatedAt = old.CreatedAt
		}
	}
	x.metadata = &log.MetadataAction{Metadata: m, Format: "parquet", SchemaText: string(m.Schema.JSON())}
	if old != nil {
		x.metadata.Options = old.Options
	}
}

// Schema is the schema the table will have.
func (x *Txn) Schema() *schema.Struct {
	if x.metadata != nil {
		return x.metadata.Schema
	}
	return x.snapshot.Schema()
}

// current is the metadata the table will have, nil where there is no table.
func (x *Txn) current() *log.MetadataAction {
	if x.metadata != nil {
		return x.metadata
	}
	return x.snapshot.state.metadata
}

// Add makes files live. Their names are new: a data file is never overwritten. Stats left at their
// zero value are not known; a file known to be empty has its bounds tight.
func (x *Txn) Add(files ...Add) {
	for _, f := range files {
		if f.Stats.NumRecords == 0 && !f.Stats.TightBounds && f.Stats.Columns == nil {
			f.Stats.NumRecords = -1
		}
		x.adds = append(x.adds, log.AddAction{Add: f})
	}
}

// Remove makes live files dead: those that the transaction's snapshot yielded. Rows are deleted
// where DataChange is true, as it is on a file from a snapshot's Files.
func (x *Txn) Remove(files ...Add) {
	for _, f := range files {
		if f.Origin() != x.snapshot.version+1 {
			x.fail("remove %s: it is not a file of the transaction's snapshot", f.Path)
		}
		x.removes = append(x.removes, log.RemoveAction{Remove: Remove{
			Path: f.Path, PartitionValues: f.PartitionValues, Size: f.Size, DeletedAt: x.now, DataChange: f.DataChange,
			Extended: true, DeletionVector: f.DeletionVector, BaseRowID: f.BaseRowID, RowCommitVersion: f.RowCommitVersion,
		}, Tags: f.Tags})
	}
}

// Read says what the change depends on: nil means every file. A change that depends on rows must
// say so before it looks at them, or another writer's commit in between goes unnoticed.
func (x *Txn) Read(where stats.Predicate) { x.reads = append(x.reads, where) }

// Advance moves the position of a source (the protocol's txn action) from one version to the next.
// Where the table is not at from, Update returns an *AdvancedError and commits nothing: that is
// what makes a batch that is sent twice count once.
func (x *Txn) Advance(app string, from, to int64) {
	have := x.snapshot.Transaction(app)
	switch {
	case app == "" || to <= from || from < -1:
		x.fail("source %q: advance from %d to %d: %w", app, from, to, fs.ErrInvalid)
	case slices.ContainsFunc(x.txns, func(t log.Transaction) bool { return t.App == app }):
		x.fail("source %s advanced twice in one commit", app)
	case have != from && x.err == nil:
		x.err = &AdvancedError{App: app, From: from, Have: have}
	}
	x.txns = append(x.txns, log.Transaction{App: app, Version: to, Updated: x.now})
}

// Operation names the change for the history: "WRITE", {"mode":"Append"}, {"numFiles":"1"}.
func (x *Txn) Operation(name string, parameters, metrics map[string]string) {
	x.info.Operation, x.info.Parameters, x.info.Metrics = name, maps.Clone(parameters), maps.Clone(metrics)
}

// empty says whether there is nothing to commit.
func (x *Txn) empty() bool {
	return x.metadata == nil && len(x.adds) == 0 && len(x.removes) == 0 && len(x.txns) == 0
}

// blind: only files were added, and nothing was read to make them.
func (x *Txn) blind() bool { return len(x.removes) == 0 && len(x.reads) == 0 }

// rearranges: no row was added or deleted.
func (x *Txn) rearranges() bool {
	return len(x.adds)+len(x.removes) > 0 &&
		!slices.ContainsFunc(x.adds, func(a log.AddAction) bool { return a.DataChange }) &&
		!slices.ContainsFunc(x.removes, func(r log.RemoveAction) bool { return r.DataChange })
}

// validate refuses what would damage the table, and raises the protocol where the metadata needs it.
func (x *Txn) validate() error {
	if x.err != nil {
		return x.err
	}
	m := x.current()
	if m == nil {
		return fmt.Errorf("%s: no table: %w", x.snapshot.table.root, fs.ErrNotExist)
	}
	if err := x.validateMetadata(m); err != nil {
		return fmt.Errorf("%s: %w", x.snapshot.table.root, err)
	}
	if err := x.writable(m); err != nil {
		return err
	}
	p, err := propertiesOf(&m.Metadata)
	if err == nil {
		err = x.validateFiles(m, p)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.snapshot.table.root, err)
	}
	return nil
}

func (x *Txn) writable(m *log.MetadataAction) error {
	old := x.snapshot.Protocol()
	next := old
	if x.metadata != nil {
		next = upgrade(old, required(&m.Metadata))
		if !sameProtocol(next, old) {
			x.protocol = &next
		}
	}
	if err := writable(&next, x.snapshot.table.root, &m.Metadata); err != nil {
		return err
	}
	return readable(&next, x.snapshot.table.root, &m.Metadata)
}

func (x *Txn) validateMetadata(m *log.MetadataAction) error {
	if x.metadata == nil {
		return nil
	}
	if len(m.Schema.Fields) == 0 {
		return fmt.Errorf("a table without columns: %w", fs.ErrInvalid)
	}
	again, err := schema.Parse([]byte(m.SchemaText)) // duplicate and empty names, impossible decimals
	if err != nil {
		return err
	}
	if !schema.Equal(again, m.Schema) {
		return errors.New("schema does not survive being written and read")
	}
	for i, name := range m.PartitionColumns {
		at := m.Schema.Index(name)
		if at < 0 || m.Schema.Fields[at].Name != name {
			return fmt.Errorf("partition column %s is not in the schema", name)
		}
		if slices.Contains(m.PartitionColumns[:i], name) {
			return fmt.Errorf("partition column %s twice", name)
		}
		if t, ok := m.Schema.Fields[at].Type.(schema.Primitive); (!ok || t == schema.Void || t == schema.Variant) && !isDecimal(m.Schema.Fields[at].Type) {
			return fmt.Errorf("partition column %s: type %s cannot partition", name, m.Schema.Fields[at].Type)
		}
	}
	if len(m.PartitionColumns) == len(m.Schema.Fields) {
		return errors.New("every column is a partition column: at least one must hold data")
	}
	old := x.snapshot.state.metadata
	if old != nil && !slices.Equal(old.PartitionColumns, m.PartitionColumns) && !x.readsAll() {
		return errors.New("partition columns change only where every file is replaced")
	}
	return nil
}

func isDecimal(t schema.Type) bool { _, ok := t.(schema.Decimal); return ok }

func (x *Txn) readsAll() bool { return slices.Contains(x.reads, nil) }

func (x *Txn) validateFiles(m *log.MetadataAction, p properties) error {
	seen := map[string]bool{}
	kept := stats.NewFilter(m.Schema.Without(m.PartitionColumns...), m.Configuration)
	for i := range x.adds {
		a := &x.adds[i]
		switch {
		case a.Path == "" || a.Size < 0:
			return fmt.Errorf("add %q of %d bytes: %w", a.Path, a.Size, fs.ErrInvalid)
		case seen[a.Path]:
			return fmt.Errorf("add %s: twice in one commit", a.Path)
		case a.DeletionVector != nil:
			return fmt.Errorf("add %s: writing deletion vectors is not supported", a.Path)
		}
		seen[a.Path] = true
		if err := partitioned(a, m.PartitionColumns); err != nil {
			return err
		}
		a.StatsText, a.Stats = "", kept.File(a.Stats)
		if a.Stats.NumRecords >= 0 {
			a.StatsText = string(a.Stats.JSON(m.Schema))
		}
	}
	clear(seen)
	appendOnly := p.appendOnly
	if old := x.snapshot.state.metadata; old != nil {
		before, err := propertiesOf(&old.Metadata) // a commit that takes the property off may not delete either
		appendOnly = appendOnly || err == nil && before.appendOnly
	}
	for _, r := range x.removes {
		switch {
		case seen[r.Path]:
			return fmt.Errorf("remove %s: twice in one commit", r.Path)
		case r.DataChange && appendOnly:
			return fmt.Errorf("remove %s: the table is append-only (delta.appendOnly)", r.Path)
		case r.DataChange && p.changeFeed:
			return &UnsupportedError{Table: x.snapshot.table.root, Features: []string{featureChangeFeed + " (for changes other than appends)"}}
		}
		seen[r.Path] = true
	}
	return nil
}

// partitioned checks that a file has a value for each partition column, and for nothing else.
func partitioned(a *log.AddAction, columns []string) error {
	for _, name := range columns {
		if _, ok := a.PartitionValues[name]; !ok {
			return fmt.Errorf("add %s: no value for partition column %s", a.Path, name)
		}
	}
	if len(a.PartitionValues) != len(columns) {
		return fmt.Errorf("add %s: %d partition values for %d partition columns", a.Path, len(a.PartitionValues), len(columns))
	}
	return nil
}
