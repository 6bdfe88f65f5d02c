package spec

import "strings"

// TableName is the name of a table, the one type for it in lakehouse.yaml, in statements and in the lake.
// Schema is "" for a table of the schema main: flights and main.flights are one table. Names are
// compared without regard to case, as every engine does.
type TableName struct{ Schema, Table string }

// MainSchema is the schema of a table whose name has none.
const MainSchema = "main"

const tableNamePattern = `^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$`

// NewTableName is the name of a table in a schema, where "" and main mean the same.
func NewTableName(schema, table string) TableName {
	if strings.EqualFold(schema, MainSchema) {
		schema = ""
	}
	return TableName{schema, table}
}

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
	if n.Schema == "" {
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

// Fold is the name in lower case: the same value for all names of one table.
func (n TableName) Fold() TableName {
	return TableName{strings.ToLower(n.Schema), strings.ToLower(n.Table)}
}

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
		parts = []string{"", parts[0]}
	}
	*n = NewTableName(parts[0], parts[1])
	return nil
}

func (*TableName) shape() shape {
	return shape{says: "table name", pattern: tableNamePattern}
}

// word reports whether s is a letter followed by letters, digits and underscores, all ASCII.
func word(s string) bool { return variableName(s) && s[0] != '_' }
