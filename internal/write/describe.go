package write

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

// newDescription describes a table that does not exist yet, as lakehouse.yaml declares it; decl may be nil. Without
// declared columns its schema is nil.
func newDescription(decl *spec.Table) (delta.Metadata, error) {
	m := delta.Metadata{ID: uuid.NewString(), CreatedAt: time.Now().UnixMilli(), Configuration: map[string]string{}}
	if decl == nil {
		return m, nil
	}
	m.PartitionColumns = decl.PartitionBy
	if len(decl.Columns) > 0 {
		var err error
		if m.Schema, err = columns(decl.Columns); err != nil {
			return m, err
		}
	}
	Describe(&m, decl.Description, decl.Properties, decl.Constraints)
	return m, nil
}

// A table's properties that lakehouse.yaml set are listed in one of their own, so that what is taken
// out of the file is taken off the table, and what others set stays.
const (
	declaredKey      = "petalake.declared"
	constraintPrefix = "delta.constraints."
)

// Describe sets what can change without touching a row: the description, the properties and the
// constraints that lakehouse.yaml has for a table.
func Describe(m *delta.Metadata, description string, properties, constraints map[string]string) {
	if description != "" {
		m.Description = description
	}
	own := map[string]string{}
	for name, value := range properties {
		own[spec.PropertyName(name)] = value
	}
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
