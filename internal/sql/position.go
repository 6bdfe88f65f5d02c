package sql

import "unicode/utf8"

// Position is a place in a text as people count: Line and Column from 1, Column in characters.
type Position struct{ Line, Column int }

// PositionAt is the position of a byte of a text. A line ends at \n, at \r\n and at a lone \r.
func PositionAt(text string, offset int) Position {
	c := counter{text: text, position: Position{1, 1}}
	return c.to(offset)
}

// counter counts the positions of a text's bytes in rising order.
type counter struct {
	text     string
	at       int
	position Position // of at
}

// to is the position of a byte that is not before the one asked for last.
func (c *counter) to(offset int) Position {
	for c.at < offset {
		_, n := utf8.DecodeRuneInString(c.text[c.at:offset])
		if ch := c.text[c.at]; ch == '\n' || ch == '\r' && (c.at+1 == len(c.text) || c.text[c.at+1] != '\n') {
			c.position = Position{c.position.Line + 1, 1}
		} else {
			c.position.Column++
		}
		c.at += n
	}
	return c.position
}
