package duck

import (
	"strings"
	"unicode/utf8"
)

// tokenKind classes the pieces of a statement's text.
type tokenKind int

const (
	wordToken   tokenKind = iota // an unquoted identifier or keyword
	quotedToken                  // "an identifier"
	textToken                    // 'a string', in any of its forms
	numberToken                  // 12, 1.5e3
	symbolToken                  // one character of anything else
)

// token is the piece [from, to) of the text. Spaces and comments are no tokens.
type token struct {
	kind     tokenKind
	from, to int
}

// lex cuts a statement into tokens by DuckDB's rules for strings, quoted identifiers, dollar
// quotes and comments. It never fails: what does not end, ends with the text, and the parser says
// what is wrong with it.
func lex(s string) []token {
	var out []token
	for i := 0; i < len(s); {
		start := i
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			i++
			continue
		case strings.HasPrefix(s[i:], "--"):
			i = lineEnd(s, i)
			continue
		case strings.HasPrefix(s[i:], "/*"):
			i = commentEnd(s, i)
			continue
		case c == '\'':
			i = quoteEnd(s, i, false)
			out = append(out, token{textToken, start, i})
		case (c == 'e' || c == 'E') && i+1 < len(s) && s[i+1] == '\'':
			i = quoteEnd(s, i+1, true)
			out = append(out, token{textToken, start, i})
		case c == '"':
			i = quoteEnd(s, i, false)
			out = append(out, token{quotedToken, start, i})
		case c == '$' && dollarEnd(s, i) > 0:
			i = dollarEnd(s, i)
			out = append(out, token{textToken, start, i})
		case isDigit(c) || c == '.' && i+1 < len(s) && isDigit(s[i+1]):
			i = numberEnd(s, i)
			out = append(out, token{numberToken, start, i})
		case isWordStart(c):
			i = wordEnd(s, i)
			out = append(out, token{wordToken, start, i})
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
			out = append(out, token{symbolToken, start, i})
		}
	}
	return out
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func wordEnd(s string, i int) int {
	for i < len(s) && (isWordStart(s[i]) || isDigit(s[i]) || s[i] == '$') {
		i++
	}
	return i
}

func numberEnd(s string, i int) int {
	for i < len(s) && (isDigit(s[i]) || s[i] == '.' || s[i] == '_' || isWordStart(s[i])) {
		if (s[i] == 'e' || s[i] == 'E') && i+1 < len(s) && (s[i+1] == '+' || s[i+1] == '-') {
			i++
		}
		i++
	}
	return i
}

func lineEnd(s string, i int) int {
	if n := strings.IndexAny(s[i:], "\r\n"); n >= 0 {
		return i + n
	}
	return len(s)
}

// commentEnd skips a block comment; they nest.
func commentEnd(s string, i int) int {
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
				return i
			}
		default:
			i++
		}
	}
	return len(s)
}

// quoteEnd skips a quoted piece that starts at i; a doubled quote stays inside.
func quoteEnd(s string, i int, backslash bool) int {
	q := s[i]
	for i++; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == q && i+1 < len(s) && s[i+1] == q:
			i++
		case s[i] == q:
			return i + 1
		}
	}
	return len(s)
}

// dollarEnd skips $tag$ ... $tag$; 0 where no such quote begins at i.
func dollarEnd(s string, i int) int {
	j := i + 1
	if j < len(s) && isWordStart(s[j]) {
		for j < len(s) && (isWordStart(s[j]) || isDigit(s[j])) {
			j++
		}
	}
	if j >= len(s) || s[j] != '$' {
		return 0
	}
	tag := s[i : j+1]
	if n := strings.Index(s[j+1:], tag); n >= 0 {
		return j + 1 + n + len(tag)
	}
	return len(s)
}

// is says whether a token is the given keyword or symbol.
func (t token) is(s, want string) bool {
	return (t.kind == wordToken || t.kind == symbolToken) && strings.EqualFold(s[t.from:t.to], want)
}

// unquote is the value of an identifier or a plain string.
func (t token) unquote(s string) string {
	v := s[t.from:t.to]
	if len(v) < 2 || t.kind != quotedToken && v[0] != '\'' {
		return v
	}
	q := v[:1]
	return strings.ReplaceAll(strings.TrimSuffix(v[1:], q), q+q, q)
}
