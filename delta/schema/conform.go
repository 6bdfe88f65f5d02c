package schema

import (
	"errors"
	"fmt"
)

// Mode says how far a table's schema may follow the rows that are written to it. The zero value is
// not at all: rows must fit.
type Mode struct {
	AddColumns bool // columns and members of structs that the table does not have are added
	Widen      bool // a column becomes wider where the protocol's type widening allows it
}

// Change is what happens to a column.
type Change string

// The changes.
const (
	Keep Change = "keep" // the types are the same
	Cast Change = "cast" // rows are cast into the table's type, without loss
	Fill Change = "fill" // the rows lack the column: null
	Add  Change = "add"  // the table gets the column
	Wide Change = "widen"
)

// Step is what happens to one column, of the table as it will be.
type Step struct {
	Column Path
	Change Change
	From   Type // the type the rows have; nil for Fill
	To     Type // the type the table has then
}

// Plan is how rows of one schema get into a table of another.
type Plan struct {
	Schema  *Struct // the table's, afterwards; the very same pointer where it does not change
	Steps   []Step  // one for each column and each member of a struct that is in both or new
	Widened bool    // the table needs the feature typeWidening
}

// MismatchError is a column of the rows that does not fit the table. Want is nil where the table
// does not have the column, Got where the rows do not.
type MismatchError struct {
	Column    Path
	Want, Got Type
	widens    bool
}

// Widens says whether the table's column could become as wide as the rows'.
func (e *MismatchError) Widens() bool { return e.widens }

func (e *MismatchError) Error() string {
	switch {
	case e.Want == nil:
		return fmt.Sprintf("schema mismatch: column %s: the table does not have it (found %s)", e.Column, e.Got)
	case e.Got == nil:
		return fmt.Sprintf("schema mismatch: column %s: expected %s that is never null, found no such column", e.Column, e.Want)
	}
	return fmt.Sprintf("schema mismatch: column %s: expected %s, found %s", e.Column, e.Want, e.Got)
}

// Hint says what to do.
func (e *MismatchError) Hint() string {
	switch {
	case e.Want == nil:
		return fmt.Sprintf("allow new columns for this write, or leave %s out of the rows", e.Column)
	case e.Got == nil:
		return fmt.Sprintf("give the rows a column %s, or let the table's column be null", e.Column)
	case e.widens:
		return fmt.Sprintf("allow wider types for this write, or cast(%s as %s)", e.Column, e.Want)
	}
	return fmt.Sprintf("cast(%s as %s) before writing", e.Column, e.Want)
}

// Conform says how rows of the schema incoming get into the table, or why they cannot: all reasons
// at once, each a *MismatchError. Names are compared without case. Whether a column that is never
// null gets a null is not seen here but in the rows.
func Conform(table, incoming *Struct, mode Mode) (Plan, error) {
	if err := incoming.unique(nil); err != nil {
		return Plan{}, err
	}
	c := &conformer{mode: mode}
	s := c.structs(table, incoming, nil)
	if len(c.faults) > 0 {
		return Plan{}, errors.Join(c.faults...)
	}
	return Plan{Schema: s, Steps: c.steps, Widened: c.widened}, nil
}

type conformer struct {
	mode    Mode
	steps   []Step
	faults  []error
	widened bool
}

func (c *conformer) reject(e *MismatchError) { c.faults = append(c.faults, e) }

func (c *conformer) step(path Path, change Change, from, to Type) {
	c.steps = append(c.steps, Step{Column: path, Change: change, From: from, To: to})
}

// structs returns the table's struct as it will be, the same pointer where nothing changes.
func (c *conformer) structs(table, incoming *Struct, path Path) *Struct {
	now := &Struct{Fields: make([]Field, 0, len(table.Fields))}
	changed := false
	for _, f := range table.Fields {
		g, touched := c.field(f, incoming, append(path[:len(path):len(path)], f.Name))
		now.Fields = append(now.Fields, g)
		changed = changed || touched
	}
	for _, f := range incoming.Fields {
		if table.Index(f.Name) >= 0 {
			continue
		}
		at := append(path[:len(path):len(path)], f.Name)
		if !c.mode.AddColumns {
			c.reject(&MismatchError{Column: at, Got: f.Type})
			continue
		}
		c.step(at, Add, f.Type, f.Type)
		now.Fields = append(now.Fields, Field{Name: f.Name, Type: f.Type, Nullable: true, Metadata: f.Metadata})
		changed = true
	}
	if !changed {
		return table
	}
	return now
}

func (c *conformer) field(f Field, incoming *Struct, path Path) (Field, bool) {
	at := incoming.Index(f.Name)
	if at < 0 {
		if !f.Nullable {
			c.reject(&MismatchError{Column: path, Want: f.Type})
		}
		c.step(path, Fill, nil, f.Type)
		return f, false
	}
	var changes []any
	t := c.types(f.Type, incoming.Fields[at].Type, path, "", &changes)
	touched := t != f.Type
	f.Type, f.Metadata = t, withChanges(f.Metadata, changes)
	return f, touched
}

// types returns the type the table's column will have. Changes collects the entries of
// delta.typeChanges of the nearest field above; place is the way from it to here.
func (c *conformer) types(table, incoming Type, path Path, place string, changes *[]any) Type {
	switch t := table.(type) {
	case *Struct:
		if in, ok := incoming.(*Struct); ok {
			return c.structs(t, in, path)
		}
	case *Array:
		if in, ok := incoming.(*Array); ok {
			return c.array(t, in, path, place, changes)
		}
	case *Map:
		if in, ok := incoming.(*Map); ok {
			return c.mapping(t, in, path, place, changes)
		}
	}
	return c.plain(table, incoming, path, place, changes)
}

func (c *conformer) array(t, in *Array, path Path, place string, changes *[]any) Type {
	e := c.types(t.Element, in.Element, append(path[:len(path):len(path)], "element"), under(place, "element"), changes)
	if e == t.Element {
		return t
	}
	return &Array{Element: e, ContainsNull: t.ContainsNull}
}

func (c *conformer) mapping(t, in *Map, path Path, place string, changes *[]any) Type {
	k := c.types(t.Key, in.Key, append(path[:len(path):len(path)], "key"), under(place, "key"), changes)
	v := c.types(t.Value, in.Value, append(path[:len(path):len(path)], "value"), under(place, "value"), changes)
	if k == t.Key && v == t.Value {
		return t
	}
	return &Map{Key: k, Value: v, ValueContainsNull: t.ValueContainsNull}
}

func under(place, member string) string {
	if place == "" {
		return member
	}
	return place + "." + member
}

// plain is for types that are not both structs, arrays or maps.
func (c *conformer) plain(table, incoming Type, path Path, place string, changes *[]any) Type {
	switch {
	case table == incoming:
		c.step(path, Keep, incoming, table)
		return table
	case incoming == Void || Widens(incoming, table):
		c.step(path, Cast, incoming, table)
		return table
	case Widens(table, incoming) && c.mode.Widen:
		c.step(path, Wide, incoming, incoming)
		*changes = append(*changes, typeChange(table, incoming, place))
		c.widened = true
		return incoming
	}
	c.reject(&MismatchError{Column: path, Want: table, Got: incoming, widens: Widens(table, incoming)})
	return table
}
