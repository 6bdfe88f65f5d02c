package sql

import (
	"slices"
	"unicode/utf8"
)

// duckdb takes the next token by the rules of DuckDB 1.5, whose lexer descends from PostgreSQL's.
func (l *lexer) duckdb() (kind Kind, end int, open bool) {
	i := l.at
	switch c := l.text[i]; {
	case l.begins("--"):
		return Comment, l.lineEnd(i), false
	case l.begins("/*"):
		end, open = l.blockEnd(i, func(string) bool { return true })
		return Comment, end, open
	case c == '\'':
		end, open = l.quotedEnd(i, false)
		return Text, end, open
	case (c == 'e' || c == 'E') && l.byteAt(i+1) == '\'':
		end, open = l.escapeStringEnd(i + 1)
		return Text, end, open
	case c == '"':
		end, open = l.quotedEnd(i, false)
		return Quoted, end, open
	case c == '$':
		if end, open = l.dollarEnd(); end > 0 {
			return Text, end, open
		}
	case isDigit(c) || c == '.' && isDigit(l.byteAt(i+1)):
		return Number, l.numberEnd(i), false
	case isLetter(c):
		return Word, l.wordEnd(i), false
	}
	return l.symbol()
}

// wordEnd ends a name; a blank beyond ASCII is no part of it.
func (l *lexer) wordEnd(i int) int {
	for i < len(l.text) {
		c := l.text[i]
		switch {
		case c >= 0x80:
			r, n := utf8.DecodeRuneInString(l.text[i:])
			if slices.Contains(wideBlanks[DuckDB], r) {
				return i
			}
			i += n
		case isLetter(c) || isDigit(c) || c == '$':
			i++
		default:
			return i
		}
	}
	return i
}

// escapeStringEnd ends the string of E'...' whose quote is at i. A quote on a later line, with nothing but
// blanks and comments to the end of their lines before it, continues the string with its escapes.
func (l *lexer) escapeStringEnd(i int) (end int, open bool) {
	for {
		if end, open = l.quotedEnd(i, true); open {
			return end, open
		}
		if i = l.continued(end); i < 0 {
			return end, false
		}
	}
}

// continued is where the quote stands that continues a string which ends before i, -1 where none does.
func (l *lexer) continued(i int) int {
	later := false
	for i < len(l.text) {
		switch c := l.text[i]; {
		case c == '\n' || c == '\r':
			later = true
			i++
		case c == '-' && l.byteAt(i+1) == '-':
			i = l.lineEnd(i)
		case c == '\'' && later:
			return i
		case blankWidth(DuckDB, l.text[i:]) > 0:
			i += blankWidth(DuckDB, l.text[i:])
		default:
			return -1
		}
	}
	return -1
}

// numberEnd ends a number: digits, which underscores may part, a fraction and an exponent.
func (l *lexer) numberEnd(i int) int {
	i = l.digitsEnd(i)
	if l.byteAt(i) == '.' && l.byteAt(i+1) != '.' { // 1..2 is a range
		i = l.digitsEnd(i + 1)
	}
	if c := l.byteAt(i); c == 'e' || c == 'E' {
		exponent := i + 1
		if c := l.byteAt(exponent); c == '+' || c == '-' {
			exponent++
		}
		if isDigit(l.byteAt(exponent)) {
			i = l.digitsEnd(exponent)
		}
	}
	return i
}

func (l *lexer) digitsEnd(i int) int {
	for isDigit(l.byteAt(i)) || l.byteAt(i) == '_' && isDigit(l.byteAt(i+1)) && i > 0 && isDigit(l.text[i-1]) {
		i++
	}
	return i
}
