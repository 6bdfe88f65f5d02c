package petalake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/spec"
)

// target is what a table is to be after a load.
type target struct {
	version  int64          // the load was prepared for; -1: there was no table
	before   delta.Metadata // of that version
	metadata delta.Metadata
	wider    *delta.Metadata // with types that hold all values of text files, should the former not do
}

// errReshaped says that another writer gave the table other columns or rules than those the rows were
// written for. Nothing was changed, and loading again may succeed.
var errReshaped = fmt.Errorf("the table was made or changed by another writer while the rows were being written; load again: %w", delta.ErrConflict)

// onto is what the table is to be in a commit on a snapshot that may be newer than the one the load
// was prepared for: what another writer made of it meanwhile stays, where the rows fit it.
func (t *target) onto(s *delta.Snapshot) (delta.Metadata, error) {
	if s.Version() == t.version {
		return t.metadata, nil
	}
	now := s.Metadata()
	switch {
	case t.version < 0 && sameRules(now, t.metadata):
		return now, nil
	case t.version >= 0 && same(t.before, t.metadata) && sameRules(now, t.before):
		return now, nil
	case t.version >= 0 && same(now, t.before):
		return t.metadata, nil
	}
	return delta.Metadata{}, errReshaped
}

// sameRules says whether rows written for one description fit the other.
func sameRules(a, b delta.Metadata) bool {
	return schema.Equal(a.Schema, b.Schema) && slices.Equal(a.PartitionColumns, b.PartitionColumns) && maps.Equal(a.Constraints(), b.Constraints())
}

// target decides on the table's columns: those it has, or else those that lakehouse.yaml declares,
// or else those of the raw files; with new ones as far as the table may evolve.
func (w *loading) target(ctx context.Context, snapshot *delta.Snapshot) (target, error) {
	t := target{version: -1}
	if snapshot != nil {
		t.version, t.before = snapshot.Version(), snapshot.Metadata()
		t.metadata = t.before
		if w.decl != nil {
			if err := declare(&t.metadata, w.decl, w.evolve, w.replace); err != nil {
				return t, err
			}
		}
	} else {
		if err := w.lake.env.Catalog.Vacant(ctx, w.name); err != nil {
			return t, err
		}
		if err := w.first(&t.metadata); err != nil {
			return t, err
		}
	}
	found, raw, err := w.lake.loader.Inspect(ctx, w.raw)
	if err != nil {
		return t, err
	}
	w.raw = raw
	if err := text(found); err != nil {
		return t, err
	}
	if t.metadata.Schema == nil {
		t.metadata.Schema = found
		return t, nil
	}
	return t, w.conform(&t, found)
}

// text refuses columns whose names are no text: those of a file that is not what it is called.
func text(found *schema.Struct) error {
	for _, f := range found.Fields {
		if !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) }) {
			return errors.New("the names of its columns are not text in UTF-8: another encoding, or no such file at all")
		}
	}
	return nil
}

// first describes a table that does not exist yet. Without declared columns its schema is nil.
func (w *loading) first(m *delta.Metadata) error {
	*m = delta.Metadata{ID: uuid.NewString(), CreatedAt: time.Now().UnixMilli(), Configuration: map[string]string{}}
	if w.decl == nil {
		return nil
	}
	m.PartitionColumns = w.decl.PartitionBy
	if len(w.decl.Columns) > 0 {
		columns, err := columns(w.decl.Columns)
		if err != nil {
			return err
		}
		m.Schema = columns
	}
	describe(m, w.decl.Description, w.decl.Properties, w.decl.Constraints)
	return nil
}

// A table's properties that lakehouse.yaml set are listed in one of their own, so that what is taken
// out of the file is taken off the table, and what others set stays.
const (
	declaredKey      = "petalake.declared"
	constraintPrefix = "delta.constraints."
)

// describe sets what can change without touching a row.
func describe(m *delta.Metadata, description string, properties, constraints map[string]string) {
	if description != "" {
		m.Description = description
	}
	own := map[string]string{}
	maps.Copy(own, properties)
	for name, condition := range constraints {
		own[constraintPrefix+name] = condition
	}
	m.Configuration = maps.Clone(m.Configuration)
	if m.Configuration == nil {
		m.Configuration = map[string]string{}
	}
	var former []string
	_ = json.Unmarshal([]byte(m.Configuration[declaredKey]), &former) // somebody else's text is no list of ours
	for _, key := range former {
		if _, stays := own[key]; !stays {
			delete(m.Configuration, key)
		}
	}
	maps.Copy(m.Configuration, own)
	delete(m.Configuration, declaredKey)
	if len(own) > 0 {
		list, _ := json.Marshal(slices.Sorted(maps.Keys(own))) // strings only: cannot fail
		m.Configuration[declaredKey] = string(list)
	}
}

// same says whether two descriptions are one.
func same(a, b delta.Metadata) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Description == b.Description && maps.Equal(a.Configuration, b.Configuration) &&
		slices.Equal(a.PartitionColumns, b.PartitionColumns) && string(a.Schema.JSON()) == string(b.Schema.JSON())
}

// columns makes a schema of what lakehouse.yaml declares.
func columns(declared []*spec.Column) (*schema.Struct, error) {
	s := &schema.Struct{}
	for _, c := range declared {
		t, err := schema.ParseType(string(c.Type))
		if err != nil {
			return nil, fmt.Errorf("%s: column %s: %w", c.At("type"), c.Name, err)
		}
		f := schema.Field{Name: c.Name, Type: t, Nullable: c.Nullable}
		if c.Description != "" {
			f.Metadata = map[string]any{"comment": c.Description}
		}
		s.Fields = append(s.Fields, f)
	}
	return s, nil
}

func mode(e spec.Evolution) schema.Mode {
	return schema.Mode{AddColumns: e == spec.EvolveAdd || e == spec.EvolveWiden, Widen: e == spec.EvolveWiden}
}

// conform fits the columns of raw files into the table's. Text says nothing of its types: it is read
// as the table's types, and only where that fails, and the table may, as the wider ones.
func (w *loading) conform(t *target, found *schema.Struct) error {
	evolve := mode(w.evolve)
	if w.raw.Format == duck.FormatParquet {
		plan, err := schema.Conform(t.metadata.Schema, found, evolve)
		if err == nil {
			t.metadata.Schema = plan.Schema
		}
		return err
	}
	plan, err := schema.Conform(t.metadata.Schema, like(found, t.metadata.Schema), schema.Mode{AddColumns: evolve.AddColumns})
	if err != nil {
		return err
	}
	if wide, err := schema.Conform(t.metadata.Schema, found, evolve); err == nil && wide.Widened {
		wider := t.metadata
		wider.Schema = wide.Schema
		t.wider = &wider
	}
	t.metadata.Schema = plan.Schema
	return nil
}

// like gives columns of text the types that the table has for them.
func like(found, table *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(found.Fields)}
	for i, f := range out.Fields {
		if at := table.Index(f.Name); at >= 0 {
			out.Fields[i].Type = table.Fields[at].Type
		}
	}
	return out
}
