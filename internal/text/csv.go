package text

import (
	"bytes"
)

// Dialect is how CSV is written.
type Dialect struct {
	Delimiter string
	Quote     byte // 0 for none
	Escape    byte // before a quote inside quotes; the quote itself where it is doubled; 0 for none
	Comment   byte // a line that begins with it is passed over; 0 for none

	special [256]bool // the bytes at which a value that is not quoted may end
}

func (d *Dialect) prepare() {
	d.special = [256]bool{}
	d.special['\n'], d.special['\r'] = true, true
	if d.Delimiter != "" {
		d.special[d.Delimiter[0]] = true
	}
}

// cell is a value of a record: where it stands in the text.
type cell struct {
	from, to int
	quoted   bool
	escaped  bool // it holds escapes, which are to be taken out
}

// outcome is how a record ends.
type outcome uint8

const (
	whole    outcome = iota // with a line end, or the text
	unclosed                // in quotes, with the text
	garbled                 // something stands behind a closing quote
	stray                   // a carriage return or a newline of another form than the file's is in a value that is not quoted
	goesOn                  // the text ends, and the record may go on
)

// lineEnd is how the lines of a file end.
type lineEnd uint8

const (
	newlines lineEnd = iota // \n, or \r\n
	returns                 // \r
)

// record finds the end of the record that begins at a byte of a text, and its cells where they are wanted. Last says that the
// text has the last byte of the file.
func (d *Dialect) record(text []byte, at int, ends lineEnd, last bool, cells *[]cell) (next int, how outcome) {
	for {
		from := at
		for at < len(text) && (text[at] == ' ' || text[at] == '\t') && !d.delimits(text, at) {
			at++
		}
		if d.Quote != 0 && at < len(text) && text[at] == d.Quote {
			c := cell{from: at + 1, quoted: true}
			if at = d.closing(text, at+1, &c); at < 0 {
				if !last {
					return 0, goesOn
				}
				return len(text), unclosed
			}
			c.to = at
			at++
			for at < len(text) && (text[at] == ' ' || text[at] == '\t') && !d.delimits(text, at) {
				at++
			}
			if at == len(text) && !last {
				return 0, goesOn
			}
			if at < len(text) && !d.delimits(text, at) && text[at] != '\n' && text[at] != '\r' && how == whole {
				how = garbled
			}
			if cells != nil {
				*cells = append(*cells, c)
			}
			for at < len(text) && !d.special[text[at]] {
				at++
			}
		} else {
			at = from
			for at < len(text) {
				if !d.special[text[at]] {
					at++
					continue
				}
				if d.delimits(text, at) || text[at] == '\n' && ends != returns {
					break
				}
				if text[at] == '\r' {
					if ends == returns || at+1 == len(text) || text[at+1] == '\n' {
						break
					}
					how = max(how, stray)
				} else if text[at] == '\n' {
					how = max(how, stray)
				}
				at++
			}
			if cells != nil {
				*cells = append(*cells, cell{from: from, to: at})
			}
		}
		switch {
		case at == len(text):
			if !last {
				return 0, goesOn
			}
			return at, how
		case d.delimits(text, at):
			at += len(d.Delimiter)
			continue
		case text[at] == '\n':
			return at + 1, how
		case text[at] == '\r':
			if at+1 == len(text) && !last {
				return 0, goesOn
			}
			if at+1 < len(text) && text[at+1] == '\n' {
				at++
			}
			return at + 1, how
		}
		at++ // garbled: the first byte of a delimiter that is none
	}
}

func (d *Dialect) delimits(text []byte, at int) bool {
	n := len(d.Delimiter)
	return n > 0 && text[at] == d.Delimiter[0] && (n == 1 || len(text)-at >= n && string(text[at:at+n]) == d.Delimiter)
}

// closing finds the quote that ends a value; -1 where the text has none.
func (d *Dialect) closing(text []byte, at int, c *cell) int {
	for {
		if d.Escape == d.Quote || d.Escape == 0 {
			n := bytes.IndexByte(text[at:], d.Quote)
			if n < 0 {
				return -1
			}
			at += n
			if d.Escape == 0 || at+1 >= len(text) || text[at+1] != d.Quote {
				return at
			}
			c.escaped = true
			at += 2
			continue
		}
		if at >= len(text) {
			return -1
		}
		switch text[at] {
		case d.Escape:
			c.escaped = true
			at++
		case d.Quote:
			return at
		}
		at++
	}
}

// value is what a cell says, without escapes; scratch is where it is written if it has some.
func (d *Dialect) value(text []byte, c cell, scratch *[]byte) []byte {
	raw := text[c.from:c.to]
	if !c.escaped {
		return raw
	}
	out := (*scratch)[:0]
	for i := 0; i < len(raw); i++ {
		if raw[i] == d.Escape && i+1 < len(raw) {
			i++
		}
		out = append(out, raw[i])
	}
	*scratch = out
	return out
}

// endsOf says how the lines of a text end, by the first end that is not in quotes.
//
// Found is false where it has none.
func (d *Dialect) endsOf(text []byte) (ends lineEnd, found bool) {
	inside := false
	for i, b := range text {
		switch {
		case b == d.Quote && d.Quote != 0:
			inside = !inside
		case inside:
		case b == '\n', b == '\r' && i+1 < len(text) && text[i+1] == '\n':
			return newlines, true
		case b == '\r' && i+1 < len(text):
			return returns, true
		case b == '\r':
			return returns, false
		}
	}
	return newlines, false
}

// Records are the values of the first records of a text, at most so many: a header, or a sample.
func (d Dialect) Records(text []byte, most int) [][]string {
	d.prepare()
	ends, _ := d.endsOf(text)
	var out [][]string
	var cells []cell
	var scratch []byte
	for at := 0; at < len(text) && len(out) < most; {
		cells = cells[:0]
		next, _ := d.record(text, at, ends, true, &cells)
		record := make([]string, len(cells))
		for i, c := range cells {
			record[i] = string(d.value(text, c, &scratch))
		}
		out, at = append(out, record), next
	}
	return out
}
