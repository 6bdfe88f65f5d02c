package spec

import "strings"

// TableName is the name of a table: schema.table. A name without a schema is in the schema main.
// Names are compared without regard to case, as every engine does.
type TableName struct{ Schema, Table string }

const (
	mainSchema       = "main"
	tableNamePattern = `^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$`
)

// ParseTableName reads "table" or "schema.table", of letters, digits and underscores.
func ParseTableName(text string) (TableName, error) {
	var n TableName
	if err := n.parse(text); err != nil {
		return TableName{}, err
	}
	return n, nil
}

// String is the shortest way to write the name: without the schema where that is main.
func (n TableName) String() string {
	if n.Schema == "" || n.Schema == mainSchema {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// IsZero reports whether there is no name.
func (n TableName) IsZero() bool { return n.Table == "" }

// Same reports whether both are names of one table.
func (n TableName) Same(m TableName) bool {
	return strings.EqualFold(n.Schema, m.Schema) && strings.EqualFold(n.Table, m.Table)
}

// folded is the same text for all names of one table.
func (n TableName) folded() string { return strings.ToLower(n.Schema + "." + n.Table) }

func (n *TableName) parse(text string) error {
	parts := strings.Split(text, ".")
	if len(parts) > 2 {
		return faultf("write schema.table", "the name %q has %d parts", text, len(parts))
	}
	for _, p := range parts {
		if !word(p) {
			return faultf("write letters, digits and underscores, a letter first, as in bronze.flights", "bad table name %q", text)
		}
		if strings.EqualFold(p, "information_schema") || strings.EqualFold(p, "pg_catalog") {
			return faultf("choose another", "the name %q belongs to the SQL engine", text)
		}
	}
	if len(parts) == 1 {
		parts = []string{mainSchema, parts[0]}
	}
	if strings.EqualFold(parts[0], mainSchema) {
		parts[0] = mainSchema
	}
	*n = TableName{Schema: parts[0], Table: parts[1]}
	return nil
}

func (*TableName) shape() shape {
	return shape{says: "table name", pattern: tableNamePattern}
}

// word reports whether s is a letter followed by letters, digits and underscores, all ASCII.
func word(s string) bool { return variableName(s) && s[0] != '_' }
