package shell

import (
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/sql"
)

// Vocabulary is the names that can be completed.
type Vocabulary struct {
	Tables   map[string][]string // columns by the name of their table
	Commands []string            // of the shell itself, with their dot or backslash
}

// keywords are completed everywhere, and are in upper case unless the word was begun in lower.
var keywords = strings.Fields(`ALL AND AS ASC BETWEEN BY CASE CAST COUNT CROSS DATE DESC DESCRIBE
	DISTINCT ELSE END EXCEPT EXISTS EXPLAIN FALSE FILTER FROM FULL GROUP HAVING ILIKE IN INNER INTERSECT
	INTERVAL IS JOIN LEFT LIKE LIMIT NOT NULL NULLS OF OFFSET ON OR ORDER OUTER OVER PARTITION
	QUALIFY RIGHT SELECT SHOW SUMMARIZE TABLES THEN TIMESTAMP TRUE UNION USING VALUES VERSION WHEN
	WHERE WINDOW WITH`)

// Complete says what the word that ends at byte pos of the text may become: where the word begins,
// and the candidates, sorted. After FROM and JOIN they are tables, after "t." the columns of t.
func (v Vocabulary) Complete(text string, pos int) (start int, candidates []string) {
	head := text[:pos]
	if strings.HasPrefix(head, `\`) || strings.HasPrefix(head, ".") {
		if at := strings.LastIndexByte(head, ' '); at >= 0 {
			return at + 1, matching(v.tables(), head[at+1:])
		}
		return 0, matching(v.Commands, head)
	}
	tokens := sql.LexAll(sql.DuckDB, head)
	n := len(tokens)
	if n > 0 && (tokens[n-1].Open || tokens[n-1].Kind == sql.Comment) {
		return pos, nil
	}
	start = pos
	for n > 0 && (tokens[n-1].Kind == sql.Word || tokens[n-1].Kind == sql.Quoted || tokens[n-1].Kind == sql.Number || tokens[n-1].Is(".")) {
		n--
		start = tokens[n].From
	}
	word := head[start:]
	if before := sql.Lex(sql.DuckDB, head[:start]); len(before) > 0 && before[len(before)-1].Is("FROM", "JOIN", "DESCRIBE", "SUMMARIZE") {
		candidates = matching(v.tables(), word)
	} else {
		candidates = v.anywhere(text, word)
	}
	slices.Sort(candidates)
	return start, slices.Compact(candidates)
}

// anywhere completes columns of the tables the text names, tables, and keywords.
func (v Vocabulary) anywhere(text, word string) []string {
	if owner, column, dotted := cutLast(word); dotted {
		var found []string
		for _, c := range matching(v.columnsOf(text, owner), column) {
			found = append(found, owner+"."+c)
		}
		return append(found, matching(v.tables(), word)...)
	}
	if word == "" {
		return nil
	}
	var found []string
	for table, columns := range v.Tables {
		if mentions(text, table) {
			found = append(found, matching(columns, word)...)
		}
	}
	found = append(found, matching(v.tables(), word)...)
	lower := word == strings.ToLower(word)
	for _, k := range matching(keywords, word) {
		if lower {
			k = strings.ToLower(k)
		}
		found = append(found, k)
	}
	return found
}

func (v Vocabulary) tables() []string {
	var names []string
	for name := range v.Tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// columnsOf are the columns of what owner stands for in the text: an alias, a table, or the last part of a
// table's name, of one that the text names before another.
func (v Vocabulary) columnsOf(text, owner string) []string {
	tokens := sql.Lex(sql.DuckDB, text)
	owner = unquoted(owner)
	var found []string
	best := 0
	for _, table := range v.tables() {
		_, last, _ := cutLast(table)
		rank := 0
		switch at := ends(tokens, table); {
		case slices.ContainsFunc(at, func(end int) bool { return strings.EqualFold(alias(tokens[end:]), owner) }):
			rank = 4
		case strings.EqualFold(owner, table):
			rank = 3
		case strings.EqualFold(owner, last) && len(at) > 0:
			rank = 2
		case strings.EqualFold(owner, last):
			rank = 1
		}
		if rank > best {
			best, found = rank, v.Tables[table]
		}
	}
	return found
}

// unquoted is a name without the quotes around its parts.
func unquoted(name string) string {
	var b strings.Builder
	for _, t := range sql.Lex(sql.DuckDB, name) {
		b.WriteString(t.Value())
	}
	return b.String()
}

// ends are the places in a list of tokens behind the name of a table.
func ends(tokens []sql.Token, table string) []int {
	var at []int
	parts := strings.Split(table, ".")
	for i := range tokens {
		n := 2*len(parts) - 1
		if i+n > len(tokens) || i > 0 && tokens[i-1].Is(".") {
			continue
		}
		same := true
		for j, t := range tokens[i : i+n] {
			same = same && (j%2 == 1 && t.Is(".") || j%2 == 0 && t.IsName() && strings.EqualFold(t.Value(), parts[j/2]))
		}
		if same {
			at = append(at, i+n)
		}
	}
	return at
}

// alias is the name that a table has in its statement, of the tokens behind the table's own; "" where there is none.
// VERSION AS OF 3 and its like stand before it.
func alias(tokens []sql.Token) string {
	is := func(i int, words ...string) bool { return i < len(tokens) && tokens[i].Is(words...) }
	i := 0
	if is(i, "FOR") {
		i++
	}
	if is(i, "VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME") && is(i+1, "AS") && is(i+2, "OF") {
		i += 4
	}
	if is(i, "AS") {
		i++
	}
	if i >= len(tokens) || !tokens[i].IsName() || slices.ContainsFunc(keywords, func(k string) bool { return tokens[i].Is(k) }) {
		return ""
	}
	return tokens[i].Value()
}

// mentions says whether the text has the name of a table in it.
func mentions(text, table string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(table))
}

// cutLast cuts at the last dot; without one the whole text is the last part.
func cutLast(s string) (before, last string, dotted bool) {
	at := strings.LastIndexByte(s, '.')
	if at < 0 {
		return "", s, false
	}
	return s[:at], s[at+1:], true
}

func matching(names []string, prefix string) []string {
	var found []string
	for _, n := range names {
		if len(n) >= len(prefix) && strings.EqualFold(n[:len(prefix)], prefix) {
			found = append(found, n)
		}
	}
	return found
}

// common is the longest beginning that all candidates share, in any case of letters.
func common(candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	prefix := candidates[0]
	for _, c := range candidates[1:] {
		for len(prefix) > 0 && (len(c) < len(prefix) || !strings.EqualFold(c[:len(prefix)], prefix)) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return strings.ToValidUTF8(prefix, "")
}
