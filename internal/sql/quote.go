package sql

import "strings"

// QuoteName writes a name as a statement takes it, whatever is in it.
func QuoteName(d Dialect, name string) string {
	quote := `"`
	if d == Spark {
		quote = "`"
	}
	return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
}

// QuoteText writes a text as a string constant of a statement.
func QuoteText(d Dialect, text string) string {
	if d == Spark {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// QuoteTable writes the name of a table with its schema, where it has one.
func QuoteTable(d Dialect, n TableName) string {
	if n.Schema == "" {
		return QuoteName(d, n.Table)
	}
	return QuoteName(d, n.Schema) + "." + QuoteName(d, n.Table)
}
