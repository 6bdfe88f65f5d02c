package text

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/petalake/petalake/delta/schema"
)

// Kind is how the values of a Column lie in memory.
type Kind uint8

// The kinds of columns. Numbers are little-endian; a decimal is a whole number of 10^-scale.
const (
	Bool       Kind = iota // a byte
	Int8                   //
	Int16                  //
	Int32                  //
	Int64                  //
	Float32                //
	Float64                //
	Decimal16              // up to 4 digits
	Decimal32              // up to 9 digits
	Decimal64              // up to 18 digits
	Decimal128             // 16 bytes
	Date                   // int32, days since 1970
	Timestamp              // int64, microseconds since 1970
	Text                   // 16 bytes, see Column.put
	Struct                 // a child for each field
	List                   // 16 bytes: where it begins in the child, and how many elements it has
	Map                    // as a List; two children, keys and values
)

var kinds = map[schema.Primitive]Kind{
	schema.Boolean: Bool, schema.Byte: Int8, schema.Short: Int16, schema.Integer: Int32, schema.Long: Int64, schema.Float: Float32, schema.Double: Float64,
	schema.Date: Date, schema.Timestamp: Timestamp, schema.TimestampNTZ: Timestamp, schema.String: Text, schema.Binary: Text,
}

var sizes = [...]int{Bool: 1, Int8: 1, Int16: 2, Int32: 4, Int64: 8, Float32: 4, Float64: 8, Decimal16: 2, Decimal32: 4, Decimal64: 8, Decimal128: 16, Date: 4, Timestamp: 8, Text: 16, Struct: 0, List: 16, Map: 16}

// Options say how texts are read as values.
type Options struct {
	Null             []string       // texts that stand for no value, beside an empty one; "" among them is one for strings too
	Zone             *time.Location // of times that name none, in columns of the type timestamp; nil is UTC
	Canonical        bool           // a number may not begin with zeros or a plus, which it would lose
	Date, Timestamp  *Layout        // nil: ISO 8601
	Decimal, Grouped byte           // signs in numbers for the point, and between thousands; 0 for a point, and none
}

// Column holds the values of one field of the rows that were read last.
type Column struct {
	Field    schema.Field
	Kind     Kind
	Rows     int
	Data     []byte // Rows values, one after the other
	Null     []bool // of each row
	Nulls    int
	Children []*Column

	decimal schema.Decimal
	form    Form
	options *Options
	arena   *arena
	key     string        // its name in quotes, as it mostly stands in JSON
	names   *schema.Names // of a struct
	seen    []bool        // of a struct: its fields that an object has
	scratch []byte
}

// Form says how the texts of one column are written.
type Form struct {
	Layout    *Layout // of dates or times; nil as the Options say
	Canonical bool    // a number may not begin with a zero or a plus, which it would lose: the column may hold keys
}

func newColumn(f schema.Field, o *Options, form Form, a *arena) (*Column, error) {
	c := &Column{Field: f, options: o, arena: a, form: form}
	c.named(f.Name)
	switch t := f.Type.(type) {
	case schema.Primitive:
		kind, ok := kinds[t]
		if !ok {
			return nil, fmt.Errorf("column %s: the type %s cannot be read from text", f.Name, t)
		}
		c.Kind = kind
		switch {
		case form.Layout != nil:
		case t == schema.Date:
			c.form.Layout = o.Date
		case kind == Timestamp:
			c.form.Layout = o.Timestamp
		}
	case schema.Decimal:
		c.decimal, c.Kind = t, Decimal128
		for width, kind := range map[int]Kind{4: Decimal16, 9: Decimal32, 18: Decimal64} {
			if t.Precision <= width && kind < c.Kind {
				c.Kind = kind
			}
		}
	case *schema.Struct:
		c.Kind, c.seen, c.names = Struct, make([]bool, len(t.Fields)), t.Names()
		return c, c.child(o, a, t.Fields...)
	case *schema.Array:
		c.Kind = List
		return c, c.child(o, a, schema.Field{Name: "element", Type: t.Element, Nullable: t.ContainsNull})
	case *schema.Map:
		c.Kind = Map
		return c, c.child(o, a, schema.Field{Name: "key", Type: t.Key}, schema.Field{Name: "value", Type: t.Value, Nullable: t.ValueContainsNull})
	}
	return c, nil
}

// named says what the column is called in records of JSON.
func (c *Column) named(key string) {
	if c.key = ""; !strings.ContainsAny(key, "\"\\") {
		c.key = `"` + key + `"`
	}
}

