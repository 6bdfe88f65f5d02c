package job

import "strings"

// Statement is one of several in a text.
type Statement struct {
	Text         string
	Line, Column int // where it begins, from 1; Column in characters
}

// Split cuts a text into its statements, at the semicolons outside of texts, quoted names and
// comments. A statement has no blanks and no comments around it. Escapes says that a backslash in a text stands before a
// character that is meant as it is, as in Spark, rather than for itself, as in DuckDB.
func Split(sql string, escapes bool) []Statement {
	var out []Statement
	start, end := -1, 0 // of the statement at hand
	flush := func() {
		if start >= 0 {
			before := sql[:start]
			last := before[strings.LastIndexByte(before, '\n')+1:]
			out = append(out, Statement{sql[start:end], strings.Count(before, "\n") + 1, len([]rune(last)) + 1})
		}
		start = -1
	}
	for at := 0; at < len(sql); {
		next, says := piece(sql, at, escapes)
		switch {
		case sql[at] == ';':
			flush()
		case says:
			if start < 0 {
				start = at
			}
			end = next
		}
		at = next
	}
	flush()
	return out
}

// piece is where the piece that begins at a byte ends, and whether it is more than a blank or a comment.
func piece(sql string, at int, escapes bool) (next int, says bool) {
	rest := sql[at:]
	switch c := rest[0]; {
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		return at + 1, false
	case strings.HasPrefix(rest, "--"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return at + n, false
		}
		return len(sql), false
	case strings.HasPrefix(rest, "/*"):
		return commentEnd(sql, at), false
	case c == '\'' || c == '"' || c == '`':
		for i := at + 1; i < len(sql); i++ {
			if escapes && c != '`' && sql[i] == '\\' {
				i++
			} else if sql[i] == c { // a doubled one begins the next piece
				return i + 1, true
			}
		}
		return len(sql), true
	case c == '$' && !escapes:
		if tag := dollarTag(rest); tag != "" {
			if n := strings.Index(rest[len(tag):], tag); n >= 0 {
				return at + 2*len(tag) + n, true
			}
			return len(sql), true
		}
	}
	return at + 1, true
}

// commentEnd passes over a comment that begins at a byte; comments nest.
func commentEnd(sql string, at int) int {
	for depth := 0; at < len(sql); {
		switch {
		case strings.HasPrefix(sql[at:], "/*"):
			depth++
			at += 2
		case strings.HasPrefix(sql[at:], "*/"):
			at += 2
			if depth--; depth == 0 {
				return at
			}
		default:
			at++
		}
	}
	return len(sql)
}

// dollarTag is the $tag$ with which a text begins, or "".
func dollarTag(s string) string {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '$':
			return s[:i+1]
		case c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 1 || c < '0' || c > '9'):
			return ""
		}
	}
	return ""
}
