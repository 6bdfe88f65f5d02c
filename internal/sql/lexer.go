package sql

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// lexer stands before the next token of a text. Its methods that end in End say where a piece that begins at
// an offset ends, and whether it is open: not closed before the end of the text.
type lexer struct {
	text string
	at   int
}

// next takes the next token, of a text that is not at its end.
func (l *lexer) next(d Dialect) Token {
	var kind Kind
	var end int
	var open bool
	if n := l.blankEnd(d); n > l.at {
		kind, end = Blank, n
	} else if d == Spark {
		kind, end, open = l.spark()
	} else {
		kind, end, open = l.duckdb()
	}
	t := Token{Kind: kind, From: l.at, Text: l.text[l.at:end], Open: open}
	l.at = end
	return t
}

// wideBlanks are the characters beyond ASCII that each dialect takes for white space.
var wideBlanks = [...][]rune{
	DuckDB: []rune("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u2060\u3000\ufeff"),
	Spark:  []rune("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u202f\u205f\u3000"),
}

// blankEnd is where the white space at the lexer's place ends.
func (l *lexer) blankEnd(d Dialect) int {
	i := l.at
	for i < len(l.text) {
		n := blankWidth(d, l.text[i:])
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// blankWidth is how many bytes the blank has with which a text begins, 0 where it begins with another character.
func blankWidth(d Dialect, s string) int {
	if strings.IndexByte(" \t\r\n\f\v", s[0]) >= 0 {
		return 1
	}
	if s[0] < 0x80 {
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	if !slices.Contains(wideBlanks[d], r) {
		return 0
	}
	return n
}

// symbol is one character of the text.
func (l *lexer) symbol() (Kind, int, bool) {
	_, n := utf8.DecodeRuneInString(l.text[l.at:])
	return Symbol, l.at + n, false
}

// begins says whether the rest of the text begins so.
func (l *lexer) begins(with string) bool { return strings.HasPrefix(l.text[l.at:], with) }

// byteAt is a byte of the text, 0 behind its end.
func (l *lexer) byteAt(i int) byte {
	if i >= len(l.text) {
		return 0
	}
	return l.text[i]
}

// quotedEnd ends a piece in quotes that begins at i. A doubled quote stays inside; with escapes so does what
// stands behind a backslash.
func (l *lexer) quotedEnd(i int, escapes bool) (end int, open bool) {
	quote := l.text[i]
	for i++; i < len(l.text); i++ {
		switch {
		case escapes && l.text[i] == '\\':
			i++
		case l.text[i] == quote && l.byteAt(i+1) == quote:
			i++
		case l.text[i] == quote:
			return i + 1, false
		}
	}
	return len(l.text), true
}

// lineEnd ends a comment that reaches to the end of its line; the line's end is not part of it.
func (l *lexer) lineEnd(i int) int {
	if n := strings.IndexAny(l.text[i:], "\r\n"); n >= 0 {
		return i + n
	}
	return len(l.text)
}

// blockEnd ends a comment in brackets that begins at i. Comments nest; nests says whether a /* inside begins one.
func (l *lexer) blockEnd(i int, nests func(rest string) bool) (end int, open bool) {
	depth := 0
	for i < len(l.text) {
		rest := l.text[i:]
		switch {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || nests(rest)):
			depth++
			i += 2
		case strings.HasPrefix(rest, "*/"):
			i += 2
			if depth--; depth == 0 {
				return i, false
			}
		default:
			i++
		}
	}
	return len(l.text), true
}

// dollarEnd ends $tag$ ... $tag$; it is 0 where no such quote begins at the lexer's place.
func (l *lexer) dollarEnd() (end int, open bool) {
	i := l.at + 1
	for i < len(l.text) && (isLetter(l.text[i]) || i > l.at+1 && isDigit(l.text[i])) {
		i++
	}
	if l.byteAt(i) != '$' {
		return 0, false
	}
	i++
	tag := l.text[l.at:i]
	if n := strings.Index(l.text[i:], tag); n >= 0 {
		return i + n + len(tag), false
	}
	return len(l.text), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isLetter says whether a byte can begin a name; bytes of characters beyond ASCII can.
func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
