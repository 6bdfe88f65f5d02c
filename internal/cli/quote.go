package cli

import (
	"regexp"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/sql"
)

// quoteName writes a name of a table as SQL takes it, whatever is in it.
func quoteName(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = sql.QuoteName(sql.DuckDB, p)
	}
	return strings.Join(parts, ".")
}

// typedName writes it as a person would type it between the double quotes of a shell: with quotes
// only where SQL needs them.
func typedName(name string) string {
	plain := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	for part := range strings.SplitSeq(name, ".") {
		if _, reserved := slices.BinarySearch(reservedWords, strings.ToLower(part)); reserved || !plain.MatchString(part) {
			return strings.ReplaceAll(quoteName(name), `"`, `\"`)
		}
	}
	return name
}

// reservedWords are those that DuckDB does not take as the name of a table, in order.
var reservedWords = []string{
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
	"collate", "column", "constraint", "create", "default", "deferrable", "desc", "describe", "distinct", "do", "else",
	"end", "except", "false", "fetch", "for", "foreign", "from", "group", "having", "in", "initially", "intersect",
	"into", "lambda", "lateral", "leading", "limit", "not", "null", "offset", "on", "only", "or", "order", "pivot",
	"pivot_longer", "pivot_wider", "placing", "primary", "qualify", "references", "returning", "select", "show", "some",
	"summarize", "symmetric", "table", "then", "to", "trailing", "true", "union", "unique", "unpivot", "using",
	"variadic", "when", "where", "window", "with",
}
