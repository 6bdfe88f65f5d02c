package sql

import (
	"strings"

	"github.com/petalake/petalake/spec"
)

// Reference is a place in a statement where a table is named.
type Reference struct {
	Name     []string // its parts, without their quotes
	From, To int      // bytes of the name in the statement
	Travels  bool     // VERSION or TIMESTAMP AS OF stands behind it
	Alias    bool     // another name for it stands behind it
}

// sparkCatalog is the catalog of Spark that has the tables of the lake.
const sparkCatalog = "spark_catalog"

// Table is the table of the lake that a reference means: a name of at most a schema and a table, with Spark's own
// catalog before them or not. It is not ok for other names.
func (r Reference) Table() (name TableName, ok bool) {
	parts := r.Name
	if len(parts) == 3 && strings.EqualFold(parts[0], sparkCatalog) {
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		return spec.NewTableName("", parts[0]), true
	case 2:
		return spec.NewTableName(parts[0], parts[1]), true
	}
	return TableName{}, false
}

// clauses are the words that end a list of tables.
var clauses = []string{
	"WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "SELECT", "UNION", "EXCEPT", "INTERSECT", "MINUS", "WINDOW", "SORT",
	"CLUSTER", "DISTRIBUTE", "SET", "WHEN", "VALUES", "QUALIFY",
}

// notTables are words that stand where a table could.
var notTables = append([]string{"LATERAL", "TABLE", "IF", "IDENTIFIER", "STREAM", "OVERWRITE", "ONLY"}, clauses...)

// notAliases are words that may stand behind a table and are no name for it.
var notAliases = append([]string{
	"ON", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "SEMI", "ANTI", "NATURAL", "OUTER", "USING", "TABLESAMPLE", "PIVOT",
	"UNPIVOT", "FOR", "VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME", "LATERAL", "AND", "OR", "PARTITION",
}, clauses...)

// References finds the tables that a statement reads or writes, as far as its words tell: names behind FROM,
// JOIN, INTO, UPDATE, TABLE and USING. The names of its own WITH are not among them.
func References(d Dialect, text string) []Reference {
	f := finder{reader: reader{text: text, tokens: Lex(d, text)}, levels: []level{{selects: true}}}
	f.subqueries()
	var out []Reference
	for ; !f.ended(); f.at++ {
		expected, written := f.expects()
		if !expected {
			continue
		}
		if r, next, ok := f.reference(f.at+1, written); ok && !(len(r.Name) == 1 && f.own[strings.ToLower(r.Name[0])]) {
			out = append(out, r)
			f.at = next - 1
		}
	}
	return out
}

// Rewrite puts in the place of each table of a statement what with says for it; "" leaves it as it is.
func Rewrite(d Dialect, text string, with func(Reference) string) string {
	var out strings.Builder
	at := 0
	for _, r := range References(d, text) {
		if instead := with(r); instead != "" {
			out.WriteString(text[at:r.From])
			out.WriteString(instead)
			at = r.To
		}
	}
	out.WriteString(text[at:])
	return out.String()
}

// finder goes through the tokens of a statement and finds names of tables.
type finder struct {
	reader
	own    map[string]bool // the names of the statement's WITH, in lower case
	levels []level         // the parentheses around the token at hand, innermost last
}

// level is what is known inside of a pair of parentheses.
type level struct {
	selects bool // a FROM in it is that of a query
	tables  bool // a comma in it parts tables
}

// subqueries notes the names of the statement's WITH.
func (f *finder) subqueries() {
	f.own = map[string]bool{}
	for i := range f.tokens {
		if f.isName(i) && f.definition(i+1) {
			f.own[strings.ToLower(f.tokens[i].Value())] = true
		}
	}
}

// token is one of the statement's, an empty one behind its end.
func (f *finder) token(i int) Token {
	if i < 0 || i >= len(f.tokens) {
		return Token{}
	}
	return f.tokens[i]
}

// isName says whether a token is a part of a name.
func (f *finder) isName(i int) bool { return i < len(f.tokens) && f.tokens[i].IsName() }

// definition says whether AS ( stands at a token, with a list of columns before it at most: what is before is then the
// name of a WITH.
func (f *finder) definition(i int) bool {
	if f.token(i).Is("(") {
		for i++; f.isName(i) || f.token(i).Is(","); i++ {
		}
		if !f.token(i).Is(")") {
			return false
		}
		i++
	}
	return f.token(i).Is("AS") && f.token(i+1).Is("(")
}

// expects says whether a table may be named behind the token at hand, and whether it would be written: a list in
// parentheses behind it is then of its columns.
func (f *finder) expects() (expected, written bool) {
	now := &f.levels[len(f.levels)-1]
	before, t, next := f.token(f.at-1), f.token(f.at), f.token(f.at+1)
	switch {
	case t.Is("("):
		f.levels = append(f.levels, level{selects: next.Is("FROM")})
	case t.Is(")") && len(f.levels) > 1:
		f.levels = f.levels[:len(f.levels)-1]
	case t.Is("FROM"):
		now.tables = now.selects && !before.Is("DISTINCT") // IS DISTINCT FROM compares
		return now.tables, false
	case t.Is("INTO", "OVERWRITE", "TABLE"), t.Is("EXISTS") && before.Is("IF", "NOT"):
		return true, true
	case t.Is("JOIN"):
		now.tables = true
		return true, false
	case t.Is("UPDATE", "OPTIMIZE", "VACUUM"), t.Is("USING") && f.at+1 < len(f.tokens) && !next.Is("(", "delta"):
		return true, false
	case t.Is(","):
		return now.tables, false
	case t.Is(clauses...):
		now.tables = false
		now.selects = now.selects || t.Is("SELECT")
	}
	return false, false
}

// reference reads the name of a table that begins at a token. A list in parentheses behind one that is written is of its columns;
// behind another it makes the name that of a function.
func (f *finder) reference(i int, written bool) (r Reference, next int, ok bool) {
	if !f.isName(i) || f.tokens[i].Is(notTables...) {
		return r, i, false
	}
	r = Reference{Name: []string{f.tokens[i].Value()}, From: f.tokens[i].From, To: f.tokens[i].To()}
	for i++; f.token(i).Is(".") && f.isName(i+1); i += 2 {
		r.Name, r.To = append(r.Name, f.tokens[i+1].Value()), f.tokens[i+1].To()
	}
	if f.token(i).Is("(") && !written {
		return r, i, false
	}
	at := i
	if f.token(at).Is("FOR") {
		at++
	}
	r.Travels = f.token(at).Is("VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME") && f.token(at+1).Is("AS") && f.token(at+2).Is("OF")
	r.Alias = f.token(i).Is("AS") || f.isName(i) && !f.tokens[i].Is(notAliases...)
	return r, i, true
}
