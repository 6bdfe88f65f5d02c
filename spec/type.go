package spec

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/internal/words"
)

// Type is the type of a column as it was written, and known to be well formed: a name of Spark
// SQL such as bigint, decimal(10,2), array<string>, map<string,int> or struct<a:int,b:date>.
type Type string

// CheckType tells what is wrong with a type, or nil.
func CheckType(text string) error {
	p := typeParser{text: text}
	if p.typ(0); p.fault == nil && !p.done() {
		p.fail("", "unexpected %q in the type", p.rest())
	}
	if p.fault != nil {
		return p.fault
	}
	return nil
}

func (t *Type) parse(text string) error {
	*t = Type(text)
	return CheckType(text)
}

func (*Type) shape() shape {
	return shape{says: "type", examples: []string{"string", "bigint", "decimal(10,2)", "timestamp", "array<string>", "struct<a:int,b:string>"}}
}

// nested reports whether values of the type have parts, so that they have no order.
func (t Type) nested() bool {
	p := typeParser{text: string(t)}
	switch strings.ToLower(p.word()) {
	case "array", "map", "struct":
		return true
	}
	return false
}

var (
	simpleTypes = []string{
		"string", "int", "bigint", "double", "boolean", "date", "timestamp", "timestamp_ntz", "float",
		"smallint", "tinyint", "binary", "integer", "long", "short", "byte", "real", "bool", "timestamp_ltz",
	}
	knownTypes = append([]string{"decimal", "dec", "numeric", "array", "map", "struct"}, simpleTypes...)

	// foreignTypes are names that others use, with ours.
	foreignTypes = map[string]string{
		"varchar": "string", "char": "string", "text": "string", "str": "string", "uuid": "string", "json": "string",
		"nvarchar": "string", "character": "string", "utf8": "string", "object": "struct<...>", "record": "struct<...>",
		"int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "uint8": "smallint", "uint16": "int",
		"uint32": "bigint", "uint64": "decimal(20,0)", "hugeint": "decimal(38,0)", "number": "decimal(p,s)",
		"float4": "float", "float8": "double", "float32": "float", "float64": "double",
		"datetime": "timestamp", "timestamptz": "timestamp", "timestampntz": "timestamp_ntz", "time": "string",
		"blob": "binary", "bytes": "binary", "bytea": "binary", "varbinary": "binary", "list": "array<...>", "row": "struct<...>",
	}
)

const typesHint = "the types are string, int, bigint, smallint, tinyint, float, double, decimal(p,s), boolean, binary, " +
	"date, timestamp, timestamp_ntz, array<...>, map<...> and struct<...>"

// deepestType bounds how types nest.
const deepestType = 64

type typeParser struct {
	text  string
	pos   int
	fault *fault // the first
}

func (p *typeParser) fail(hint, format string, args ...any) {
	if p.fault == nil {
		p.fault = faultf(hint, format, args...)
		p.fault.offset = utf8.RuneCountInString(p.text[:p.pos])
	}
}

func (p *typeParser) rest() string { return p.text[p.pos:] }

func (p *typeParser) done() bool {
	p.pos += len(p.rest()) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
	return p.pos == len(p.text)
}

func (p *typeParser) take(mark string) bool {
	if p.done() || !strings.HasPrefix(p.rest(), mark) {
		return false
	}
	p.pos += len(mark)
	return true
}

func (p *typeParser) want(mark, example string) bool {
	if p.fault == nil && !p.take(mark) {
		p.fail("write "+example, "%q is missing in the type", mark)
	}
	return p.fault == nil
}

func (p *typeParser) word() string {
	p.done()
	n := 0
	for n < len(p.rest()) && (p.rest()[n] == '_' || word("a"+p.rest()[n:n+1])) {
		n++
	}
	p.pos += n
	return p.text[p.pos-n : p.pos]
}

func (p *typeParser) typ(depth int) {
	if depth > deepestType {
		p.fail("", "the type nests more than %d deep", deepestType)
	}
	p.done()
	start := p.pos
	name := p.word()
	if p.fault != nil {
		return
	}
	switch strings.ToLower(name) {
	case "decimal", "dec", "numeric":
		p.decimal()
	case "array":
		if p.want("<", "array<string>") {
			p.member(depth + 1)
			p.want(">", "array<string>")
		}
	case "map":
		if p.want("<", "map<string,int>") {
			p.typ(depth + 1)
			p.want(",", "map<string,int>")
			p.member(depth + 1)
			p.want(">", "map<string,int>")
		}
	case "struct":
		p.structure(depth + 1)
	default:
		p.simple(name, start)
	}
}

func (p *typeParser) simple(name string, start int) {
	folded := strings.ToLower(name)
	for _, s := range simpleTypes {
		if s == folded {
			return
		}
	}
	p.pos = start
	if name == "" {
		p.fail(typesHint, "a type is missing")
		return
	}
	hint := typesHint
	if ours := foreignTypes[folded]; ours != "" {
		hint = "write " + ours
	} else if near := words.Nearest(name, knownTypes); near != "" {
		hint = `did you mean "` + near + `"?`
	}
	p.fail(hint, "unknown type %q", name)
}

// member reads a type that "not null" may follow.
func (p *typeParser) member(depth int) {
	p.typ(depth)
	back := p.pos
	if p.fault == nil && !(strings.EqualFold(p.word(), "not") && strings.EqualFold(p.word(), "null")) {
		p.pos = back
	}
}

func (p *typeParser) structure(depth int) {
	const example = "struct<a:int,b:string>"
	if !p.want("<", example) {
		return
	}
	seen := map[string]bool{}
	for p.fault == nil && !p.take(">") {
		if len(seen) > 0 && !p.want(",", example) {
			return
		}
		p.done()
		start := p.pos
		name := p.fieldName()
		if name == "" {
			p.fail("write "+example, "the name of a field is missing in the type")
		} else if seen[strings.ToLower(name)] {
			p.pos = start
			p.fail("", "the type has two fields %q", name)
		}
		seen[strings.ToLower(name)] = true
		p.take(":")
		p.member(depth)
	}
}

// fieldName reads a word, or anything between backticks.
func (p *typeParser) fieldName() string {
	if !p.take("`") {
		return p.word()
	}
	var name strings.Builder
	for {
		part, _, closed := strings.Cut(p.rest(), "`")
		if !closed {
			p.fail("", "a backtick is not closed in the type")
			return "?"
		}
		name.WriteString(part)
		p.pos += len(part) + 1
		if !strings.HasPrefix(p.rest(), "`") {
			return name.String()
		}
		name.WriteByte('`')
		p.pos++
	}
}

func (p *typeParser) decimal() {
	const example = "decimal(10,2)"
	if !p.take("(") {
		return
	}
	start := p.pos
	precision, err := strconv.Atoi(p.word())
	if err != nil {
		p.pos = start
		p.fail("write "+example, "the digits of the decimal are not a number")
		return
	}
	scale := 0
	if p.take(",") {
		at := p.pos
		if scale, err = strconv.Atoi(p.word()); err != nil {
			p.pos = at
			p.fail("write "+example, "the scale of the decimal is not a number")
			return
		}
	}
	p.want(")", example)
	if precision < 1 || precision > 38 || scale > precision {
		p.pos = start
		p.fail("the digits are 1 to 38, and no more of them after the point", "no decimal has %d digits, %d after the point", precision, scale)
	}
}
