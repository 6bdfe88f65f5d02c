package shell

import "strings"

// Split cuts SQL text into its statements, without their semicolons and without the blanks around
// them. Rest is what follows the last semicolon, "" where that is only blanks and comments.
func Split(text string) (statements []string, rest string) {
	start, bare := 0, true
	for i := 0; i < len(text); {
		end, kind := next(text, i)
		switch kind {
		case semicolon:
			if !bare {
				statements = append(statements, strings.TrimSpace(text[start:i]))
			}
			start, bare = end, true
		case code, literal, open:
			bare = false
		}
		i = end
	}
	if bare {
		return statements, ""
	}
	return statements, strings.TrimSpace(text[start:])
}

// Statements is Split, with the rest as the last statement: what a file holds.
func Statements(text string) []string {
	all, rest := Split(text)
	if rest != "" {
		all = append(all, rest)
	}
	return all
}

// kind is what a piece of SQL text is.
type kind int

const (
	blank   kind = iota
	comment      // to the end of the line, or between /* and */
	code         // a word, a number, an operator
	literal      // a quoted text or name
	open         // a literal or comment that has no end
	semicolon
)

// next finds the end of the piece that begins at i.
func next(s string, i int) (end int, k kind) {
	rest := s[i:]
	switch c := s[i]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		return i + 1, blank
	case c == ';':
		return i + 1, semicolon
	case strings.HasPrefix(rest, "--"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return i + n, comment
		}
		return len(s), comment
	case strings.HasPrefix(rest, "/*"):
		return block(s, i)
	case (c == 'e' || c == 'E') && len(rest) > 1 && rest[1] == '\'':
		return quotedEnd(s, i+1, '\'', true)
	case c == '\'' || c == '"':
		return quotedEnd(s, i, c, false)
	case c == '$':
		return dollar(s, i)
	case wordByte(c):
		for i < len(s) && (wordByte(s[i]) || s[i] == '$') {
			i++
		}
		return i, code
	}
	return i + 1, code
}

// block ends a comment that may hold others.
func block(s string, i int) (int, kind) {
	depth := 0
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i, comment
			}
		default:
			i++
		}
	}
	return len(s), open
}

func quotedEnd(s string, i int, quote byte, backslash bool) (int, kind) {
	for i++; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1, literal
		}
	}
	return len(s), open
}

// dollar ends $tag$ ... $tag$; a $ that begins no tag is an operator or a parameter.
func dollar(s string, i int) (int, kind) {
	n := i + 1
	for n < len(s) && wordByte(s[n]) && !(n == i+1 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n >= len(s) || s[n] != '$' {
		return i + 1, code
	}
	tag := s[i : n+1]
	if end := strings.Index(s[n+1:], tag); end >= 0 {
		return n + 1 + end + len(tag), literal
	}
	return len(s), open
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// fold puts a statement on one line for the history, without its comments to the end of a line;
// it cannot where a literal holds a line break.
func fold(statement string) (line string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(statement); {
		end, k := next(statement, i)
		piece := statement[i:end]
		switch {
		case k == blank || k == comment && strings.HasPrefix(piece, "--"):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case strings.ContainsAny(piece, "\r\n"):
			return "", false
		default:
			b.WriteString(piece)
		}
		i = end
	}
	return strings.TrimSpace(b.String()), true
}