func (c *Column) child(o *Options, a *arena, fields ...schema.Field) error {
	for _, f := range fields {
		child, err := newColumn(f, o, Form{Canonical: c.form.Canonical}, a)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Field.Name, err)
		}
		c.Children = append(c.Children, child)
	}
	return nil
}

// cut takes the rows behind the first so many away.
func (c *Column) cut(rows int) {
	if c.Rows == rows {
		return
	}
	for _, null := range c.Null[rows:] {
		if null {
			c.Nulls--
		}
	}
	size := sizes[c.Kind]
	if c.Kind == List || c.Kind == Map {
		elements := int(binary.LittleEndian.Uint64(c.Data[rows*size:]))
		for _, child := range c.Children {
			child.cut(elements)
		}
	}
	if c.Kind == Struct {
		for _, child := range c.Children {
			child.cut(rows)
		}
	}
	c.Rows, c.Null, c.Data = rows, c.Null[:rows], c.Data[:rows*size]
}

// null adds a row without a value.
func (c *Column) null() {
	c.Rows, c.Null = c.Rows+1, append(c.Null, true)
	c.Nulls++
	switch c.Kind {
	case Struct:
		for _, child := range c.Children {
			child.null()
		}
	case List, Map:
		c.entry(c.Children[0].Rows, 0)
	default:
		c.Data = append(c.Data, zeros[:sizes[c.Kind]]...)
	}
}

var zeros [16]byte

// some notes that the row has a value, whose bytes are added beside.
func (c *Column) some() { c.Rows, c.Null = c.Rows+1, append(c.Null, false) }

func (c *Column) entry(from, n int) {
	c.Data = binary.LittleEndian.AppendUint64(c.Data, uint64(from))
	c.Data = binary.LittleEndian.AppendUint64(c.Data, uint64(n))
}

// integer adds a value of a kind that is an integer in memory.
func (c *Column) integer(v int64) {
	c.some()
	switch sizes[c.Kind] {
	case 1:
		c.Data = append(c.Data, byte(v))
	case 2:
		c.Data = binary.LittleEndian.AppendUint16(c.Data, uint16(v))
	case 4:
		c.Data = binary.LittleEndian.AppendUint32(c.Data, uint32(v))
	case 8:
		c.Data = binary.LittleEndian.AppendUint64(c.Data, uint64(v))
	}
}

// put adds a text as DuckDB's string_t: its length in four bytes, then itself where it has up to twelve;
// else its first four and a pointer to a copy.
func (c *Column) put(text []byte) {
	c.some()
	c.Data = binary.LittleEndian.AppendUint32(c.Data, uint32(len(text)))
	if len(text) <= 12 {
		c.Data = append(c.Data, text...)
		c.Data = append(c.Data, zeros[:12-len(text)]...)
		return
	}
	text = c.arena.copy(text)
	c.Data = append(c.Data, text[:4]...)
	c.Data = binary.LittleEndian.AppendUint64(c.Data, uint64(uintptr(unsafe.Pointer(unsafe.SliceData(text)))))
}

// Misfit says why a text is no value of a column.
type Misfit struct {
	Column string
	Reason string
	// Unknown is the name of a field that a record has and the table has not; the reason is then its type.
	Unknown string
}

// Faults of numbers.
const (
	wouldRound = "it would be rounded"
	outOfRange = "it is out of range"
)

func (c *Column) misfit(text []byte, fault string, holds schema.Type) *Misfit {
	reason := shown(text) + " is no " + c.Field.Type.String()
	if fault != "" {
		reason = shown(text) + " does not fit " + c.Field.Type.String() + ": " + fault
	}
	if holds != nil {
		reason += "; " + holds.String() + " would hold it"
	}
	return &Misfit{Column: c.Field.Name, Reason: reason}
}

// shown is a text in a message.
func shown(text []byte) string {
	if len(text) > 100 {
		text = append(text[:100:100], "..."...)
	}
	return fmt.Sprintf("%q", string(text))
}

// under names the column that a misfit is inside of.
func (m *Misfit) under(name string) *Misfit {
	if m.Column != "" {
		m.Column = name + "." + m.Column
	}
	if m.Unknown != "" {
		m.Unknown = name + "." + m.Unknown
	}
	return m
}

