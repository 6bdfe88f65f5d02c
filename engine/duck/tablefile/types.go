package tablefile

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

// QueryType is a Delta type in DuckDB's SQL.
func QueryType(t schema.Type) (string, error) {
	switch t := t.(type) {
	case schema.Primitive:
		if name, ok := primitives[t]; ok {
			return name, nil
		}
	case schema.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale), nil
	case *schema.Array:
		element, err := QueryType(t.Element)
		return element + "[]", err
	case *schema.Map:
		key, err := QueryType(t.Key)
		if err != nil {
			return "", err
		}
		value, err := QueryType(t.Value)
		return "MAP(" + key + ", " + value + ")", err
	case *schema.Struct:
		var b strings.Builder
		for i, f := range t.Fields {
			field, err := QueryType(f.Type)
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
