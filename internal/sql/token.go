package sql

import (
	"slices"
	"strings"
)

// Dialect is the set of lexical rules by which a text is read.
type Dialect int

// The dialects.
const (
	DuckDB Dialect = iota
	Spark
)

// Kind is what a token is.
type Kind int

// The kinds of token.
const (
	Blank   Kind = iota // white space
	Comment             // -- to the end of its line, or between /* and */
	Word                // a keyword or a name without quotes
	Quoted              // a name in quotes: "name" in DuckDB, `name` in Spark
	Text                // a string constant, in any of its forms
	Number              // 12, 1.5e3; in Spark, whose names may begin with a digit, digits alone
	Marker              // the place of an argument in Spark: ? or :name
	Symbol              // one character of anything else; in Spark also the end of a hint
)

// Token is a piece of a text.
type Token struct {
	Kind Kind
	From int    // its first byte in the text
	Text string // as it is written, quotes included
	Open bool   // a quote or a comment that is not closed: it reaches to the end of the text
}

// To is the byte behind the token.
func (t Token) To() int { return t.From + len(t.Text) }

// Is says whether the token is one of some keywords or symbols, in any case of letters.
func (t Token) Is(words ...string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, t.Text) })
}

// says reports whether the token is more than a blank or a comment. A comment that is not closed is: the engine
// refuses the statement for it.
func (t Token) says() bool { return t.Kind != Blank && (t.Kind != Comment || t.Open) }

// IsName says whether the token can be a part of a table's or a column's name.
func (t Token) IsName() bool { return t.Kind == Word || t.Kind == Quoted && !t.Open && len(t.Text) > 2 }

// Value is what a name or a string constant stands for, without its quotes. Escapes with a backslash stay as they
// are written, and so do DuckDB's constants of the forms e'...' and $$...$$.
func (t Token) Value() string {
	v := t.Text
	if t.Kind == Text {
		v = strings.TrimLeft(v, "rR") // of Spark's r'...'
	}
	if len(v) < 2 || t.Kind != Quoted && (t.Kind != Text || v[0] != '\'' && v[0] != '"') {
		return t.Text
	}
	quote := v[:1]
	v = v[1:]
	if !t.Open {
		v = v[:len(v)-1]
	}
	return strings.ReplaceAll(v, quote+quote, quote)
}

// Lex cuts a text into its tokens, without blanks and comments.
func Lex(d Dialect, text string) []Token {
	return slices.DeleteFunc(LexAll(d, text), func(t Token) bool { return !t.says() })
}

// LexAll cuts a text into its tokens: together they are the text.
func LexAll(d Dialect, text string) []Token {
	var out []Token
	l := lexer{text: text}
	for l.at < len(text) {
		out = append(out, l.next(d))
	}
	return out
}
