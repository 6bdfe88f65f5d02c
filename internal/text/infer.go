package text

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/delta/schema"
)

// Guess is what the values of a column that nobody declared have in common.
type Guess struct {
	Name string

	values   int64
	is       seen
	whole    int // digits before the point, at most
	fraction int // and behind it
	inexact  bool
	large    bool   // a whole number beyond 2^53
	beyond   bool   // and beyond 64 bits
	layouts  []bool // forms of dates that all such texts have; nil where there was none
	dated    []byte // one of them
	text     []byte // the first value that is text alone

	fields  []*Guess
	names   *schema.Names // of the fields; nil where it is to be made
	element *Guess

	at    int64  // where it was first seen: fields have the order of the files, whichever thread reads which
	place *int64 // of the record that is read; nil for the columns of CSV, which have an order
}

// seen is a set of kinds of values.
type seen uint16

const (
	aBoolean seen = 1 << iota
	aWhole
	aFraction
	aSpecial // NaN, an infinity
	aDate
	aLocal // a time without a zone
	aZoned
	aForm // a date or a time that is not written as ISO 8601 has it
	aText
	anObject
	aList
)

// forms are the ways of writing dates that are found out, beside ISO 8601. Each may have a time of day behind it.
var forms = func() (all []*Layout) {
	for _, date := range []string{"%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y"} {
		for _, time := range []string{"", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p"} {
			l, err := NewLayout(date + time)
			if err != nil {
				panic(err)
			}
			all = append(all, l)
		}
	}
	return all
}()

// cell notes a value of CSV.
func (g *Guess) cell(cell []byte, o *Options, scratch *[]byte) {
	g.values++
	cell = trim(cell)
	if g.said(cell, o) {
		return
	}
	if o.Decimal != 0 || o.Grouped != 0 {
		pointed, ok := o.pointed(cell, scratch)
		if !ok {
			g.moment(cell)
			return
		}
		cell = pointed
	}
	switch n, ok := parseNumber(cell); {
	case ok && n.padded:
		g.asText(cell)
	case ok:
		g.number(cell, n)
	case len(cell) == 4 && bytes.EqualFold(cell, []byte("true")), len(cell) == 5 && bytes.EqualFold(cell, []byte("false")):
		g.is |= aBoolean
	default:
		if _, isSpecial := special(cell); isSpecial {
			g.is |= aSpecial
			return
		}
		g.moment(cell)
	}
}

// said notes a value that has the form which was said for dates or times.
func (g *Guess) said(cell []byte, o *Options) bool {
	if o.Date != nil {
		if m, ok := o.Date.parse(cell); ok && !m.lost && !m.time {
			g.is |= aDate
			return true
		}
	}
	if o.Timestamp != nil {
		if m, ok := o.Timestamp.parse(cell); ok && !m.lost {
			g.is |= map[bool]seen{true: aZoned, false: aLocal}[m.zoned]
			return true
		}
	}
	return false
}

func (g *Guess) asText(cell []byte) {
	if g.is |= aText; g.text == nil {
		g.text = append([]byte{}, cell...)
	}
}

// number notes a number. It is a floating-point one where that is the same number.
func (g *Guess) number(text []byte, n number) {
	if n.plain {
		g.is |= aWhole
		if n.digits+n.exponent > 15 {
			f, _ := strconv.ParseFloat(string(text), 64)
			g.large = g.large || !n.exact(f, 64)
			_, fault := n.whole(64)
			g.beyond = g.beyond || fault != ""
		}
	} else {
		g.is |= aFraction
		if n.digits > 15 && !g.inexact {
			f, err := strconv.ParseFloat(string(text), 64)
			back, _ := parseNumber([]byte(strconv.FormatFloat(f, 'g', -1, 64)))
			g.inexact = err != nil || !n.same(back)
		} else if n.digits+n.exponent > 300 || n.exponent < -300 {
			f, err := strconv.ParseFloat(string(text), 64)
			g.inexact = g.inexact || err != nil || f == 0 && n.digits > 0
		}
	}
	g.whole = max(g.whole, n.digits+n.exponent)
	g.fraction = max(g.fraction, -n.exponent)
}

// moment notes a date, a time, or a text that is neither.
func (g *Guess) moment(cell []byte) {
	if len(cell) == 0 || len(cell) > 40 || g.is&aText != 0 {
		g.asText(cell)
		return
	}
	m, ok := parseMoment(cell)
	switch {
	case ok && (m.lost || cell[0] == '+' || cell[0] == '-'):
		g.asText(cell)
	case ok && m.zoned:
		g.is |= aZoned
	case ok && m.time:
		g.is |= aLocal
	case ok:
		g.is |= aDate
	default:
		g.form(cell)
	}
}

