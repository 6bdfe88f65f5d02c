package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// names are the words for primitive types in SQL, the one String writes first.
var names = []struct {
	word string
	t    Primitive
}{
	{"string", String}, {"bigint", Long}, {"int", Integer}, {"smallint", Short}, {"tinyint", Byte},
	{"float", Float}, {"double", Double}, {"boolean", Boolean}, {"binary", Binary}, {"date", Date},
	{"timestamp", Timestamp}, {"timestamp_ntz", TimestampNTZ}, {"void", Void}, {"variant", Variant},
	{"long", Long}, {"integer", Integer}, {"short", Short}, {"byte", Byte}, {"real", Float},
	{"bool", Boolean}, {"timestamp_ltz", Timestamp}, {"null", Void},
}

// String is the SQL word for the type.
func (p Primitive) String() string {
	for _, n := range names {
		if n.t == p {
			return n.word
		}
	}
	return string(p)
}

func (d Decimal) String() string { return fmt.Sprintf("decimal(%d,%d)", d.Precision, d.Scale) }

func (a *Array) String() string { return "array<" + a.Element.String() + notNull(a.ContainsNull) + ">" }

func (m *Map) String() string {
	return "map<" + m.Key.String() + "," + m.Value.String() + notNull(m.ValueContainsNull) + ">"
}

func (s *Struct) String() string {
	var b strings.Builder
	b.WriteString("struct<")
	for i, f := range s.Fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(f.Name) + ":" + f.Type.String() + notNull(f.Nullable))
	}
	b.WriteByte('>')
	return b.String()
}

func notNull(nullable bool) string {
	if nullable {
		return ""
	}
	return " not null"
}

// Path is the path of a column as a person writes it: a.b.`c d`.
type Path []string

func (p Path) String() string {
	quoted := make([]string, len(p))
	for i, name := range p {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ".")
}

// ParsePath is the inverse of Path.String.
func ParsePath(text string) (Path, error) {
	p := &parser{text: text}
	var path Path
	for {
		name, err := p.name()
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", text, err)
		}
		path = append(path, name)
		if p.done() {
			return path, nil
		}
		if !p.take(".") {
			return nil, fmt.Errorf("column %q: want . at %q", text, p.rest())
		}
	}
}

func quote(name string) string {
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !wordRune(r) }) < 0 {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

func wordRune(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// ParseType reads a type as people write it in Spark SQL, in any case: "bigint", "decimal(10,2)",
// "struct<a:int,b:array<string>>". It is the inverse of Type.String, which leaves out the metadata
// of fields; "not null" after a field, an element or a map's value says that it is never null.
func ParseType(text string) (Type, error) {
	p := &parser{text: text}
	t, err := p.typ(0)
	if err == nil && !p.done() {
		err = fmt.Errorf("unexpected %q", p.rest())
	}
	if err != nil {
		return nil, fmt.Errorf("type %q: %w", text, err)
	}
	return t, nil
}

type parser struct {
	text   string
	pos    int
	limits bool // varchar and char are types
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) done() bool { p.space(); return p.pos == len(p.text) }

func (p *parser) rest() string { return p.text[p.pos:] }

func (p *parser) take(s string) bool {
	p.space()
	if !strings.HasPrefix(p.rest(), s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *parser) want(s string) error {
	if p.take(s) {
		return nil
	}
	if p.done() {
		return fmt.Errorf("want %s at the end", s)
	}
	return fmt.Errorf("want %s at %q", s, p.rest())
}

// word reads letters, digits and underscores; "" where there are none.
func (p *parser) word() string {
	p.space()
	start := p.pos
	for p.pos < len(p.text) && wordRune(rune(p.text[p.pos])) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func (p *parser) name() (string, error) {
	if !p.take("`") {
		if w := p.word(); w != "" {
			return w, nil
		}
		return "", fmt.Errorf("want a name at %q", p.rest())
	}
	var b strings.Builder
	for {
		end := strings.IndexByte(p.rest(), '`')
		if end < 0 {
			return "", errors.New("a backtick is not closed")
		}
		b.WriteString(p.rest()[:end])
		p.pos += end + 1
		if !strings.HasPrefix(p.rest(), "`") {
			break
		}
		b.WriteByte('`')
		p.pos++
	}
	if b.Len() == 0 {
		return "", errors.New("a name is empty")
	}
	return b.String(), nil
}

func (p *parser) typ(depth int) (Type, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("types nest more than %d deep", maxDepth)
	}
	word := strings.ToLower(p.word())
	switch word {
	case "":
		return nil, errors.New("a type is missing")
	case "array":
		return p.array(depth)
	case "map":
		return p.mapping(depth)
	case "struct":
		return p.structure(depth)
	case "decimal", "dec", "numeric":
		return p.decimal()
	case "varchar", "char":
		return p.limited(word)
	case "text":
		return nil, fmt.Errorf("%s is not a type of Delta tables: write string", word)
	}
	for _, n := range names {
		if n.word == word {
			return n.t, nil
		}
	}
	return nil, fmt.Errorf("unknown type %s", word)
}

func (p *parser) array(depth int) (Type, error) {
	if err := p.want("<"); err != nil {
		return nil, err
	}
	e, nullable, err := p.member(depth)
	if err != nil {
		return nil, err
	}
	return &Array{Element: e, ContainsNull: nullable}, p.want(">")
}

func (p *parser) mapping(depth int) (Type, error) {
	if err := p.want("<"); err != nil {
		return nil, err
	}
	k, err := p.typ(depth + 1)
	if err != nil {
		return nil, err
	}
	if err := p.want(","); err != nil {
		return nil, err
	}
	v, nullable, err := p.member(depth)
	if err != nil {
		return nil, err
	}
	return &Map{Key: k, Value: v, ValueContainsNull: nullable}, p.want(">")
}

func (p *parser) structure(depth int) (Type, error) {
	if err := p.want("<"); err != nil {
		return nil, err
	}
	s := &Struct{}
	for !p.take(">") {
		if len(s.Fields) > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		p.take(":")
		f := Field{Name: name}
		if f.Type, f.Nullable, err = p.member(depth); err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, f)
	}
	return s, s.unique(nil)
}

// member reads a type that "not null" may follow.
func (p *parser) member(depth int) (Type, bool, error) {
	t, err := p.typ(depth + 1)
	if err != nil {
		return nil, false, err
	}
	back := p.pos
	if strings.EqualFold(p.word(), "not") && strings.EqualFold(p.word(), "null") {
		return t, false, nil
	}
	p.pos = back
	return t, true, nil
}

func (p *parser) decimal() (Type, error) {
	d := Decimal{Precision: 10}
	if !p.take("(") {
		return d, nil
	}
	var err error
	if d.Precision, err = strconv.Atoi(p.word()); err != nil {
		return nil, errors.New("decimal: the precision is not a number")
	}
	if p.take(",") {
		if d.Scale, err = strconv.Atoi(p.word()); err != nil {
			return nil, errors.New("decimal: the scale is not a number")
		}
	}
	if err := p.want(")"); err != nil {
		return nil, err
	}
	if d.Precision < 1 || d.Precision > 38 || d.Scale > d.Precision {
		return nil, fmt.Errorf("decimal(%d,%d): want 1 <= precision <= 38 and 0 <= scale <= precision",
			d.Precision, d.Scale)
	}
	return d, nil
}
