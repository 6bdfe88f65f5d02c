package sql

import "slices"

// statementWords are the words that a statement of Spark or of its Delta may begin with.
var statementWords = []string{
	"WITH", "SELECT", "FROM", "VALUES", "TABLE", "MAP", "REDUCE", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE",
	"CREATE", "ALTER", "DROP", "COMMENT", "UNDROP", "USE", "SET", "RESET", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "ANALYZE",
	"REFRESH", "CACHE", "UNCACHE", "CLEAR", "MSCK", "REPAIR", "LOAD", "ADD", "LIST", "EXECUTE", "BEGIN", "DECLARE", "CALL", "DFS",
	"EXPORT", "IMPORT", "LOCK", "UNLOCK", "GRANT", "REVOKE", "START", "COMMIT", "ROLLBACK", "OPTIMIZE", "VACUUM", "RESTORE",
	"CONVERT", "GENERATE", "REORG", "COPY", "SYNC", "CLONE", "OPEN", "FETCH", "CLOSE",
}

// Nonsense says that Spark takes a text for no statement at all, as far as its words alone tell: it begins with
// none that a statement may begin with, a quote or a comment is not closed, or brackets do not match.
func Nonsense(text string) bool {
	t := Lex(Spark, text)
	labelled := len(t) > 1 && t[1].Is(":") // the name of a block
	if len(t) == 0 || (t[0].Kind == Word || t[0].Kind == Number) && !t[0].Is(statementWords...) && !labelled {
		return true
	}
	closes := map[string]string{")": "(", "]": "["}
	var open []string
	for _, token := range t {
		switch {
		case token.Open:
			return true
		case token.Is("(", "["):
			open = append(open, token.Text)
		case token.Is(")", "]"):
			if len(open) == 0 || open[len(open)-1] != closes[token.Text] {
				return true
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) > 0
}

// readingWords are the words with which a statement of Spark begins that changes nothing, a change behind WITH
// aside.
var readingWords = []string{"SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "TABLE"}

// Reads says that a statement for Spark changes nothing, as far as its words tell.
func Reads(text string) bool {
	t := slices.DeleteFunc(Lex(Spark, text), func(t Token) bool { return t.Kind != Word })
	if len(t) == 0 || !t[0].Is(readingWords...) {
		return false
	}
	return !t[0].Is("WITH") || !slices.ContainsFunc(t, func(t Token) bool { return t.Is("INSERT", "UPDATE", "DELETE", "MERGE") })
}
