package stats

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
)

// Parser reads the statistics of many files of one schema, and of them only the wanted columns.
// It is for one goroutine.
type Parser struct {
	root    *node
	columns []Column // the wanted leaves, emptied after each file
	types   []schema.Type
}

// node is a struct, or the table itself.
type node struct {
	names    []string
	leaves   []int   // by name: index into Parser.columns, or -1
	children []*node // by name: the struct of that name, or nil
	byName   map[string]int
}

// NewParser wants the leaf columns at or under the given paths, all of the schema where there are
// none. Paths match exactly, without change of case. The schema is the one the statistics are
// written in: with column mapping, that of physical names.
func NewParser(s *schema.Struct, wanted ...[]string) *Parser {
	p := &Parser{}
	p.root = p.node(s, nil, wanted)
	return p
}

func (p *Parser) node(s *schema.Struct, path schema.Path, wanted [][]string) *node {
	n := &node{}
	for _, f := range s.Fields {
		at := append(path[:len(path):len(path)], f.Name)
		leaf, child := -1, (*node)(nil)
		if inner, ok := f.Type.(*schema.Struct); ok {
			child = p.node(inner, at, wanted)
		} else if isWanted(at, wanted) {
			leaf = len(p.columns)
			p.columns = append(p.columns, Column{Path: at, NullCount: -1})
			p.types = append(p.types, storedType(f))
		}
		if leaf >= 0 || child != nil && len(child.names) > 0 {
			n.names = append(n.names, f.Name)
			n.leaves = append(n.leaves, leaf)
			n.children = append(n.children, child)
		}
	}
	if len(n.names) > 8 {
		n.byName = make(map[string]int, len(n.names))
		for i, name := range n.names {
			n.byName[name] = i
		}
	}
	return n
}

func isWanted(path []string, wanted [][]string) bool {
	if len(wanted) == 0 {
		return true
	}
	for _, w := range wanted {
		if len(w) <= len(path) && slices.Equal(w, path[:len(w)]) {
			return true
		}
	}
	return false
}

// find is the position of a name; the names of a file usually come in the order of the schema.
func (n *node) find(name []byte, hint int) int {
	if hint < len(n.names) && n.names[hint] == string(name) {
		return hint
	}
	if n.byName != nil {
		if i, ok := n.byName[string(name)]; ok {
			return i
		}
		return -1
	}
	for i, s := range n.names {
		if s == string(name) {
			return i
		}
	}
	return -1
}

// Parse reads the statistics of an add action. Empty text is a file of which nothing is known.
func Parse(text []byte, s *schema.Struct) (File, error) { return NewParser(s).Parse(text) }

// Parse reads the statistics of one file. A value of a wrong type is one that is not known; only
// text that is not a JSON object is an error. Columns of which nothing is known are left out; the
// others come in the schema's order. The file shares nothing with text.
func (p *Parser) Parse(text []byte) (File, error) {
	f := File{NumRecords: -1, TightBounds: true}
	c := cursor{text: text}
	if len(text) == 0 || string(text) == "null" {
		return f, nil
	}
	if !c.take('{') {
		return f, fmt.Errorf("statistics: want a JSON object, found %.40q", text)
	}
	for first := true; ; first = false {
		key, more := c.key(first)
		if !more {
			break
		}
		switch string(key) {
		case "numRecords":
			if n, ok := whole(c.token()); ok && n >= 0 {
				f.NumRecords = n
			}
		case "tightBounds":
			f.TightBounds = string(c.token()) != "false"
		case "minValues":
			p.values(&c, p.root, minimum)
		case "maxValues":
			p.values(&c, p.root, maximum)
		case "nullCount":
			p.values(&c, p.root, nulls)
		default:
			c.skip()
		}
	}
	f.Columns = p.drain()
	if c.bad || c.next() != 0 {
		return File{NumRecords: -1, TightBounds: true}, errors.New("statistics: malformed JSON")
	}
	return f, nil
}