// form notes in which forms a text is a date.
func (g *Guess) form(cell []byte) {
	if len(cell) < 8 {
		g.asText(cell)
		return
	}
	alive := false
	layouts := make([]bool, len(forms))
	for i, l := range forms {
		if g.layouts != nil && !g.layouts[i] {
			continue
		}
		m, ok := l.parse(cell)
		layouts[i] = ok && !m.lost
		alive = alive || layouts[i]
	}
	if !alive {
		g.asText(cell)
		return
	}
	g.is |= aForm
	if g.dated == nil {
		g.dated = append([]byte{}, cell...)
	}
	g.layouts = layouts
}

// json notes the value that a scanner stands before.
func (g *Guess) json(s *scanner, depth int) *Misfit {
	switch b := s.space(); b {
	case 'n':
		if !s.word("null") {
			return s.malformed("a value is wanted")
		}
		return nil
	case '{', '[':
		g.values++
		if depth == 0 { // what is deeper stays the text that it is
			g.asText(nil)
			return s.skip()
		}
		if b == '[' {
			return g.elements(s, depth)
		}
		g.is |= anObject
		return g.object(s, depth)
	case '"':
		g.values++
		text, m := s.quoted(&s.scratch)
		if m == nil {
			g.moment(text)
		}
		return m
	case 't', 'f':
		g.values++
		g.is |= aBoolean
		if !s.word("true") && !s.word("false") {
			return s.malformed("a value is wanted")
		}
		return nil
	}
	g.values++
	from := s.at
	if m := s.number(); m != nil {
		return m
	}
	if n, ok := parseNumber(s.text[from:s.at]); ok {
		g.number(s.text[from:s.at], n)
	} else {
		g.is |= aSpecial
	}
	return nil
}

func (g *Guess) elements(s *scanner, depth int) *Misfit {
	g.is |= aList
	if g.element == nil {
		g.element = &Guess{Name: g.Name, place: g.place}
	}
	s.at++
	for n := 0; ; n++ {
		if s.space() == ']' && n == 0 {
			s.at++
			return nil
		}
		if m := g.element.json(s, depth-1); m != nil {
			return m
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			return nil
		default:
			return s.malformed("a comma or a closing bracket is wanted")
		}
	}
}

// object notes the fields of an object.
func (g *Guess) object(s *scanner, depth int) *Misfit {
	return s.members(func(n int, name []byte) *Misfit { return g.field(string(name), n).json(s, depth-1) })
}

// field is the guess of a field, which is added where there is none.
func (g *Guess) field(name string, guess int) *Guess {
	if guess < len(g.fields) && g.fields[guess].Name == name {
		return g.fields[guess]
	}
	if g.names == nil {
		g.names = (&schema.Struct{}).Names()
		for _, f := range g.fields {
			g.names.Add(f.Name)
		}
	}
	if at := g.names.Index(name); at >= 0 {
		return g.fields[at]
	}
	f := &Guess{Name: name, place: g.place}
	g.names.Add(name)
	if g.place != nil {
		f.at = *g.place
		*g.place++
	}
	g.fields = append(g.fields, f)
	return f
}

// merge adds what another guess of the same column saw.
func (g *Guess) merge(o *Guess) {
	g.values += o.values
	g.is |= o.is
	g.whole, g.fraction = max(g.whole, o.whole), max(g.fraction, o.fraction)
	g.inexact, g.large, g.beyond = g.inexact || o.inexact, g.large || o.large, g.beyond || o.beyond
	if g.text == nil {
		g.text = o.text
	}
	switch {
	case g.layouts == nil:
		g.layouts, g.dated = o.layouts, o.dated
	case o.layouts != nil:
		for i := range g.layouts {
			g.layouts[i] = g.layouts[i] && o.layouts[i]
		}
	}
	for i, f := range o.fields {
		mine := len(g.fields)
		into := g.field(f.Name, i)
		if into.at = min(into.at, f.at); len(g.fields) > mine {
			into.at = f.at
		}
		into.merge(f)
	}
	g.names = nil
	slices.SortStableFunc(g.fields, func(a, b *Guess) int { return cmp.Compare(a.at, b.at) })
	switch {
	case g.element == nil:
		g.element = o.element
	case o.element != nil:
		g.element.merge(o.element)
	}
}

