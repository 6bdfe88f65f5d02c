package text

import (
	"bytes"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// jsonForm is how the records of a file of JSON follow each other.
type jsonForm uint8

const (
	linesOfJSON  jsonForm = iota // one on each line
	streamOfJSON                 // one after the other, over as many lines as they like
	listOfJSON                   // as the elements of a list
)

// formOf looks at the first line of a file.
func formOf(text []byte) jsonForm {
	if len(text) > 0 && text[0] == '[' {
		return listOfJSON
	}
	if len(text) > 0 && text[0] == '{' {
		if _, ok := extent(text[:lineLength(text)], 0); !ok {
			return streamOfJSON
		}
	}
	return linesOfJSON
}

// extent is where the object, list, text or word that begins at a byte ends, by its brackets alone.
func extent(text []byte, at int) (end int, ok bool) {
	depth := 0
	for ; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return at + 1, true
			}
		case '"':
			for at++; at < len(text) && text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
			if at >= len(text) {
				return len(text), false
			}
			if depth == 0 {
				return at + 1, true
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at, true
			}
		}
	}
	return len(text), false
}

// boundary is how much of a text is whole records.
func (f jsonForm) boundary(text []byte, last bool) (end int) {
	if last {
		return len(text)
	}
	if f == linesOfJSON {
		return bytes.LastIndexByte(text, '\n') + 1
	}
	for {
		at := end + separators(text[end:])
		if at == len(text) || f == listOfJSON && text[at] == ']' && len(bytes.TrimSpace(text[at+1:])) == 0 { // perhaps the last one
			return end
		}
		next, ok := extent(text, at)
		if !ok {
			return end
		}
		end = next
	}
}

// separators is how many bytes stand before an element of a list, or an object of a stream.
func separators(text []byte) int { return len(text) - len(bytes.TrimLeft(text, " \t\r\n,")) }

// object reads the next object of the block into a row.
func (t *Rows) object() (m *Misfit, passed bool) {
	record, m, passed := t.text()
	if m != nil || passed {
		return m, passed
	}
	t.json.text, t.json.at = record, 0
	clear(t.taken)
	t.rescue.row = t.rescue.row[:0]
	t.rescue.origin = t.reader.source.Origin
	if m = t.json.fields(t.Columns, t.names, t.taken, &t.rescue); m == nil && t.json.space() != 0 {
		m = t.json.malformed("something stands behind the object")
	}
	if m != nil {
		return m, false
	}
	t.absent(nil)
	return nil, false
}

// text takes the text of the next object from the block. Passed is true where there was none.
func (t *Rows) text() (record []byte, m *Misfit, passed bool) {
	text := t.block.text
	end := len(text)
	if t.block.file.form == linesOfJSON {
		if n := bytes.IndexByte(text[t.at:], '\n'); n >= 0 {
			end = t.at + n + 1
		}
	} else {
		t.at += t.between()
		if t.at == len(text) {
			return nil, nil, true
		}
		var ok bool
		end, ok = extent(text, t.at)
		if isWord := strings.IndexByte(`{["`, text[t.at]) < 0; !ok && !isWord {
			t.at = end
			return nil, &Misfit{Reason: "malformed JSON: the file ends in the middle of a value"}, false
		}
		end = max(end, t.at+1)
	}
	record = bytes.TrimSpace(text[t.at:end])
	t.at = end
	switch {
	case len(record) == 0:
		return nil, nil, true
	case record[0] != '{' && t.block.file.form == linesOfJSON:
		return nil, &Misfit{Reason: "the line is not a JSON object"}, false
	case record[0] != '{':
		return nil, &Misfit{Reason: "it is not a JSON object"}, false
	case t.invalid && !t.reader.source.isText(record):
		return nil, &Misfit{Reason: "malformed JSON: " + t.reader.source.noText()}, false
	}
	return record, nil, false
}

