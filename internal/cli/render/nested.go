package render

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// nested binds what holds other arrays; nil for anything else. Lists, structs and maps are JSON in
// every form; the other kinds show the value they stand for.
func (f form) nested(a arrow.Array) cell {
	switch a := a.(type) {
	case *array.Struct:
		return object(a)
	case *array.Map: // before the lists: a map is one
		return dictionary(a)
	case array.ListLike:
		return list(a)
	case *array.Dictionary:
		value := f.nullable(a.Dictionary())
		return func(dst []byte, i int) []byte { return value(dst, a.GetValueIndex(i)) }
	case *array.RunEndEncoded:
		value := f.nullable(a.Values())
		return func(dst []byte, i int) []byte { return value(dst, a.GetPhysicalIndex(i)) }
	case *array.DenseUnion:
		members := f.members(a)
		return func(dst []byte, i int) []byte { return members[a.ChildID(i)](dst, int(a.ValueOffset(i))) }
	case *array.SparseUnion:
		members := f.members(a)
		return func(dst []byte, i int) []byte { return members[a.ChildID(i)](dst, i) }
	case array.ExtensionArray:
		return f.nullable(a.Storage())
	}
	return nil
}

// nullable is a cell that also takes rows that are null.
func (f form) nullable(a arrow.Array) cell {
	value := f.bind(a)
	return func(dst []byte, i int) []byte {
		if isNull(a, i) {
			return append(dst, "null"...)
		}
		return value(dst, i)
	}
}

func (f form) members(u array.Union) []cell {
	cells := make([]cell, u.NumFields())
	for i := range cells {
		cells[i] = f.nullable(u.Field(i))
	}
	return cells
}

func object(a *array.Struct) cell {
	fields := a.DataType().(*arrow.StructType).Fields()
	names := make([][]byte, len(fields))
	cells := make([]cell, len(fields))
	for i, field := range fields {
		names[i] = append(appendQuoted(nil, field.Name), ':', ' ')
		cells[i] = quoted.nullable(a.Field(i))
	}
	return func(dst []byte, row int) []byte {
		dst = append(dst, '{')
		for i, c := range cells {
			if i > 0 {
				dst = append(dst, ',', ' ')
			}
			dst = c(append(dst, names[i]...), row)
		}
		return append(dst, '}')
	}
}

func list(a array.ListLike) cell {
	value := quoted.nullable(a.ListValues())
	return func(dst []byte, row int) []byte {
		from, to := a.ValueOffsets(row)
		dst = append(dst, '[')
		for i := from; i < to; i++ {
			if i > from {
				dst = append(dst, ',', ' ')
			}
			dst = value(dst, int(i))
		}
		return append(dst, ']')
	}
}

// dictionary binds a map to a JSON object; the text of a key is its name.
func dictionary(a *array.Map) cell {
	key, value := form{sep: 'T'}.bind(a.Keys()), quoted.nullable(a.Items())
	var name []byte
	return func(dst []byte, row int) []byte {
		from, to := a.ValueOffsets(row)
		dst = append(dst, '{')
		for i := from; i < to; i++ {
			if i > from {
				dst = append(dst, ',', ' ')
			}
			name = key(name[:0], int(i))
			dst = append(appendQuoted(dst, string(name)), ':', ' ')
			dst = value(dst, int(i))
		}
		return append(dst, '}')
	}
}