// AmbiguousError says that dates can be read in two ways, and no value tells which.
type AmbiguousError struct {
	Column  string
	Text    string
	Layouts []*Layout
}

// Error implements error.
func (e *AmbiguousError) Error() string {
	var readings []string
	for _, l := range e.Layouts {
		m, _ := l.parse([]byte(e.Text))
		days := floorDiv(m.micros, microsPerDay)
		readings = append(readings, fmt.Sprintf("%s with %s", dayText(days), l))
	}
	return fmt.Sprintf("column %s: %q is %s, and no value says which", e.Column, e.Text, strings.Join(readings, ", and "))
}

// Hint says what to do.
func (e *AmbiguousError) Hint() string {
	option := "date_format"
	if strings.Contains(e.Layouts[0].text, ":") {
		option = "timestamp_format"
	}
	return fmt.Sprintf("say how dates are written: %s: %q (--%s), or declare the column a string", option, e.Layouts[0].text, strings.ReplaceAll(option, "_", "-"))
}

// Type is the type that holds all the values as they are, and the form of its dates where that is not ISO 8601.
func (g *Guess) Type() (schema.Type, *Layout, error) {
	numbers := g.is&(aWhole|aFraction|aSpecial) != 0
	switch {
	case g.is == 0, g.is == aSpecial:
		return schema.String, nil, nil
	case g.is == aBoolean:
		return schema.Boolean, nil, nil
	case numbers && g.is&^(aWhole|aFraction|aSpecial) == 0:
		return g.numeric(), nil, nil
	case g.is == aDate:
		return schema.Date, nil, nil
	case g.is&^(aDate|aLocal) == 0:
		return schema.TimestampNTZ, nil, nil
	case g.is == aZoned:
		return schema.Timestamp, nil, nil
	case g.is == aForm:
		return g.formed()
	case g.is == anObject && len(g.fields) > 0:
		s, err := g.structure()
		return s, nil, err
	case g.is == aList:
		element, _, err := g.element.Type()
		return &schema.Array{Element: element, ContainsNull: true}, nil, err
	}
	return schema.String, nil, nil
}

// numeric is the type of numbers.
func (g *Guess) numeric() schema.Type {
	fractions := g.is&(aFraction|aSpecial) != 0
	decimal := schema.Decimal{Precision: mostDigits, Scale: max(g.fraction, 0)}
	fits := g.is&aSpecial == 0 && g.fraction <= mostDigits && max(g.whole, 0)+max(g.fraction, 0) <= mostDigits
	switch {
	case !fractions && !g.beyond:
		return schema.Long
	case fractions && !g.inexact && !g.large:
		return schema.Double
	case fits:
		return decimal
	}
	return schema.String
}

func (g *Guess) formed() (schema.Type, *Layout, error) {
	var alive []*Layout
	for i, ok := range g.layouts {
		if ok {
			alive = append(alive, forms[i])
		}
	}
	switch {
	case len(alive) == 0:
		return schema.String, nil, nil
	case len(alive) > 1:
		return nil, nil, &AmbiguousError{g.Name, string(g.dated), alive}
	case strings.Contains(alive[0].text, ":"):
		return schema.TimestampNTZ, alive[0], nil
	}
	return schema.Date, alive[0], nil
}

func (g *Guess) structure() (*schema.Struct, error) {
	s := &schema.Struct{}
	for _, f := range g.fields {
		t, layout, err := f.Type()
		if err != nil {
			return nil, err
		}
		if layout != nil { // forms are kept for columns alone
			t = schema.String
		}
		s.Fields = append(s.Fields, schema.Field{Name: f.Name, Type: t, Nullable: true})
	}
	return s, nil
}

// Why says what decided the type, in a few words.
func (g *Guess) Why() string {
	t, layout, err := g.Type()
	switch {
	case err != nil:
		return err.Error()
	case g.is == 0:
		return "no value"
	case t == schema.String && g.text != nil:
		return shown(g.text)
	case t == schema.String && g.is&(anObject|aList) == 0 && g.is&(g.is-1) != 0:
		return "values of several kinds"
	case layout != nil:
		return "written as " + layout.text
	case g.beyond && t != schema.String:
		return fmt.Sprintf("whole numbers of up to %d digits", g.whole)
	case t != schema.Double && g.is&aFraction != 0 && (g.inexact || g.large):
		return "more digits than a double holds"
	}
	return ""
}

// dayText is a day, counted from 1970, as ISO 8601 has it.
func dayText(days int64) string { return time.Unix(days*86_400, 0).UTC().Format(time.DateOnly) }
