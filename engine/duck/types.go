package duck

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// primitives are the column types of Delta as DuckDB names them.
var primitives = map[schema.Primitive]string{
	schema.String:       "VARCHAR",
	schema.Long:         "BIGINT",
	schema.Integer:      "INTEGER",
	schema.Short:        "SMALLINT",
	schema.Byte:         "TINYINT",
	schema.Float:        "FLOAT",
	schema.Double:       "DOUBLE",
	schema.Boolean:      "BOOLEAN",
	schema.Binary:       "BLOB",
	schema.Date:         "DATE",
	schema.Timestamp:    "TIMESTAMP WITH TIME ZONE",
	schema.TimestampNTZ: "TIMESTAMP",
	schema.Void:         "INTEGER", // always null
}

// queryType is a Delta type in DuckDB's SQL.
func queryType(t schema.Type) (string, error) {
	switch t := t.(type) {
	case schema.Primitive:
		if name, ok := primitives[t]; ok {
			return name, nil
		}
	case schema.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale), nil
	case *schema.Array:
		element, err := queryType(t.Element)
		return element + "[]", err
	case *schema.Map:
		key, err := queryType(t.Key)
		if err != nil {
			return "", err
		}
		value, err := queryType(t.Value)
		return "MAP(" + key + ", " + value + ")", err
	case *schema.Struct:
		var b strings.Builder
		for i, f := range t.Fields {
			field, err := queryType(f.Type)
			if err != nil {
				return "", err
			}
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(duckdb.QuoteIdent(f.Name) + " " + field)
		}
		return "STRUCT(" + b.String() + ")", nil
	}
	return "", fmt.Errorf("type %s cannot be queried", t)
}

// plainFields says whether every field name inside a type reads the same with and without quotes.
// DuckDB writes struct paths in plans unquoted, so others cannot be told from SQL.
func plainFields(t schema.Type) bool {
	switch t := t.(type) {
	case *schema.Array:
		return plainFields(t.Element)
	case *schema.Map:
		return plainFields(t.Key) && plainFields(t.Value)
	case *schema.Struct:
		for _, f := range t.Fields {
			if !plainName(f.Name) || !plainFields(f.Type) {
				return false
			}
		}
	}
	return true
}

func plainName(s string) bool {
	if s == "" || isDigit(s[0]) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func isDigit(c byte) bool {
	return c >= '0' && c <= '9'
}
