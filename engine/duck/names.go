package duck

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/internal/sql"
)

// item is one entry of a SELECT list as it is written.
type item struct {
	from, to int    // its bytes in the statement
	text     string // without comments, each run of blanks as one
}

// titled gives each result column that nobody named the text of its SELECT item, where DuckDB gives it the
// text of its own parse tree: count(*) in place of count_star(). The names of all others stay.
func (s *statement) titled(columns *arrow.Schema) *arrow.Schema {
	fields := slices.Clone(columns.Fields())
	var list []any
	if main := leftmost(s.root); main != nil {
		list, _ = main["select_list"].([]any)
	}
	items := selectList(s.sql)
	if len(items) != len(list) {
		items = nil
	}
	many := slices.IndexFunc(list, expands)
	if many < 0 && len(list) != len(fields) {
		items = nil
	}
	changed := false
	if !strings.Contains(strings.ToLower(s.sql), "count_star") {
		for i, f := range fields { // what is named below a * or in a subquery has no item of its own
			fields[i].Name = strings.ReplaceAll(f.Name, "count_star()", "count(*)")
			changed = changed || fields[i].Name != f.Name
		}
	}
	for i := range items {
		n, at := object(list[i]), i
		if many >= 0 && i >= many { // what stands behind a * is counted from the right
			if slices.ContainsFunc(list[i:], expands) {
				continue
			}
			at = len(fields) - (len(list) - i)
		}
		place := offset(n)
		if place >= 0 && (place < items[i].from || place >= items[i].to) {
			return columns
		}
		if at < 0 || at >= len(fields) || str(n["alias"]) != "" || str(n["class"]) == "COLUMN_REF" {
			continue
		}
		changed = changed || fields[at].Name != items[i].text
		fields[at].Name = items[i].text
	}
	if !changed {
		return columns
	}
	metadata := columns.Metadata()
	return arrow.NewSchema(fields, &metadata)
}

// leftmost is the SELECT whose columns name those of a query; nil for one of another kind.
func leftmost(n node) node {
	for n != nil && str(n["type"]) != "SELECT_NODE" {
		switch children, _ := n["children"].([]any); {
		case n["left"] != nil:
			n = object(n["left"])
		case n["child"] != nil:
			n = object(n["child"])
		case len(children) > 0:
			n = object(children[0])
		default:
			return nil
		}
	}
	return n
}

// expands says whether a SELECT item may give other than one column: a star, COLUMNS(...) or unnest.
func expands(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, expands)
	case node:
		if str(v["class"]) == "STAR" || slices.Contains([]string{"unnest", "unlist"}, str(v["function_name"])) {
			return true
		}
		for key, member := range v {
			if key != "subquery" && expands(member) {
				return true
			}
		}
	}
	return false
}

// selectEnds are the keywords that end a SELECT list.
var selectEnds = []string{"FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "USING", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT", "EXCEPT", ";"}

// selectList cuts the items out of the first SELECT of a text that is not in parentheses. It knows no grammar:
// whoever uses it compares with what the parser counted.
func selectList(text string) []item {
	tokens := sql.Lex(sql.DuckDB, text)
	depth, begin := 0, -1
	var items []item
	var open []sql.Token // of the item that has begun
	take := func() {
		if len(open) > 0 {
			from, to := open[0].From, open[len(open)-1].To()
			items = append(items, item{from, to, oneLine(text[from:to])})
		}
		open = nil
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Is("(", "[", "{"):
			depth++
		case t.Is(")", "]", "}"):
			depth--
		case depth > 0:
		case begin < 0:
			if t.Is("SELECT") {
				begin = afterDistinct(tokens, i+1)
				i = begin - 1
			}
			continue
		case t.Is(","):
			take()
			continue
		case t.Is(selectEnds...) && !inside(tokens, i):
			take()
			return items
		}
		if begin >= 0 {
			open = append(open, t)
		}
	}
	take()
	return items
}

// afterDistinct is the token behind ALL, DISTINCT or DISTINCT ON (...), which may stand behind SELECT.
func afterDistinct(tokens []sql.Token, i int) int {
	if i >= len(tokens) || !tokens[i].Is("ALL", "DISTINCT") {
		return i
	}
	i++
	if i+1 >= len(tokens) || !tokens[i].Is("ON") || !tokens[i+1].Is("(") {
		return i
	}
	depth := 0
	for i++; i < len(tokens); i++ {
		if tokens[i].Is("(") {
			depth++
		} else if tokens[i].Is(")") {
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

// inside says whether a keyword belongs to an expression: IS DISTINCT FROM, WITHIN GROUP, or a name behind a dot.
func inside(tokens []sql.Token, i int) bool {
	if i == 0 {
		return false
	}
	before, t := tokens[i-1], tokens[i]
	return before.Is(".") || before.Is("DISTINCT") && t.Is("FROM") || before.Is("WITHIN") && t.Is("GROUP")
}

// oneLine is the text of an expression without comments, each run of blanks as one.
func oneLine(text string) string {
	var b strings.Builder
	blank := false
	for _, t := range sql.LexAll(sql.DuckDB, text) {
		if t.Kind == sql.Blank || t.Kind == sql.Comment {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteString(t.Text)
	}
	return b.String()
}