// between is what stands between two records of a list or a stream.
func (t *Rows) between() int {
	text := t.block.text[t.at:]
	n := separators(text)
	if n < len(text) && text[n] == ']' && t.block.last && t.block.file.form == listOfJSON && len(bytes.TrimSpace(text[n+1:])) == 0 {
		return len(text)
	}
	return n
}

// fields reads an object whose values are those of columns. Values that do not fit are taken by keep, where that is on.
func (s *scanner) fields(columns []*Column, names *schema.Names, taken []bool, keep *rescue) *Misfit {
	s.at++
	for n := 0; ; n++ {
		switch b := s.space(); {
		case b == '}' && n == 0:
			s.at++
			return nil
		case b != '"':
			return s.malformed("a name in quotes is wanted")
		}
		at, key := n, []byte(nil)
		if n >= len(columns) || columns[n].key == "" || !s.word(columns[n].key) { // objects mostly have their fields in the same order
			var m *Misfit
			if key, m = s.quoted(&s.key); m != nil {
				return m
			}
			at = names.Index(string(key))
		}
		if s.space() != ':' {
			return s.malformed("a colon is wanted")
		}
		s.at++
		if s.space() == 0 {
			return s.malformed("a value is wanted")
		}
		if at >= 0 && keep.on() && columns[at] == keep.column {
			at = -1
		}
		if at >= 0 && keep.origin.has(columns[at].Field.Name) {
			return &Misfit{Column: columns[at].Field.Name, Reason: "the column says where a row comes from, and the record has it too"}
		}
		if at >= 0 && taken[at] {
			return &Misfit{Column: columns[at].Field.Name, Reason: "the object has it twice"}
		}
		if m := s.member(columns, at, key, keep); m != nil {
			return m
		}
		if at >= 0 {
			taken[at] = true
		}
		switch s.space() {
		case ',':
			s.at++
		case '}':
			s.at++
			return nil
		default:
			return s.malformed("a comma or a closing brace is wanted")
		}
	}
}

// member reads one value of an object, for the column at a place or, below 0, for none.
func (s *scanner) member(columns []*Column, at int, key []byte, keep *rescue) (m *Misfit) {
	from, rows := s.at, 0
	if at < 0 {
		if m = s.foreign(string(key)); m != nil && m.Unknown != "" && keep.ignore {
			return nil
		}
	} else {
		rows = columns[at].Rows
		m = columns[at].value(s)
	}
	if m == nil || !keep.on() {
		return m
	}
	s.at = from
	if m := s.skip(); m != nil {
		return m
	}
	if at < 0 {
		keep.value(string(key), s.text[from:s.at])
		return nil
	}
	columns[at].replace(rows)
	keep.value(columns[at].Field.Name, s.text[from:s.at])
	return nil
}

// foreign passes over a value that no column takes. One that is null says nothing.
func (s *scanner) foreign(name string) *Misfit {
	isNull := s.text[s.at] == 'n'
	if m := s.skip(); m != nil || isNull {
		return m
	}
	return &Misfit{Column: name, Unknown: name, Reason: "the table has no such column"}
}

// value reads a value of any kind into a row of the column. Where it does not fit the column's children are
// as they were.
func (c *Column) value(s *scanner) *Misfit {
	b := s.space()
	if b == 'n' {
		if !s.word("null") {
			return s.malformed("a value is wanted")
		}
		c.null()
		return nil
	}
	switch c.Kind {
	case Struct:
		if b != '{' {
			return c.other(s)
		}
		return c.structure(s)
	case List:
		if b != '[' {
			return c.other(s)
		}
		return c.list(s)
	case Map:
		if b != '{' {
			return c.other(s)
		}
		return c.pairs(s)
	}
	return c.scalar(s, b)
}

