package stats

import (
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// DefaultIndexed is how many leaf columns have statistics where the table does not say otherwise.
const DefaultIndexed = 32

// Indexed returns the leaf columns that have statistics, in the schema's order: those at or under
// the names in delta.dataSkippingStatsColumns, else the first delta.dataSkippingNumIndexedCols (-1
// is all), else the first 32. The schema is that of the data files: without partition columns. A
// property that cannot be read counts as absent. The result is never nil, even where it is empty.
func Indexed(s *schema.Struct, properties map[string]string) []schema.Path {
	named, byName := statsColumns(s, properties["delta.dataSkippingStatsColumns"])
	limit := DefaultIndexed
	if n, err := strconv.Atoi(properties["delta.dataSkippingNumIndexedCols"]); err == nil && n >= -1 {
		limit = n
	}
	leaves := []schema.Path{}
	count := 0
	for path, f := range s.Leaves() {
		if !byName && count == limit {
			break
		}
		count++
		if byName && !isWanted(path, named) || f.Type == schema.Void || f.Type == schema.Variant {
			continue
		}
		leaves = append(leaves, path)
	}
	return leaves
}

func statsColumns(s *schema.Struct, list string) (named [][]string, ok bool) {
	for _, text := range splitColumns(list) {
		path, err := schema.ParsePath(text)
		if err != nil {
			continue
		}
		ok = true
		if found, _, exists := s.Lookup(path...); exists {
			named = append(named, found)
		}
	}
	if ok && named == nil {
		named = [][]string{{""}} // none of the names exists: no column is wanted
	}
	return named, ok
}

// splitColumns splits at commas outside backticks.
func splitColumns(list string) []string {
	quoted := false
	return strings.FieldsFunc(list, func(r rune) bool {
		if r == '`' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
}
