package write

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// NameError says that a table cannot get a column, or a field of one, of this name.
type NameError struct {
	Column schema.Path
	hint   string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("column %s: Spark takes a name with one of %q in a table with column mapping alone, which petalake does not write", e.Column, unmappable)
}

// Hint says what to do.
func (e *NameError) Hint() string { return e.hint }

// unmappable are the signs that Delta Lake takes in no name of a column without column mapping (DeltaColumnMapping).
const unmappable = " ,;{}()\n\t="

// RenameInSelect and renameInFiles say what to do about a name, by where it comes from.
const (
	RenameInSelect = "give it another name in the SELECT, as in SELECT \"Order ID\" AS order_id"
	renameInFiles  = "load it under another name: columns: {order_id: \"Order ID\", \"*\": \"*\"} at the source, or --column order_id='Order ID' --column '*'"
)

// CheckNames refuses names that a table gets beside those that it has.
func CheckNames(before, after *schema.Struct, hint string) error {
	known := map[string]bool{}
	if before != nil {
		eachName(before, nil, func(p schema.Path) bool { known[p.String()] = true; return true })
	}
	var err error
	eachName(after, nil, func(p schema.Path) bool {
		if strings.ContainsAny(p[len(p)-1], unmappable) && !known[p.String()] {
			err = &NameError{p, hint}
		}
		return err == nil
	})
	return err
}

// eachName yields the path of every column, and of every field inside of it, until yield is false.
func eachName(t schema.Type, path schema.Path, yield func(schema.Path) bool) bool {
	switch t := t.(type) {
	case *schema.Struct:
		for _, f := range t.Fields {
			p := append(path[:len(path):len(path)], f.Name)
			if !yield(p) || !eachName(f.Type, p, yield) {
				return false
			}
		}
	case *schema.Array:
		return eachName(t.Element, append(path[:len(path):len(path)], "element"), yield)
	case *schema.Map:
		return eachName(t.Key, append(path[:len(path):len(path)], "key"), yield) && eachName(t.Value, append(path[:len(path):len(path)], "value"), yield)
	}
	return true
}
