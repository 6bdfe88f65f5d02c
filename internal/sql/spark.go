package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// spark takes the next token by the rules of Spark 4.1 (its grammar SqlBaseLexer).
func (l *lexer) spark() (kind Kind, end int, open bool) {
	i := l.at
	switch c := l.text[i]; {
	case l.begins("--"):
		return Comment, l.joinedLineEnd(i), false
	case l.begins("/*") && !l.begins("/*+"): // a hint is code
		end, open = l.blockEnd(i, func(rest string) bool { return !strings.HasPrefix(rest, "/*+") })
		return Comment, end, open
	case (c == 'r' || c == 'R') && (l.byteAt(i+1) == '\'' || l.byteAt(i+1) == '"'):
		end, open = l.rawEnd(i + 1)
		return Text, end, open
	case c == '\'' || c == '"':
		end, open = l.quotedEnd(i, true)
		return Text, end, open
	case c == '`':
		end, open = l.quotedEnd(i, false)
		return Quoted, end, open
	case l.begins("*/"): // the end of a hint
		return Symbol, i + 2, false
	case c == '?':
		return Marker, i + 1, false
	case c == ':' && !l.joined() && l.lettersEnd(i+1) > i+1:
		return Marker, l.lettersEnd(i + 1), false
	}
	end = l.lettersEnd(i)
	if end == i {
		return l.symbol()
	}
	if strings.Trim(l.text[i:end], "0123456789") == "" {
		return Number, end, false
	}
	return Word, l.locationEnd(i, end), false
}

// joined says that a colon at the lexer's place belongs to what stands before it: a cast (::), a field of a value or
// of a type.
func (l *lexer) joined() bool {
	if l.at == 0 {
		return false
	}
	c := l.text[l.at-1]
	return isLetter(c) || isDigit(c) || strings.IndexByte(":)]`'\"", c) >= 0
}

// lettersEnd ends a name, a keyword or a number: letters of any alphabet, digits and underscores.
func (l *lexer) lettersEnd(i int) int {
	for i < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[i:])
		if r != '_' && (r < '0' || r > '9') && !unicode.IsLetter(r) {
			return i
		}
		i += n
	}
	return i
}

// locationEnd ends a name that is a location: letters, :// and what stands in one, two dashes too. A name that is
// none ends at end.
func (l *lexer) locationEnd(from, end int) int {
	rest, ok := strings.CutPrefix(l.text[end:], "://")
	if !ok || strings.ContainsFunc(l.text[from:end], func(r rune) bool { return !unicode.IsLetter(r) }) {
		return end
	}
	n := strings.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune("_/-.?=&#%", r)
	})
	switch n {
	case 0:
		return end
	case -1:
		return len(l.text)
	}
	return end + len("://") + n
}

// joinedLineEnd ends a comment that reaches to the end of its line, where a backslash before \n joins the next line.
func (l *lexer) joinedLineEnd(i int) int {
	for {
		i = l.lineEnd(i)
		if l.byteAt(i) != '\n' || l.text[i-1] != '\\' {
			return i
		}
		i++
	}
}

// rawEnd ends the string of r'...' whose quote is at i: it has no escapes, and a second quote begins another string.
func (l *lexer) rawEnd(i int) (end int, open bool) {
	if n := strings.IndexByte(l.text[i+1:], l.text[i]); n >= 0 {
		return i + 1 + n + 1, false
	}
	return len(l.text), true
}
