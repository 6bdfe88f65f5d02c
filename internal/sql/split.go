package sql

import "strings"

// Statement is one of several in a text: what stands between two semicolons and is not only blanks and comments.
type Statement struct {
	Text          string // from its first token to its last
	From          int    // byte of its first token in the text that was split
	Position             // of From
	Before, After string // the blanks and comments around it
	Ended         bool   // a semicolon stands behind it
}

// Whole is the statement with the comments around it.
func (s Statement) Whole() string { return strings.TrimSpace(s.Before + s.Text + s.After) }

// Split cuts a text into its statements. What follows the last semicolon is a statement that is not Ended.
func Split(d Dialect, text string) []Statement {
	var out []Statement
	places := counter{text: text, position: Position{1, 1}}
	begin, from, to := 0, -1, 0 // of the statement at hand: behind the last semicolon, its first token, behind its last
	flush := func(end int, ended bool) {
		if from >= 0 {
			out = append(out, Statement{text[from:to], from, places.to(from), text[begin:from], text[to:end], ended})
		}
		from = -1
	}
	for l := (lexer{text: text}); l.at < len(text); {
		switch t := l.next(d); {
		case t.Is(";"):
			flush(t.From, true)
			begin = t.To()
		case t.says():
			if from < 0 {
				from = t.From
			}
			to = t.To()
		}
	}
	flush(len(text), false)
	return out
}

// Trim is a text without the semicolons, blanks and comments at its end.
func Trim(d Dialect, text string) string {
	tokens := Lex(d, text)
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	if len(tokens) == 0 {
		return ""
	}
	return text[:tokens[len(tokens)-1].To()]
}
