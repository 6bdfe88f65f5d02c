package schema

import (
	"fmt"
	"strconv"
)

// Text is the type varchar(n) or char(n) of Spark. A table keeps such a column as one of strings, and its real type in the
// metadata of the column: see Limits.
type Text struct {
	Length int  // characters, which are code points
	Padded bool // char: shorter values get spaces behind them
}

func (t Text) String() string {
	if t.Padded {
		return fmt.Sprintf("char(%d)", t.Length)
	}
	return fmt.Sprintf("varchar(%d)", t.Length)
}

func (Text) isType() {}

// limitsKey is where Spark keeps the type of a column with varchar or char in it (CharVarcharUtils).
const limitsKey = "__CHAR_VARCHAR_TYPE_STRING"

// Limits is the type of a column of a table with a Text where a string must not be longer; nil where the column has no such.
func Limits(f Field) (Type, error) {
	text, ok := f.Metadata[limitsKey].(string)
	if !ok {
		return nil, nil
	}
	p := &parser{text: text, limits: true}
	t, err := p.typ(0)
	if err == nil && !p.done() {
		err = fmt.Errorf("unexpected %q", p.rest())
	}
	if err != nil {
		return nil, fmt.Errorf("column %s: the type %q in its metadata: %w", f.Name, text, err)
	}
	return t, nil
}

func (p *parser) limited(word string) (Type, error) {
	if !p.limits {
		return nil, fmt.Errorf("%s is not a type of Delta tables: write string", word)
	}
	if err := p.want("("); err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(p.word())
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%s without a length", word)
	}
	return Text{Length: n, Padded: word == "char"}, p.want(")")
}
