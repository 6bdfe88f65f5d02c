package spark

import (
	"slices"
	"strings"
)

// Reference is a place in a statement where a table is named.
type Reference struct {
	Name     []string // its parts, without their quotes
	From, To int      // bytes of the name in the statement
	Travels  bool     // VERSION or TIMESTAMP AS OF stands behind it
	Alias    bool     // another name for it stands behind it
}

// piece is one token of a statement that says something.
type piece struct {
	kind     int
	from, to int
	text     string // of a name in backquotes: without them
}

// is says whether a token is a keyword.
func (p piece) is(words ...string) bool {
	return p.kind == word && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, p.text) })
}

// name says whether a token may be a part of a name.
func (p piece) name() bool {
	return p.kind == word || p.kind == quoted && p.to > p.from && p.text != "" && p.tick()
}

func (p piece) tick() bool { return p.to-p.from == len(p.text)+2 }

// pieces are the tokens of a statement but for blanks and comments.
func pieces(sql string) []piece {
	var out []piece
	for at := 0; at < len(sql); {
		kind, n := token(sql, at)
		p := piece{kind: kind, from: at, to: at + n, text: sql[at : at+n]}
		if kind == quoted && sql[at] == '`' {
			p.text = strings.Trim(p.text, "`")
		}
		if kind != blank {
			out = append(out, p)
		}
		at += n
	}
	return out
}

// clauses end a list of tables.
var clauses = []string{
	"WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "SELECT", "UNION", "EXCEPT", "INTERSECT", "MINUS", "WINDOW", "SORT",
	"CLUSTER", "DISTRIBUTE", "SET", "WHEN", "VALUES", "QUALIFY",
}

// References finds the tables that a statement reads or writes, as far as its words tell: names
// behind FROM, JOIN, INTO, UPDATE, TABLE and USING. The names of its own WITH are not among them.
func References(sql string) []Reference {
	t := pieces(sql)
	own := map[string]bool{}
	for i := range t {
		if i+1 < len(t) && t[i].name() && behindName(t, i+1) {
			own[strings.ToLower(t[i].text)] = true
		}
	}
	var out []Reference
	type level struct{ selects, tables bool }
	levels := []level{{selects: true}}
	for i := 0; i < len(t); i++ {
		now := &levels[len(levels)-1]
		expects, written := false, false // a table; one with a list of columns behind it, maybe
		switch p := t[i]; {
		case p.text == "(" && p.kind == other:
			levels = append(levels, level{selects: i+1 < len(t) && t[i+1].is("FROM")})
		case p.text == ")" && p.kind == other && len(levels) > 1:
			levels = levels[:len(levels)-1]
		case p.is("FROM"):
			now.tables = now.selects && (i == 0 || !t[i-1].is("DISTINCT"))
			expects = now.tables
		case p.is("INTO", "OVERWRITE", "TABLE"), p.is("EXISTS") && i > 0 && t[i-1].is("IF", "NOT"):
			expects, written = true, true
		case p.is("JOIN", "UPDATE", "OPTIMIZE", "VACUUM"), p.is("USING") && i+1 < len(t) && t[i+1].text != "(" && !t[i+1].is("delta"):
			expects = true
			now.tables = now.tables || p.is("JOIN")
		case p.text == "," && p.kind == other:
			expects = now.tables
		case p.is(clauses...):
			now.tables = false
			now.selects = now.selects || p.is("SELECT")
		}
		if !expects {
			continue
		}
		if r, next, ok := reference(t, i+1, written); ok && !(len(r.Name) == 1 && own[strings.ToLower(r.Name[0])]) {
			out = append(out, r)
			i = next - 1
		}
	}
	return out
}

// behindName says whether AS ( stands at a place, with a list of columns before it at most: what is
// before is then the name of a WITH.
func behindName(t []piece, i int) bool {
	if t[i].text == "(" && t[i].kind == other {
		for i++; i < len(t) && (t[i].name() || t[i].text == ","); i++ {
		}
		if i >= len(t) || t[i].text != ")" {
			return false
		}
		i++
	}
	return i+1 < len(t) && t[i].is("AS") && t[i+1].text == "(" && t[i+1].kind == other
}

// notTables are words that stand where a table could.
var notTables = append([]string{"LATERAL", "TABLE", "IF", "IDENTIFIER", "STREAM", "OVERWRITE", "ONLY"}, clauses...)

// reference reads the name of a table. A list in parentheses behind one that is written is of its columns;
// behind another it makes the name that of a function.
func reference(t []piece, i int, written bool) (r Reference, next int, ok bool) {
	if i >= len(t) || !t[i].name() || t[i].is(notTables...) {
		return r, i, false
	}
	r = Reference{Name: []string{t[i].text}, From: t[i].from, To: t[i].to}
	for i++; i+1 < len(t) && t[i].text == "." && t[i+1].name(); i += 2 {
		r.Name, r.To = append(r.Name, t[i+1].text), t[i+1].to
	}
	if i < len(t) && t[i].text == "(" && t[i].kind == other && !written {
		return r, i, false
	}
	at := i
	if at < len(t) && t[at].is("FOR") {
		at++
	}
	if at+2 < len(t) && t[at].is("VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME") && t[at+1].is("AS") && t[at+2].is("OF") {
		r.Travels = true
	}
	r.Alias = i < len(t) && (t[i].is("AS") || t[i].name() && !t[i].is(notAlias...))
	return r, i, true
}

// notAlias are words that may stand behind a table and are no name for it.
var notAlias = append([]string{
	"ON", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "SEMI", "ANTI", "NATURAL", "OUTER", "USING", "TABLESAMPLE", "PIVOT",
	"UNPIVOT", "FOR", "VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME", "LATERAL", "AND", "OR", "PARTITION",
}, clauses...)

// Rewrite puts in the place of each table what with says for it; "" leaves it as it is.
func Rewrite(sql string, with func(Reference) string) string {
	var out strings.Builder
	at := 0
	for _, r := range References(sql) {
		if text := with(r); text != "" {
			out.WriteString(sql[at:r.From])
			out.WriteString(text)
			at = r.To
		}
	}
	out.WriteString(sql[at:])
	return out.String()
}
