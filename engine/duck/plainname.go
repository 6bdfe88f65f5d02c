package duck

import (
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

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
