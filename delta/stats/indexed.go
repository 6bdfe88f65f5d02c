package stats

import (
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// DefaultIndexed is how many leaf columns have statistics where the table does not say otherwise.
const DefaultIndexed = 32

// Filter keeps the statistics that a table wants in its log, and leaves out all others: of columns that are not among them nobody
// reads a value there.
type Filter struct {
	columns map[string]bool
	prefix  int
}

// NewFilter makes a Filter of the columns of the data files and the table's properties: see Indexed and DefaultPrefix.
func NewFilter(s *schema.Struct, properties map[string]string) Filter {
	f := Filter{columns: map[string]bool{}, prefix: DefaultPrefix}
	for _, path := range Indexed(s, properties) {
		f.columns[strings.Join(path, "\x00")] = true
	}
	if n, err := strconv.Atoi(properties["delta.dataSkippingStringPrefixLength"]); err == nil && n >= 0 && n <= maxPrefix {
		f.prefix = n
	}
	return f
}

// File returns what is kept of the statistics of a file.
func (f Filter) File(file File) File {
	var kept []Column
	for _, c := range file.Columns {
		if f.columns[strings.Join(c.Path, "\x00")] {
			kept = append(kept, c)
		}
	}
	file.Columns = kept
	file.Truncate(f.prefix)
	return file
}

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
