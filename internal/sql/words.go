package sql

import (
	"slices"
	"strings"
	"unicode"
)

// HasWord says whether one of some words stands in a text outside of quotes and comments, in any case of letters.
func HasWord(d Dialect, text string, words ...string) bool {
	return slices.ContainsFunc(Lex(d, text), func(t Token) bool { return t.Kind == Word && t.Is(words...) })
}

// Fold writes a statement on one line: a run of blanks is one space, comments to the end of their line are left
// out. It is not ok where another token holds a line break, as a string may.
func Fold(d Dialect, text string) (line string, ok bool) {
	var b strings.Builder
	for _, t := range LexAll(d, text) {
		switch {
		case t.Kind == Blank || t.Kind == Comment && strings.HasPrefix(t.Text, "--"):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case strings.ContainsAny(t.Text, "\r\n"):
			return "", false
		default:
			b.WriteString(t.Text)
		}
	}
	return strings.TrimSpace(b.String()), true
}

// Plain is a text in which each blank beyond ASCII and each vertical tab, outside of quotes and comments, is as many spaces
// as it has bytes: what an engine says of an offset in it holds for the text.
func Plain(d Dialect, text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || r == '\v' }) {
		return text
	}
	out := []byte(text)
	for _, t := range LexAll(d, text) {
		if t.Kind == Blank {
			blank(out[t.From:t.To()])
		}
	}
	return string(out)
}

// blank puts spaces in the place of a piece of a statement, line ends aside: places behind it stay the same.
func blank(piece []byte) {
	for i, c := range piece {
		if c != '\n' && c != '\r' {
			piece[i] = ' '
		}
	}
}
