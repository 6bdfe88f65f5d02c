package parquet

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// step leads from an array to one inside it.
type step struct {
	child int // of a struct; 0 the keys and 1 the values of a map; -1 the elements of a list
}

// leaf is a column of the file.
type leaf struct {
	column   int // of the batch
	path     []step
	required bool // the last value of the path is never null: a key of a map
	values   values

	def, rep []int16
}

// values collects the values of one leaf in the physical type of its column.
type values interface {
	bind(a arrow.Array) func(row int) // appends the value of a row
	flush(c file.ColumnChunkWriter, def, rep []int16) error
}

// write shreds a column of a batch and writes it.
func (l *leaf) write(c file.ColumnChunkWriter, a arrow.Array) error {
	l.def, l.rep = l.def[:0], l.rep[:0]
	visit := l.visitor(a, l.path)
	for row := range a.Len() {
		visit(row, 0, 0, 0)
	}
	return l.values.flush(c, l.def, l.rep)
}

// visit shreds one row of an array: rep is the repetition level of its first value, def how much of
// the path is there, depth how many lists the row is in.
type visit func(row int, rep, def, depth int16)

func (l *leaf) emit(rep, def int16) {
	l.rep, l.def = append(l.rep, rep), append(l.def, def)
}

// visitor binds the visit of an array with the rest of the path below it.
func (l *leaf) visitor(a arrow.Array, path []step) visit {
	if d, ok := a.(*array.Dictionary); ok {
		inner := l.visitor(d.Dictionary(), path)
		return func(row int, rep, def, depth int16) {
			if d.IsNull(row) {
				l.emit(rep, def)
				return
			}
			inner(d.GetValueIndex(row), rep, def, depth)
		}
	}
	if e, ok := a.(array.ExtensionArray); ok {
		return l.visitor(e.Storage(), path)
	}
	if len(path) == 0 {
		return l.last(a)
	}
	switch a := a.(type) {
	case *array.Struct:
		inner := l.visitor(a.Field(path[0].child), path[1:])
		return func(row int, rep, def, depth int16) {
			if a.IsNull(row) {
				l.emit(rep, def)
				return
			}
			inner(row, rep, def+1, depth)
		}
	case *array.Map:
		inside := a.Keys()
		if path[0].child == 1 {
			inside = a.Items()
		}
		return l.repeated(a, l.visitor(inside, path[1:]))
	}
	list := a.(array.ListLike)
	return l.repeated(list, l.visitor(list.ListValues(), path[1:]))
}

// repeated visits the elements of a list or a map. Its definition levels: absent, empty, there.
func (l *leaf) repeated(a array.ListLike, inner visit) visit {
	return func(row int, rep, def, depth int16) {
		if a.IsNull(row) {
			l.emit(rep, def)
			return
		}
		from, to := a.ValueOffsets(row)
		if from == to {
			l.emit(rep, def+1)
			return
		}
		for i := from; i < to; i++ {
			inner(int(i), rep, def+2, depth+1)
			rep = depth + 1
		}
	}
}

func (l *leaf) last(a arrow.Array) visit {
	add := l.values.bind(a)
	null := a.DataType().ID() == arrow.NULL
	there := int16(1)
	if l.required {
		there = 0
	}
	return func(row int, rep, def, _ int16) {
		if !l.required && (null || a.IsNull(row)) {
			l.emit(rep, def)
			return
		}
		add(row)
		l.emit(rep, def+there)
	}
}