// scalar reads a value into a column that is neither a struct, a list nor a map. A column of strings takes what is no
// text as it is written.
func (c *Column) scalar(s *scanner, b byte) *Misfit {
	from := s.at
	switch {
	case b == '"':
		text, m := s.quoted(&s.scratch)
		if m != nil {
			return m
		}
		if len(text) == 0 && c.Kind != Text {
			return c.misfit(text, "", nil)
		}
		return c.text(text)
	case b == '{' || b == '[':
		if m := s.skip(); m != nil {
			return m
		}
		if c.Field.Type != schema.String {
			return c.misfit(s.text[from:s.at], "", nil)
		}
	case b == 't' || b == 'f':
		word := map[byte]string{'t': "true", 'f': "false"}[b]
		if !s.word(word) {
			return s.malformed("a value is wanted")
		}
		if c.Kind == Bool {
			c.integer(int64(boolOf(b == 't')))
			return nil
		}
		if c.Field.Type != schema.String {
			return c.misfit(s.text[from:s.at], "", schema.Boolean)
		}
	default:
		if m := s.number(); m != nil {
			return m
		}
		switch c.Kind {
		case Bool, Date, Timestamp:
			return c.misfit(s.text[from:s.at], "", nil)
		case Text:
			if c.Field.Type != schema.String {
				return c.misfit(s.text[from:s.at], "", nil)
			}
		default:
			return c.plainNumber(s.text[from:s.at])
		}
	}
	c.put(s.text[from:s.at])
	return nil
}

// structure reads an object as a struct.
func (c *Column) structure(s *scanner) *Misfit {
	clear(c.seen)
	rows := c.Rows
	if m := s.fields(c.Children, c.names, c.seen, &rescue{}); m != nil {
		for _, child := range c.Children {
			child.cut(rows)
		}
		return m.under(c.Field.Name)
	}
	for i, child := range c.Children {
		if !c.seen[i] {
			child.null()
		}
	}
	c.some()
	return nil
}

// plainNumber is number without signs of a country: JSON has none.
func (c *Column) plainNumber(text []byte) *Misfit {
	options := c.options
	if options.Decimal != 0 || options.Grouped != 0 {
		plain := *options
		plain.Decimal, plain.Grouped = 0, 0
		c.options = &plain
		defer func() { c.options = options }()
	}
	return c.number(text)
}

func boolOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// other is the fault of a value that is not of the column's kind.
func (c *Column) other(s *scanner) *Misfit {
	from := s.at
	if m := s.skip(); m != nil {
		return m
	}
	return c.misfit(s.text[from:s.at], "", nil)
}

func (c *Column) list(s *scanner) *Misfit {
	element := c.Children[0]
	from := element.Rows
	s.at++
	for n := 0; ; n++ {
		if b := s.space(); b == ']' && n == 0 {
			s.at++
			break
		} else if b == 0 {
			element.cut(from)
			return s.malformed("the list is not closed")
		}
		if m := element.value(s); m != nil {
			element.cut(from)
			return m.under(c.Field.Name)
		}
		b := s.space()
		if b != ',' && b != ']' {
			element.cut(from)
			return s.malformed("a comma or a closing bracket is wanted")
		}
		if s.at++; b == ']' {
			break
		}
	}
	c.some()
	c.entry(from, element.Rows-from)
	return nil
}

// pairs reads an object as a map.
func (c *Column) pairs(s *scanner) (m *Misfit) {
	keys, values := c.Children[0], c.Children[1]
	from := keys.Rows
	defer func() {
		if m != nil {
			keys.cut(from)
			values.cut(from)
			m.under(c.Field.Name)
		}
	}()
	names := map[string]bool{}
	m = s.members(func(_ int, key []byte) *Misfit {
		if names[string(key)] {
			return &Misfit{Column: string(key), Reason: "the object has it twice"}
		}
		names[string(key)] = true
		if m := keys.text(key); m != nil {
			return m
		}
		return values.value(s)
	})
	if m != nil {
		return m
	}
	c.some()
	c.entry(from, keys.Rows-from)
	return nil
}