// text adds the value that a text says. It is what is between two delimiters of CSV, a text in JSON, or a number
// there: a value arrives as it is, or it does not arrive.
func (c *Column) text(cell []byte) *Misfit {
	if c.Kind == Text {
		return c.characters(cell)
	}
	cell = trim(cell)
	switch c.Kind {
	case Int8, Int16, Int32, Int64, Decimal16, Decimal32, Decimal64, Decimal128, Float32, Float64:
		return c.number(cell)
	case Date:
		return c.day(cell)
	case Timestamp:
		return c.moment(cell)
	case Bool:
		v, ok := boolean(cell)
		if !ok {
			return c.misfit(cell, "", nil)
		}
		c.integer(v)
		return nil
	}
	return c.misfit(cell, "", nil)
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// characters adds a text, or the bytes that it says with \xNN for those that are no ASCII.
func (c *Column) characters(cell []byte) *Misfit {
	if c.Field.Type == schema.String {
		if !utf8.Valid(cell) {
			return c.misfit(cell, "it is not valid UTF-8", nil)
		}
		c.put(cell)
		return nil
	}
	c.scratch = c.scratch[:0]
	for i := 0; i < len(cell); i++ {
		b := cell[i]
		if b >= utf8.RuneSelf {
			return c.misfit(cell, `bytes that are no ASCII are written as \xNN`, nil)
		}
		if b == '\\' {
			if i+3 >= len(cell) || cell[i+1] != 'x' || hex(cell[i+2]) > 15 || hex(cell[i+3]) > 15 {
				return c.misfit(cell, `a backslash is written as \x5C, a byte as \xNN`, nil)
			}
			b = hex(cell[i+2])<<4 | hex(cell[i+3])
			i += 3
		}
		c.scratch = append(c.scratch, b)
	}
	c.put(c.scratch)
	return nil
}

func hex(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return b | 0x20 - 'a' + 10
	}
	return 255
}

// number adds a number that is the one of the text.
func (c *Column) number(cell []byte) *Misfit {
	if c.options.Decimal == 0 && c.options.Grouped == 0 && c.quickly(cell) {
		return nil
	}
	text := cell
	if c.options.Decimal != 0 || c.options.Grouped != 0 {
		var ok bool
		if text, ok = c.options.pointed(cell, &c.scratch); !ok {
			return c.misfit(cell, "", nil)
		}
	}
	n, ok := parseNumber(text)
	if !ok {
		f, isSpecial := special(text)
		if !isSpecial || c.Kind != Float32 && c.Kind != Float64 {
			return c.misfit(cell, "", nil)
		}
		c.float(f)
		return nil
	}
	if n.padded && c.form.Canonical {
		return c.misfit(cell, "it begins with a zero or a plus, which a number does not keep: declare the column in lakehouse.yaml if it holds numbers", schema.String)
	}
	var fault string
	switch c.Kind {
	case Float32, Float64:
		var f float64
		if f, fault = n.float(text, sizes[c.Kind]*8); fault == "" {
			c.float(f)
		}
	case Decimal16, Decimal32, Decimal64, Decimal128:
		var hi, lo uint64
		if hi, lo, fault = n.scaled(c.decimal.Precision, c.decimal.Scale); fault == "" {
			c.unscaled(hi, lo)
		}
	default:
		var v int64
		if v, fault = n.whole(sizes[c.Kind] * 8); fault == "" {
			c.integer(v)
		}
	}
	if fault == "" {
		return nil
	}
	return c.misfit(cell, fault, n.holds())
}

func (c *Column) unscaled(hi, lo uint64) {
	if c.Kind != Decimal128 {
		c.integer(int64(lo))
		return
	}
	c.some()
	c.Data = binary.LittleEndian.AppendUint64(c.Data, lo)
	c.Data = binary.LittleEndian.AppendUint64(c.Data, hi)
}

func (c *Column) float(f float64) {
	c.some()
	if c.Kind == Float32 {
		c.Data = binary.LittleEndian.AppendUint32(c.Data, math.Float32bits(float32(f)))
		return
	}
	c.Data = binary.LittleEndian.AppendUint64(c.Data, math.Float64bits(f))
}

// quickly adds a number in the plainest form: -?[0-9]+, and [.][0-9]+ for a double, of up to 15 digits without a zero before others.
func (c *Column) quickly(cell []byte) bool {
	if len(cell) > 17 || c.Kind != Int64 && c.Kind != Float64 {
		return false
	}
	rest := cell
	negative := len(rest) > 0 && rest[0] == '-'
	if negative {
		rest = rest[1:]
	}
	if len(rest) == 0 || len(rest) > 16 || rest[0] == '0' && len(rest) > 1 && rest[1] != '.' {
		return false
	}
	whole, scale := int64(0), -1
	for i, b := range rest {
		if b == '.' && scale < 0 && i > 0 {
			scale = len(rest) - i - 1
			continue
		}
		if b < '0' || b > '9' {
			return false
		}
		whole = whole*10 + int64(b-'0')
	}
	switch {
	case scale < 0 && len(rest) > 15, scale == 0, c.Kind == Int64 && scale > 0:
		return false
	case c.Kind == Int64:
		if negative {
			whole = -whole
		}
		c.integer(whole)
	default:
		f := float64(whole) / powers[max(scale, 0)] // both are exact, so this is the nearest
		if negative {
			f = -f
		}
		c.float(f)
	}
	return true
}

