package sql

import "strings"

// mainSchema is the schema of a table whose name has none.
const mainSchema = "main"

// TableName is a table as a statement names it. Schema is "" for a table of the schema main: main.flights and
// flights are one table.
type TableName struct{ Schema, Table string }

// NewTableName is the name of a table in a schema, where "" and main mean the same.
func NewTableName(schema, table string) TableName {
	if strings.EqualFold(schema, mainSchema) {
		schema = ""
	}
	return TableName{schema, table}
}

// String is the name as SQL writes it, without quotes.
func (n TableName) String() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// Fold is the name in lower case, for comparing: names that differ in case are the same.
func (n TableName) Fold() TableName {
	return TableName{strings.ToLower(n.Schema), strings.ToLower(n.Table)}
}
