package spark

import "slices"

// begins are the words that a statement of Spark or of its Delta may begin with.
var begins = []string{
	"WITH", "SELECT", "FROM", "VALUES", "TABLE", "MAP", "REDUCE", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE",
	"CREATE", "ALTER", "DROP", "COMMENT", "UNDROP", "USE", "SET", "RESET", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "ANALYZE",
	"REFRESH", "CACHE", "UNCACHE", "CLEAR", "MSCK", "REPAIR", "LOAD", "ADD", "LIST", "EXECUTE", "BEGIN", "DECLARE", "CALL", "DFS",
	"EXPORT", "IMPORT", "LOCK", "UNLOCK", "GRANT", "REVOKE", "START", "COMMIT", "ROLLBACK", "OPTIMIZE", "VACUUM", "RESTORE",
	"CONVERT", "GENERATE", "REORG", "COPY", "SYNC", "CLONE", "OPEN", "FETCH", "CLOSE",
}

// Nonsense says that Spark takes a text for no statement at all, as far as its words alone tell: it begins
// with none that a statement may begin with, a quote is not closed, or brackets do not match.
func Nonsense(sql string) bool {
	t := pieces(sql)
	labelled := len(t) > 1 && t[1].text == ":" // the name of a block
	if len(t) == 0 || t[0].kind == word && !t[0].is(begins...) && !labelled {
		return true
	}
	var open []string
	for _, p := range t {
		if p.kind == quoted && p.to == len(sql) && !ended(sql[p.from:]) {
			return true
		}
		if p.kind != other {
			continue
		}
		switch i := slices.Index([]string{"(", "[", ")", "]"}, p.text); {
		case i == 0, i == 1:
			open = append(open, p.text)
		case i > 1:
			if len(open) == 0 || open[len(open)-1] != []string{"(", "["}[i-2] {
				return true
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) > 0
}

// ended says whether a text in quotes has an end.
func ended(text string) bool {
	if text[0] == 'r' || text[0] == 'R' {
		text = text[1:]
	}
	return len(text) > 1 && text[len(text)-1] == text[0] || text[0] == '$'
}
