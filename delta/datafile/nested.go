package datafile

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta/schema"
)

func (a adapter) structure(x *array.Struct, t *schema.Struct, to *arrow.StructType, path schema.Path) (arrow.Array, error) {
	from := x.DataType().(*arrow.StructType)
	source := members{names: from.Field, n: x.NumField(), column: x.Field, rows: x.Len()}
	children := make([]arrow.Array, 0, len(t.Fields))
	defer func() { release(children) }()
	for i, f := range t.Fields {
		c, err := a.member(source, f, to.Field(i).Type, path)
		if err != nil {
			return nil, err
		}
		children = append(children, c)
	}
	return assemble(to, x.Len(), []*memory.Buffer{validity(x)}, x.NullN(), children), nil
}

// assemble makes an array of its parts, from offset 0.
func assemble(t arrow.DataType, n int, buffers []*memory.Buffer, nulls int, children []arrow.Array) arrow.Array {
	data := make([]arrow.ArrayData, len(children))
	for i, c := range children {
		data[i] = c.Data()
	}
	d := array.NewData(t, n, buffers, data, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

// validity is the array's null bitmap, moved to offset 0; nil where nothing is null.
func validity(x arrow.Array) *memory.Buffer {
	if x.NullN() == 0 {
		return nil
	}
	bits := make([]byte, bitutil.BytesForBits(int64(x.Len())))
	for i := range x.Len() {
		bitutil.SetBitTo(bits, i, x.IsValid(i))
	}
	return memory.NewBufferBytes(bits)
}

func (a adapter) list(x array.ListLike, t *schema.Array, to *arrow.ListType, path schema.Path) (arrow.Array, error) {
	path = append(path[:len(path):len(path)], "element")
	offsets, elements, err := compact(x, x.ListValues(), path)
	if err != nil {
		return nil, err
	}
	defer elements.Release()
	e, err := a.array(elements, t.Element, to.Elem(), path)
	if err != nil {
		return nil, err
	}
	defer e.Release()
	return assemble(to, x.Len(), []*memory.Buffer{validity(x), offsets}, x.NullN(), []arrow.Array{e}), nil
}

func (a adapter) mapping(x *array.Map, t *schema.Map, to *arrow.MapType, path schema.Path) (arrow.Array, error) {
	offsets, entries, err := compact(x, x.ListValues(), path)
	if err != nil {
		return nil, err
	}
	defer entries.Release()
	pairs := entries.(*array.Struct)
	k, err := a.array(pairs.Field(0), t.Key, to.KeyType(), append(path[:len(path):len(path)], "key"))
	if err != nil {
		return nil, err
	}
	defer k.Release()
	v, err := a.array(pairs.Field(1), t.Value, to.ItemType(), append(path[:len(path):len(path)], "value"))
	if err != nil {
		return nil, err
	}
	defer v.Release()
	s := assemble(to.Elem(), pairs.Len(), []*memory.Buffer{nil}, 0, []arrow.Array{k, v})
	defer s.Release()
	return assemble(to, x.Len(), []*memory.Buffer{validity(x), offsets}, x.NullN(), []arrow.Array{s}), nil
}

// compact returns the offsets of lists from 0 and the elements they span, without those of null
// lists. The caller releases the elements.
func compact(x array.ListLike, values arrow.Array, path schema.Path) (*memory.Buffer, arrow.Array, error) {
	n := x.Len()
	offsets := make([]int32, n+1)
	var parts []arrow.Array // slices of values that follow each other
	defer func() { release(parts) }()
	total, start, end := int64(0), int64(0), int64(0)
	flush := func() {
		if end > start {
			parts = append(parts, array.NewSlice(values, start, end))
		}
	}
	for i := range n {
		if x.IsValid(i) {
			from, to := x.ValueOffsets(i)
			if from != end {
				flush()
				start = from
			}
			end = to
			total += to - from
		}
		if total > math.MaxInt32 {
			return nil, nil, fmt.Errorf("column %s: more than 2^31 elements in a batch", path)
		}
		offsets[i+1] = int32(total)
	}
	flush()
	buffer := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets))
	switch len(parts) {
	case 0:
		return buffer, array.NewSlice(values, 0, 0), nil
	case 1:
		parts[0].Retain()
		return buffer, parts[0], nil
	}
	all, err := array.Concatenate(parts, memory.DefaultAllocator)
	return buffer, all, err
}
