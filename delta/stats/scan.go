package stats

import (
	"bytes"
	"encoding/json"
)

// cursor reads JSON from left to right and never copies. It checks what it reads; of values that
// are skipped only the nesting.
type cursor struct {
	text []byte
	pos  int
	bad  bool
}

func (c *cursor) fail() { c.bad, c.pos = true, len(c.text) }

// next is the next byte that is not white space, 0 at the end. It is not consumed.
func (c *cursor) next() byte {
	for c.pos < len(c.text) {
		switch b := c.text[c.pos]; b {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return b
		}
	}
	return 0
}

func (c *cursor) take(b byte) bool {
	if c.next() != b || b == 0 {
		return false
	}
	c.pos++
	return true
}

// key reads the next name of an object and its colon; false at the end of the object. The caller
// has consumed the brace, and reads or skips the value before the next call.
func (c *cursor) key(first bool) ([]byte, bool) {
	if c.bad || c.take('}') {
		return nil, false
	}
	if !first && !c.take(',') {
		c.fail()
		return nil, false
	}
	name, ok := c.str()
	if !ok || !c.take(':') {
		c.fail()
		return nil, false
	}
	return name, true
}

// str reads a string; the bytes are those of the text unless it has escapes.
func (c *cursor) str() ([]byte, bool) {
	if !c.take('"') {
		return nil, false
	}
	start := c.pos
	n := bytes.IndexByte(c.text[min(start, len(c.text)):], '"')
	if n >= 0 && bytes.IndexByte(c.text[start:start+n], '\\') < 0 {
		c.pos = start + n + 1
		return c.text[start : start+n], true
	}
	return c.escaped(start)
}

// escaped reads the rest of a string that has escapes, or no end.
func (c *cursor) escaped(start int) ([]byte, bool) {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case '\\':
			c.pos += 2
		case '"':
			c.pos++
			var s string
			if json.Unmarshal(c.text[start-1:c.pos], &s) != nil {
				c.fail()
				return nil, false
			}
			return []byte(s), true
		default:
			c.pos++
		}
	}
	c.fail()
	return nil, false
}

// token reads a number or a word; nil where the next value is something else, which is skipped.
func (c *cursor) token() []byte {
	switch c.next() {
	case '"', '{', '[':
		c.skip()
		return nil
	}
	start := c.pos
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case ',', '}', ']', ':', '"', '{', '[', ' ', '\t', '\n', '\r':
			if c.pos == start {
				c.fail()
				return nil
			}
			return c.text[start:c.pos]
		}
		c.pos++
	}
	if c.pos == start {
		c.fail()
		return nil
	}
	return c.text[start:c.pos]
}

// skip passes over one value.
func (c *cursor) skip() {
	depth := 0
	for {
		switch c.next() {
		case '"':
			if _, ok := c.str(); !ok {
				c.fail()
				return
			}
		case '{', '[':
			depth++
			c.pos++
			continue
		case '}', ']':
			depth--
			c.pos++
		case ',', ':':
			if depth == 0 {
				c.fail()
				return
			}
			c.pos++
			continue
		default:
			if c.token() == nil {
				c.fail()
				return
			}
		}
		if depth <= 0 {
			c.bad = c.bad || depth < 0
			return
		}
	}
}

// whole reads a whole number.
func whole(token []byte) (int64, bool) {
	negative := len(token) > 1 && token[0] == '-'
	if negative {
		token = token[1:]
	}
	if len(token) == 0 || len(token) > 19 {
		return 0, false
	}
	var n uint64
	for _, b := range token {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + uint64(b-'0')
	}
	if negative {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n < 1<<63
}
