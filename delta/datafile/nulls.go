package datafile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/delta/schema"
)

// NullError is a null in a column, or an element, that must not be null.
type NullError struct{ Column schema.Path }

func (e *NullError) Error() string {
	return fmt.Sprintf("column %s: a row is null where the table says never null", e.Column)
}

// Hint says what to do.
func (e *NullError) Hint() string {
	return fmt.Sprintf("leave out the rows: where %s is not null", e.Column)
}

// mask marks the rows of an array that count; what lies below a null does not. Nil marks all.
type mask []bool

func (m mask) has(i int) bool { return m == nil || m[i] }

// checkNulls finds a null that counts where the type allows none. The array has the type's form.
func checkNulls(x arrow.Array, t schema.Type, nullable bool, live mask, path schema.Path) error {
	if !nullable && x.NullN() > 0 {
		for i := range x.Len() {
			if x.IsNull(i) && live.has(i) {
				return &NullError{Column: path}
			}
		}
	}
	if !demanding(t) {
		return nil
	}
	under := func(name string) schema.Path { return append(path[:len(path):len(path)], name) }
	switch t := t.(type) {
	case *schema.Struct:
		s, below := x.(*array.Struct), live.without(x)
		for i, f := range t.Fields {
			if err := checkNulls(s.Field(i), f.Type, f.Nullable, below, under(f.Name)); err != nil {
				return err
			}
		}
	case *schema.Array:
		l := x.(*array.List)
		return checkNulls(l.ListValues(), t.Element, t.ContainsNull, live.elements(l, l.ListValues().Len()), under("element"))
	case *schema.Map:
		m := x.(*array.Map)
		below := live.elements(m, m.Keys().Len())
		if err := checkNulls(m.Keys(), t.Key, false, below, under("key")); err != nil {
			return err
		}
		return checkNulls(m.Items(), t.Value, t.ValueContainsNull, below, under("value"))
	}
	return nil
}

// demanding says whether anything inside the type must not be null.
func demanding(t schema.Type) bool {
	switch t := t.(type) {
	case *schema.Struct:
		for _, f := range t.Fields {
			if !f.Nullable || demanding(f.Type) {
				return true
			}
		}
	case *schema.Array:
		return !t.ContainsNull || demanding(t.Element)
	case *schema.Map:
		return true // its keys
	}
	return false
}

func (m mask) without(x arrow.Array) mask {
	if x.NullN() == 0 {
		return m
	}
	below := make(mask, x.Len())
	for i := range below {
		below[i] = m.has(i) && x.IsValid(i)
	}
	return below
}

func (m mask) elements(x array.ListLike, n int) mask {
	if m == nil && x.NullN() == 0 && x.Data().Offset() == 0 {
		return nil
	}
	below := make(mask, n)
	for i := range x.Len() {
		if m.has(i) && x.IsValid(i) {
			from, to := x.ValueOffsets(i)
			for j := from; j < to; j++ {
				below[j] = true
			}
		}
	}
	return below
}
