package schema

import "slices"

// Widens says whether the protocol's type widening allows a column to change from one type to
// another, so that every value of the first is a value of the second (PROTOCOL.md, Type Widening).
func Widens(from, to Type) bool {
	if d, ok := to.(Decimal); ok {
		return widensToDecimal(from, d)
	}
	switch to {
	case Double:
		return from == Float || from == Byte || from == Short || from == Integer
	case TimestampNTZ:
		return from == Date
	}
	a, b := width(from), width(to)
	return 0 < a && a < b
}

// width orders the whole numbers; 0 is another type.
func width(t Type) int {
	switch t {
	case Byte:
		return 1
	case Short:
		return 2
	case Integer:
		return 3
	case Long:
		return 4
	}
	return 0
}

func widensToDecimal(from Type, to Decimal) bool {
	whole, scale := 0, 0
	switch from := from.(type) {
	case Decimal:
		if from == to {
			return false
		}
		whole, scale = from.Precision-from.Scale, from.Scale
	case Primitive:
		switch {
		case from == Long:
			whole = 20
		case width(from) > 0:
			whole = 10
		default:
			return false
		}
	default:
		return false
	}
	return to.Scale >= scale && to.Precision-to.Scale >= whole
}

// typeChange is the entry of delta.typeChanges for one change. Place is the way from the field
// into its arrays and maps: "", "element", "value.key".
func typeChange(from, to Type, place string) map[string]any {
	change := map[string]any{"fromType": jsonName(from), "toType": jsonName(to)}
	if place != "" {
		change["fieldPath"] = place
	}
	return change
}

func jsonName(t Type) string {
	if p, ok := t.(Primitive); ok {
		return string(p)
	}
	return t.String()
}

// Widened says whether the type of a field, or of one inside of it, was another one once: older data
// files may keep its values as that type (PROTOCOL.md, Type Change Metadata).
func Widened(f Field) bool {
	changes, _ := f.Metadata["delta.typeChanges"].([]any)
	return len(changes) > 0 || slices.ContainsFunc(inside(f.Type), Widened)
}

// inside are the fields of the structs that a type is made of.
func inside(t Type) []Field {
	switch t := t.(type) {
	case *Struct:
		return t.Fields
	case *Array:
		return inside(t.Element)
	case *Map:
		return slices.Concat(inside(t.Key), inside(t.Value))
	}
	return nil
}

// withChanges returns the metadata with changes appended to delta.typeChanges; the old stays as it is.
func withChanges(metadata map[string]any, changes []any) map[string]any {
	if len(changes) == 0 {
		return metadata
	}
	now := make(map[string]any, len(metadata)+1)
	for k, v := range metadata {
		now[k] = v
	}
	before, _ := metadata["delta.typeChanges"].([]any)
	now["delta.typeChanges"] = append(before[:len(before):len(before)], changes...)
	return now
}
