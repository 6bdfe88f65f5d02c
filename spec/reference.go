package spec

import (
	"strings"
	"unicode/utf8"
)

// Text is a text that may refer to the environment of the process: ${env:NAME} stands for the
// variable NAME, and $${ for ${ itself. Resolving a Source or an Environment replaces them; until
// then String is the text as it was written.
type Text string

func (t Text) String() string { return string(t) }

// plain reports whether t says the same on every machine.
func (t Text) plain() bool { return !strings.Contains(string(t), "${") }

func (t *Text) parse(text string) error {
	if text == "" {
		return faultf("", "is empty")
	}
	_, err := references(text)
	*t = Text(text)
	return err
}

func (*Text) shape() shape { return shape{says: "text with ${env:NAME}"} }

// piece is a part of a text: words as they are, or the name of a variable.
type piece struct{ words, variable string }

// references cuts a text into pieces.
func references(text string) ([]piece, error) {
	var pieces []piece
	for rest := text; rest != ""; {
		at := strings.Index(rest, "${")
		if at < 0 {
			return append(pieces, piece{words: rest}), nil
		}
		if at > 0 && rest[at-1] == '$' {
			pieces = append(pieces, piece{words: rest[:at-1] + "${"})
			rest = rest[at+2:]
			continue
		}
		if at > 0 {
			pieces = append(pieces, piece{words: rest[:at]})
		}
		offset := utf8.RuneCountInString(text[:len(text)-len(rest)+at])
		inside, after, closed := strings.Cut(rest[at+2:], "}")
		name, isEnv := strings.CutPrefix(inside, "env:")
		switch {
		case !closed:
			return nil, &fault{offset, "a reference is not closed", "write ${env:NAME}, or $${ for the characters themselves"}
		case !isEnv && variableName(inside):
			return nil, &fault{offset, "unknown reference ${" + inside + "}", "write ${env:" + inside + "}"}
		case !isEnv || !variableName(name):
			return nil, &fault{offset, "a reference is not one to an environment variable", "write ${env:NAME}, or $${ for the characters themselves"}
		}
		pieces = append(pieces, piece{variable: name})
		rest = after
	}
	return pieces, nil
}

func variableName(s string) bool {
	for i, r := range s {
		if !(r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || i > 0 && '0' <= r && r <= '9') {
			return false
		}
	}
	return s != ""
}