// pointed writes a number with a point and without signs between thousands, which stand behind each third
// digit or nowhere.
func (o *Options) pointed(cell []byte, scratch *[]byte) ([]byte, bool) {
	point := o.Decimal
	if point == 0 {
		point = '.'
	}
	out := (*scratch)[:0]
	group, grouped, fraction := 0, false, false
	for i, b := range cell {
		switch {
		case b == o.Grouped && b != 0:
			if fraction || i == 0 || group == 0 || group > 3 || grouped && group != 3 {
				return nil, false
			}
			group, grouped = 0, true
			continue
		case b == point:
			if grouped && group != 3 {
				return nil, false
			}
			fraction, grouped = true, false
			b = '.'
		case b == '.':
			return nil, false
		case b >= '0' && b <= '9':
			group++
		}
		out = append(out, b)
	}
	*scratch = out
	return out, !grouped || group == 3
}

// boolean reads the words that stand for true and false.
func boolean(cell []byte) (int64, bool) {
	var lower [5]byte
	if len(cell) > len(lower) {
		return 0, false
	}
	for i, b := range cell {
		lower[i] = b
		if b >= 'A' && b <= 'Z' {
			lower[i] = b + 'a' - 'A'
		}
	}
	switch string(lower[:len(cell)]) {
	case "true", "t", "yes", "y", "1":
		return 1, true
	case "false", "f", "no", "n", "0":
		return 0, true
	}
	return 0, false
}

func (c *Column) day(cell []byte) *Misfit {
	m, ok := c.read(cell)
	switch {
	case !ok:
		return c.misfit(cell, c.wanted(), nil)
	case m.zoned:
		return c.misfit(cell, "it is a time of a zone", schema.Timestamp)
	case m.lost || m.micros%microsPerDay != 0:
		return c.misfit(cell, "it has a time of day", schema.TimestampNTZ)
	}
	c.integer(floorDiv(m.micros, microsPerDay))
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (c *Column) moment(cell []byte) *Misfit {
	m, ok := c.read(cell)
	if !ok {
		return c.misfit(cell, c.wanted(), nil)
	}
	if m.lost {
		return c.misfit(cell, "it has digits beyond microseconds", schema.String)
	}
	if m.zoned && c.Field.Type == schema.TimestampNTZ {
		return c.misfit(cell, "it names a zone", schema.Timestamp)
	}
	if !m.zoned && c.Field.Type == schema.Timestamp && c.options.Zone != nil {
		if m.micros, ok = inLocation(m.micros, c.options.Zone); !ok {
			return c.misfit(cell, "clocks in "+c.options.Zone.String()+" show it twice, or never", nil)
		}
	}
	c.integer(m.micros)
	return nil
}

// read reads a date or a time in the form of the column.
func (c *Column) read(cell []byte) (moment, bool) {
	if c.form.Layout != nil {
		return c.form.Layout.parse(cell)
	}
	return parseMoment(cell)
}

// wanted says which form dates and times have here.
func (c *Column) wanted() string {
	if c.form.Layout != nil {
		return "it is not written as " + c.form.Layout.text
	}
	return ""
}

// arena keeps the bytes of texts until the next rows are read.
type arena struct {
	slabs [][]byte // the last one is being filled
	large [][]byte
	used  int
}

const slabSize = 1 << 18

func (a *arena) copy(text []byte) []byte {
	if len(text) > slabSize/4 {
		a.large = append(a.large, append([]byte(nil), text...))
		return a.large[len(a.large)-1]
	}
	if len(a.slabs) == 0 || slabSize-a.used < len(text) {
		a.slabs, a.used = append(a.slabs, make([]byte, slabSize)), 0
	}
	to := a.slabs[len(a.slabs)-1][a.used : a.used+len(text)]
	copy(to, text)
	a.used += len(text)
	return to
}

// reset forgets all texts, but no more than one slab of memory.
func (a *arena) reset() {
	clear(a.large)
	a.large = a.large[:0]
	if len(a.slabs) > 1 {
		clear(a.slabs[1:])
		a.slabs = a.slabs[:1]
	}
	a.used = 0
}
