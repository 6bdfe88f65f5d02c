package sql

import (
	"slices"
	"strings"
)

// reader takes the tokens of a statement one after the other.
type reader struct {
	text   string
	tokens []Token
	at     int // of the next token
}

// ended says whether all tokens are taken.
func (r *reader) ended() bool { return r.at >= len(r.tokens) }

// is says whether the next tokens are these keywords or symbols.
func (r *reader) is(words ...string) bool {
	for i, w := range words {
		if r.at+i >= len(r.tokens) || !r.tokens[r.at+i].Is(w) {
			return false
		}
	}
	return true
}

// take passes over the next tokens if they are these keywords or symbols.
func (r *reader) take(words ...string) bool {
	if !r.is(words...) {
		return false
	}
	r.at += len(words)
	return true
}

// offset is the byte where the next token stands.
func (r *reader) offset() int {
	if r.ended() {
		return len(r.text)
	}
	return r.tokens[r.at].From
}

// wrong is a syntax error at the next token.
func (r *reader) wrong(hint, format string, args ...any) error {
	return fault(Syntax, r.offset(), hint, format, args...)
}

// refused is an error about the next token, which an engine might understand.
func (r *reader) refused(hint, message string) error {
	return fault(Refused, r.offset(), hint, "%s", message)
}

// name takes one part of a name.
func (r *reader) name() (string, bool) {
	if r.ended() || !r.tokens[r.at].IsName() {
		return "", false
	}
	r.at++
	return r.tokens[r.at-1].Value(), true
}

// names takes different names in parentheses.
func (r *reader) names(form string) ([]string, error) {
	if !r.take("(") {
		return nil, r.wrong(form, "( is missing")
	}
	var names []string
	for {
		name, ok := r.name()
		if !ok {
			return nil, r.wrong(form, "the name of a column is missing")
		}
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			r.at--
			return nil, r.wrong("leave it out", "the column %q is there twice", name)
		}
		names = append(names, name)
		switch {
		case r.take(")"):
			return names, nil
		case !r.take(","):
			return nil, r.wrong(form, ", or ) is missing")
		}
	}
}

// constant takes a string.
func (r *reader) constant() (string, error) {
	if r.ended() || r.tokens[r.at].Kind != Text {
		return "", r.wrong("write it in single quotes", "a text is missing")
	}
	r.at++
	return r.tokens[r.at-1].Value(), nil
}
