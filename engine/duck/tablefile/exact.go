package tablefile

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// LossError says that a value of a row would not arrive in its column as it is: the cast would give another one back.
type LossError struct {
	Column   string
	Value    string // as text
	Expected schema.Type
	Found    schema.Type
	Reason   string // in place of that it would be another value
}

func (e *LossError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = fmt.Sprintf("as a %s it would be another value", e.Expected)
	}
	return fmt.Sprintf("column %s: %s of type %s does not fit: %s", e.Column, e.Value, e.Found, reason)
}

// Hint says what to do.
func (e *LossError) Hint() string {
	return "declare a type that holds it, or round and cast it in the SELECT as you want it"
}

// exactly is the SQL that casts a column, and fails where the cast gives another value than it takes: DuckDB rounds and cuts
// without a word.
func (w *Writer) exactly(f schema.Field, from, to string, found schema.Type) string {
	cast := "CAST(" + from + " AS " + to + ")"
	if w.Aside { // losses finds such rows
		return "TRY_" + cast
	}
	source, ok := w.sourceType(f.Name)
	if !ok {
		return cast
	}
	lost := w.lost(f, from, to, source, found)
	if lost == "" {
		return cast
	}
	failed := "error(" + duckdb.Quote(violated+fmt.Sprintf("value %q ", f.Name)) + " || CAST(" + from + " AS VARCHAR))"
	return "CASE WHEN " + lost + " THEN " + failed + " ELSE " + cast + " END"
}

// lost is the condition under which a cast of a column gives another value than it takes, or none; "" where it never does.
func (w *Writer) lost(f schema.Field, from, to string, source arrow.DataType, found schema.Type) string {
	cast := "TRY_CAST(" + from + " AS " + to + ")"
	_, plain := f.Type.(schema.Primitive)
	_, number := f.Type.(schema.Decimal)
	nested := !plain && !number // what does not fit in it becomes NULL in it
	if mayLose(source, found, f.Type) || nested && found.String() != f.Type.String() {
		if back, err := sourceSQL(source); err == nil { // else a type that no column of a table has, such as TIME: it becomes text
			return "CAST(" + cast + " AS " + back + ") IS DISTINCT FROM " + from
		}
	}
	if found.String() == f.Type.String() || f.Type == schema.String {
		return ""
	}
	return from + " IS NOT NULL AND " + cast + " IS NULL"
}

// loss is the error of a value that exactly refused.
func (w *Writer) loss(column, value string) error {
	e := &LossError{Column: column, Value: value, Expected: w.Spec.Schema.Fields[w.Spec.Schema.Index(column)].Type, Found: schema.String}
	if source, ok := w.sourceType(column); ok {
		if found, err := inferType(source); err == nil {
			e.Found = found
		}
		if nanoseconds(source) {
			e.Reason = "a table keeps microseconds, and it has nanoseconds"
		}
	}
	return e
}

// sourceType is the type of a column of the source, as DuckDB has it.
func (w *Writer) sourceType(name string) (arrow.DataType, bool) {
	if w.source == nil {
		return nil, false
	}
	for _, f := range w.source.Fields() {
		if schema.SameName(f.Name, name) {
			return f.Type, true
		}
	}
	return nil, false
}

// mayLose says whether a cast that is allowed may give another value and no error.
func mayLose(source arrow.DataType, from, to schema.Type) bool {
	if to == schema.String {
		return false
	}
	return nanoseconds(source) || fractions(from, to)
}

// fractions says whether numbers may be rounded: those with a fraction as decimals, whole ones as floating-point numbers.
func fractions(from, to schema.Type) bool {
	switch to := to.(type) {
	case *schema.Struct:
		from, ok := from.(*schema.Struct)
		if !ok {
			return false
		}
		for _, f := range from.Fields {
			if at := to.Index(f.Name); at >= 0 && fractions(f.Type, to.Fields[at].Type) {
				return true
			}
		}
		return false
	case *schema.Array:
		from, ok := from.(*schema.Array)
		return ok && fractions(from.Element, to.Element)
	case *schema.Map:
		from, ok := from.(*schema.Map)
		return ok && (fractions(from.Key, to.Key) || fractions(from.Value, to.Value))
	}
	if to == schema.Float || to == schema.Double {
		return classOf(from) == wholeClass // the nearest to a fraction is what a floating-point number is for
	}
	return from != to && classOf(from) == fractionClass && classOf(to) != textClass
}

// nanoseconds says whether a type has times of nanoseconds, which a Delta table has not.
func nanoseconds(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.TimestampType:
		return t.Unit == arrow.Nanosecond
	case arrow.NestedType:
		for _, f := range t.Fields() {
			if nanoseconds(f.Type) {
				return true
			}
		}
	}
	return false
}

// sourceSQL is a type of the source in SQL.
func sourceSQL(t arrow.DataType) (string, error) {
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return "TIMESTAMP WITH TIME ZONE", nil
		}
		return map[arrow.TimeUnit]string{arrow.Second: "TIMESTAMP_S", arrow.Millisecond: "TIMESTAMP_MS", arrow.Microsecond: "TIMESTAMP", arrow.Nanosecond: "TIMESTAMP_NS"}[t.Unit], nil
	case *arrow.MapType:
		key, err := sourceSQL(t.KeyType())
		if err != nil {
			return "", err
		}
		value, err := sourceSQL(t.ItemType())
		return "MAP(" + key + ", " + value + ")", err
	case *arrow.StructType:
		var fields []string
		for _, f := range t.Fields() {
			inner, err := sourceSQL(f.Type)
			if err != nil {
				return "", err
			}
			fields = append(fields, duckdb.QuoteIdent(f.Name)+" "+inner)
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")", nil
	case arrow.ListLikeType:
		element, err := sourceSQL(t.Elem())
		return element + "[]", err
	}
	if name, ok := unsigned[t.ID()]; ok {
		return name, nil
	}
	plain, err := inferType(t)
	if err != nil || plain == schema.String && t.ID() != arrow.STRING && t.ID() != arrow.LARGE_STRING && t.ID() != arrow.STRING_VIEW {
		return "", fmt.Errorf("type %s cannot be cast to", t)
	}
	return QueryType(plain)
}

var unsigned = map[arrow.Type]string{arrow.UINT8: "UTINYINT", arrow.UINT16: "USMALLINT", arrow.UINT32: "UINTEGER", arrow.UINT64: "UBIGINT"}
