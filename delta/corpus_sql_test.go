package delta

import (
	"regexp"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// sql reads the predicates of the corpus, as far as they compare columns with constants.
type sql struct {
	words  []string
	schema *schema.Struct
	bad    bool
}

var sqlWord = regexp.MustCompile("(?i)'[^']*'|`[^`]*`(\\.`?[a-z0-9_]+`?)*|<=>|<>|!=|<=|>=|[-+]?[0-9][0-9.]*(e[-+]?[0-9]+)?|[a-z_][a-z0-9_]*(\\.[a-z0-9_]+)*|[=<>(),]|\\S")

func parsePredicate(text string, s *schema.Struct) (stats.Predicate, bool) {
	p := &sql{words: sqlWord.FindAllString(text, -1), schema: s}
	out := p.or()
	return out, !p.bad && len(p.words) == 0
}

func (p *sql) take(word string) bool {
	if len(p.words) > 0 && strings.EqualFold(p.words[0], word) {
		p.words = p.words[1:]
		return true
	}
	return false
}

func (p *sql) next() string {
	if len(p.words) == 0 {
		p.bad = true
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *sql) or() stats.Predicate {
	out := stats.Or{p.and()}
	for p.take("or") {
		out = append(out, p.and())
	}
	return out
}

func (p *sql) and() stats.Predicate {
	out := stats.And{p.not()}
	for p.take("and") {
		out = append(out, p.not())
	}
	return out
}

func (p *sql) not() stats.Predicate {
	if p.take("not") {
		return stats.Not{Predicate: p.not()}
	}
	if p.take("(") {
		out := p.or()
		if !p.take(")") {
			p.bad = true
		}
		return out
	}
	return p.compare()
}

func (p *sql) compare() stats.Predicate {
	first := p.next()
	switch strings.ToLower(first) {
	case "true":
		return stats.And{}
	case "false":
		return stats.Or{}
	}
	path, typ, isColumn := p.column(first)
	if !isColumn {
		op := p.next()
		path, typ, isColumn = p.column(p.next())
		v, ok := constant(first, typ)
		flipped, known := map[string]stats.Op{"=": stats.EQ, "<": stats.GT, "<=": stats.GE, ">": stats.LT, ">=": stats.LE, "!=": stats.NE, "<>": stats.NE}[op]
		p.bad = p.bad || !isColumn || !ok || !known
		return stats.Compare{Path: path, Op: flipped, Value: v}
	}
	switch {
	case p.take("is"):
		negated := p.take("not")
		p.bad = p.bad || !p.take("null")
		if negated {
			return stats.Not{Predicate: stats.IsNull{Path: path}}
		}
		return stats.IsNull{Path: path}
	case p.take("in"):
		in := stats.In{Path: path, Values: []stats.Value{}}
		p.bad = p.bad || !p.take("(")
		for !p.bad && !p.take(")") {
			in.Values = append(in.Values, p.constant(typ))
			p.take(",")
		}
		return in
	case p.take("between"):
		low := p.constant(typ)
		p.bad = p.bad || !p.take("and")
		return stats.And{stats.Compare{Path: path, Op: stats.GE, Value: low}, stats.Compare{Path: path, Op: stats.LE, Value: p.constant(typ)}}
	}
	op := p.next()
	if op == "!=" {
		op = "<>"
	}
	v := p.constant(typ)
	if op == "<=>" && v == nil {
		return stats.IsNull{Path: path}
	}
	if op == "<=>" {
		return stats.And{stats.Not{Predicate: stats.IsNull{Path: path}}, stats.Compare{Path: path, Op: stats.EQ, Value: v}}
	}
	switch stats.Op(op) {
	case stats.EQ, stats.NE, stats.LT, stats.LE, stats.GT, stats.GE:
	default:
		p.bad = true
	}
	return stats.Compare{Path: path, Op: stats.Op(op), Value: v}
}

func (p *sql) column(word string) ([]string, schema.Type, bool) {
	path, err := schema.ParsePath(word)
	if err != nil || word == "" || word[0] == '\'' {
		return nil, nil, false
	}
	found, f, ok := p.schema.Lookup(path...)
	return found, f.Type, ok
}

func (p *sql) constant(t schema.Type) stats.Value {
	v, ok := constant(p.next(), t)
	p.bad = p.bad || !ok
	return v
}

func constant(word string, t schema.Type) (stats.Value, bool) {
	if strings.EqualFold(word, "null") {
		return nil, true
	}
	quoted := strings.HasPrefix(word, "'")
	if quoted != (t == schema.String || t == schema.Date || t == schema.Timestamp || t == schema.TimestampNTZ) {
		return nil, false
	}
	text := strings.ToLower(word)
	if quoted {
		text = strings.Trim(word, "'")
	}
	if text == "" {
		return "", t == schema.String
	}
	if quoted && t == schema.Timestamp { // in the zone of the capture
		for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999", "2006-01-02"} {
			if then, err := time.ParseInLocation(layout, text, losAngeles()); err == nil {
				return stats.Timestamp(then.UnixMicro()), true
			}
		}
	}
	v, err := stats.ParsePartition(t, &text)
	return v, err == nil
}

// cell is the value of a column in a row; nil where it, or a struct around it, is null.
func cell(batch arrow.RecordBatch, path []string, row int) stats.Value {
	at := batch.Schema().FieldIndices(path[0])
	if len(at) == 0 {
		return nil
	}
	col := batch.Column(at[0])
	for _, name := range path[1:] {
		s, ok := col.(*array.Struct)
		if !ok || s.IsNull(row) {
			return nil
		}
		i, ok := s.DataType().(*arrow.StructType).FieldIdx(name)
		if !ok {
			return nil
		}
		col = s.Field(i)
	}
	if col.IsNull(row) {
		return nil
	}
	if col.DataType().ID() == arrow.STRUCT { // compared with null alone
		return true
	}
	v, err := datafile.Value(col, row)
	if err != nil {
		return nil
	}
	return v
}