// drain returns the columns of which something is known, and empties them.
func (p *Parser) drain() []Column {
	n := 0
	for i := range p.columns {
		if p.columns[i].known() {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	known := make([]Column, 0, n)
	for i := range p.columns {
		if c := &p.columns[i]; c.known() {
			known = append(known, *c)
			c.Min, c.Max, c.NullCount = nil, nil, -1
		}
	}
	return known
}

func (c *Column) known() bool { return c.Min != nil || c.Max != nil || c.NullCount >= 0 }

type section int

const (
	minimum section = iota
	maximum
	nulls
)

// values reads one of minValues, maxValues, nullCount, or a struct inside it.
func (p *Parser) values(c *cursor, n *node, s section) {
	if c.next() != '{' {
		c.skip()
		return
	}
	c.pos++
	hint := 0
	for first := true; ; first = false {
		key, more := c.key(first)
		if !more {
			return
		}
		i := n.find(key, hint)
		hint = i + 1
		switch {
		case i < 0:
			hint = 0
			c.skip()
		case n.children[i] != nil:
			p.values(c, n.children[i], s)
		case s == nulls:
			if k, ok := whole(c.token()); ok && k >= 0 {
				p.columns[n.leaves[i]].NullCount = k
			}
		case s == minimum:
			p.columns[n.leaves[i]].Min = bound(c, p.types[n.leaves[i]], false)
		default:
			p.columns[n.leaves[i]].Max = bound(c, p.types[n.leaves[i]], true)
		}
	}
}

// bound reads a least or greatest value of a column; nil where it is not of the column's type.
func bound(c *cursor, t schema.Type, upper bool) Value {
	if d, ok := t.(schema.Decimal); ok {
		return decimalBound(c, d)
	}
	if _, ok := t.(onceFloat); ok {
		return onceFloatBound(c, upper)
	}
	switch t {
	case schema.Long, schema.Integer, schema.Short, schema.Byte:
		if n, ok := whole(c.token()); ok {
			return n
		}
	case schema.Float:
		return floatBound(c, 32)
	case schema.Double:
		return floatBound(c, 64)
	case schema.Boolean:
		switch string(c.token()) {
		case "true":
			return true
		case "false":
			return false
		}
	case schema.String, schema.Date, schema.Timestamp, schema.TimestampNTZ:
		if c.next() == '"' {
			text, _ := c.str()
			return textBound(text, t, upper)
		}
		c.skip()
	default:
		c.skip()
	}
	return nil
}

func textBound(text []byte, t schema.Type, upper bool) Value {
	switch t {
	case schema.String:
		if utf8.Valid(text) {
			return string(text)
		}
	case schema.Date:
		if d, ok := ParseDate(string(text)); ok {
			return d
		}
	default:
		if v, digits, ok := parseTimestamp(string(text)); ok {
			return widen(v, digits, upper)
		}
	}
	return nil
}

// widen moves an upper bound up by what writers cut off. The protocol truncates statistics of
// timestamps to milliseconds, so the greatest value may be up to 999 microseconds later.
func widen(t Timestamp, digits int, upper bool) Value {
	switch {
	case !upper || digits == 6:
		return t
	case digits > 6:
		return min(t, math.MaxInt64-1) + 1
	case digits > 3:
		return t
	}
	return min(t, math.MaxInt64-999) + 999
}

// floatBound reads a number, or the words some writers put in quotes; NaN is not a bound.
func floatBound(c *cursor, bits int) Value {
	var token []byte
	if c.next() == '"' {
		token, _ = c.str()
		switch string(token) {
		case "Infinity", "-Infinity", "Inf", "-Inf":
		default:
			return nil
		}
	} else if token = c.token(); len(token) == 0 || token[0] != '-' && (token[0] < '0' || token[0] > '9') {
		return nil
	}
	f, err := strconv.ParseFloat(string(token), bits)
	if err != nil || math.IsNaN(f) {
		return nil
	}
	return f
}

// onceFloat is the type of a double column that was a float column before. The text of a bound says
// not which it was in its file: 0.1 is one number as a double, and a greater one as a float.
type onceFloat struct{ schema.Primitive }

func storedType(f schema.Field) schema.Type {
	changes, _ := f.Metadata["delta.typeChanges"].([]any)
	for _, c := range changes {
		change, _ := c.(map[string]any)
		if f.Type == schema.Double && change["fromType"] == string(schema.Float) {
			return onceFloat{schema.Double}
		}
	}
	return f.Type
}

// onceFloatBound is the outer one of the two numbers that the text may mean.
func onceFloatBound(c *cursor, upper bool) Value {
	start := c.pos
	narrow := floatBound(c, 32)
	c.pos = start
	wide := floatBound(c, 64)
	if upper {
		return outer(narrow, wide, 1)
	}
	return outer(narrow, wide, -1)
}

func decimalBound(c *cursor, t schema.Decimal) Value {
	var token []byte
	if c.next() == '"' {
		token, _ = c.str()
	} else {
		token = c.token()
	}
	d, ok := ParseDecimal(string(token))
	if !ok {
		return nil
	}
	return d.rescale(t.Scale)
}
