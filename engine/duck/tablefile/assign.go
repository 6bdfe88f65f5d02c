package tablefile

import (
	"fmt"

	"github.com/petalake/petalake/delta/schema"
)

// SchemaError says that rows do not fit the columns of a table.
type SchemaError struct {
	Column   string
	Expected schema.Type // the table's; nil where it has no such column
	Found    schema.Type // the rows'; nil where they have no such column
	Reason   string      // instead of the types
	File     string      // the raw file, if it is one's fault
}

func (e *SchemaError) Error() string {
	at := "column " + e.Column
	if e.File != "" {
		at = e.File + ": " + at
	}
	switch {
	case e.Reason != "":
		return at + ": " + e.Reason
	case e.Expected == nil:
		return at + ": the table has no such column"
	case e.Found == nil:
		return at + ": it must not be null, but the rows have no such column"
	}
	return fmt.Sprintf("%s: the table has %s, the rows have %s", at, e.Expected, e.Found)
}

// Hint says what to do.
func (e *SchemaError) Hint() string {
	switch {
	case e.Reason == "" && e.Expected == nil:
		return "set evolve: add on the table to take new columns in"
	case e.Reason == "" && e.Found != nil:
		return "cast the column in the SELECT, or change its type in lakehouse.yaml"
	}
	return ""
}

// assignable says whether a value of one type may be written to a column of another by a cast that
// either keeps its meaning or fails: numbers to numbers (but a fraction never to an integer), dates
// to timestamps, anything but nested values to string.
func assignable(from, to schema.Type) bool {
	switch to := to.(type) {
	case *schema.Struct:
		from, ok := from.(*schema.Struct)
		if !ok {
			return false
		}
		for _, f := range from.Fields {
			at := to.Index(f.Name)
			if at < 0 || !assignable(f.Type, to.Fields[at].Type) {
				return false
			}
		}
		return true
	case *schema.Array:
		from, ok := from.(*schema.Array)
		return ok && assignable(from.Element, to.Element)
	case *schema.Map:
		from, ok := from.(*schema.Map)
		return ok && assignable(from.Key, to.Key) && assignable(from.Value, to.Value)
	}
	if from == to {
		return true
	}
	a, b := classOf(from), classOf(to)
	switch b {
	case wholeClass:
		return a == wholeClass
	case fractionClass:
		return a == wholeClass || a == fractionClass
	case momentClass:
		return a == momentClass || from == schema.Date
	case textClass:
		return a != nestedClass && from != schema.Binary
	}
	return false
}

type class int

const (
	nestedClass class = iota
	wholeClass
	fractionClass
	momentClass
	textClass
	otherClass // assignable to itself and to string
)

func classOf(t schema.Type) class {
	switch t := t.(type) {
	case schema.Decimal:
		if t.Scale == 0 {
			return wholeClass
		}
		return fractionClass
	case schema.Primitive:
		switch t {
		case schema.Byte, schema.Short, schema.Integer, schema.Long:
			return wholeClass
		case schema.Float, schema.Double:
			return fractionClass
		case schema.Timestamp, schema.TimestampNTZ:
			return momentClass
		case schema.String:
			return textClass
		}
		return otherClass
	}
	return nestedClass
}
