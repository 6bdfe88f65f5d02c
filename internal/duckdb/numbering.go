package duckdb

/*
#include <stdint.h>

// Callbacks of a scalar function, exported by Go, and what they call of duckdb.h.
extern void petalakeNumberRows(void *info, void *chunk, void *out);
extern void petalakeTableDrop(void *handle);

extern uint64_t duckdb_data_chunk_get_size(void *chunk);
extern uint64_t duckdb_data_chunk_get_column_count(void *chunk);
extern void *duckdb_data_chunk_get_vector(void *chunk, uint64_t column);
extern void *duckdb_vector_get_data(void *vector);
extern uint64_t *duckdb_vector_get_validity(void *vector);
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	bind "github.com/duckdb/duckdb-go-bindings"
)

// Numbering gives each distinct list of texts a number, counted from 0 in the order in which they are
// first seen. NULL is a text of its own. Several threads of a statement may ask it at once. It grows
// with the number of distinct lists.
type Numbering struct {
	id      int64
	mu      sync.RWMutex
	numbers map[string]int32 // by the list's key
	lists   [][]*string      // by number
}

// numberings are those of an instance that are in use, by their id.
type numberings struct {
	mu   sync.Mutex
	last int64
	used map[int64]*Numbering
}

// numberFunction is the function of SQL that asks a numbering: its id, then the texts.
const numberFunction = "petalake_number"

// Numbering makes a numbering that statements of the instance may ask, until Forget.
func (c *Conn) Numbering() *Numbering {
	all := c.numberings
	all.mu.Lock()
	defer all.mu.Unlock()
	all.last++
	n := &Numbering{id: all.last, numbers: map[string]int32{}}
	all.used[n.id] = n
	return n
}

// Forget ends the use of a numbering in statements.
func (c *Conn) Forget(n *Numbering) {
	c.numberings.mu.Lock()
	defer c.numberings.mu.Unlock()
	delete(c.numberings.used, n.id)
}

// SQL is the expression, of type INTEGER, for the number of the texts that some expressions have.
func (n *Numbering) SQL(texts ...string) string {
	return numberFunction + "(" + strconv.FormatInt(n.id, 10) + "::BIGINT, " + strings.Join(texts, ", ") + ")"
}

// register lets statements of an instance call the function.
func (all *numberings) register(c bind.Connection) error {
	f := bind.CreateScalarFunction()
	defer bind.DestroyScalarFunction(&f)
	bind.ScalarFunctionSetName(f, numberFunction)
	id, text, number := bind.CreateLogicalType(bind.TypeBigInt), bind.CreateLogicalType(bind.TypeVarchar), bind.CreateLogicalType(bind.TypeInteger)
	defer bind.DestroyLogicalType(&id)
	defer bind.DestroyLogicalType(&text)
	defer bind.DestroyLogicalType(&number)
	bind.ScalarFunctionAddParameter(f, id)
	bind.ScalarFunctionSetVarargs(f, text)
	bind.ScalarFunctionSetReturnType(f, number)
	bind.ScalarFunctionSetSpecialHandling(f) // NULL is a text like any other
	bind.ScalarFunctionSetVolatile(f)        // never asked for rows that are not there
	bind.ScalarFunctionSetExtraInfo(f, keep(all), unsafe.Pointer(C.petalakeTableDrop))
	bind.ScalarFunctionSetFunction(f, unsafe.Pointer(C.petalakeNumberRows))
	if bind.RegisterScalarFunction(c, f) == bind.StateError {
		return errors.New("the function " + numberFunction + " cannot be registered")
	}
	return nil
}

func (all *numberings) find(id int64) *Numbering {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.used[id]
}

// Texts is the list that has a number, nil for NULL; ok is false for a number that was not given.
func (n *Numbering) Texts(number int) (texts []*string, ok bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if number < 0 || number >= len(n.lists) {
		return nil, false
	}
	return n.lists[number], true
}

// number finds the number of the list whose key is given, or gives it one.
func (n *Numbering) number(key []byte, list func() []*string) int32 {
	n.mu.RLock()
	number, ok := n.numbers[string(key)]
	n.mu.RUnlock()
	if ok {
		return number
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if number, ok := n.numbers[string(key)]; ok {
		return number
	}
	number = int32(len(n.lists))
	n.numbers[string(key)] = number
	n.lists = append(n.lists, list())
	return number
}

// textVector is a column of texts of one chunk.
type textVector struct {
	data  unsafe.Pointer // of 16 bytes a row: the length, then up to 12 bytes of text or a pointer
	valid *uint64        // nil where no row is NULL
}

func (v textVector) text(row int) (text []byte, ok bool) {
	if v.valid != nil {
		word := *(*uint64)(unsafe.Add(unsafe.Pointer(v.valid), row/64*8))
		if word&(1<<(row%64)) == 0 {
			return nil, false
		}
	}
	const inline = 12
	at := unsafe.Add(v.data, row*16)
	length := *(*uint32)(at)
	if length <= inline {
		return unsafe.Slice((*byte)(unsafe.Add(at, 4)), length), true
	}
	return unsafe.Slice(*(**byte)(unsafe.Add(at, 8)), length), true
}

//export petalakeNumberRows
func petalakeNumberRows(p, chunk, out unsafe.Pointer) {
	info := bind.FunctionInfo{Ptr: p}
	rows := C.duckdb_data_chunk_get_size(chunk)
	vectors := make([]unsafe.Pointer, C.duckdb_data_chunk_get_column_count(chunk))
	for i := range vectors {
		vectors[i] = C.duckdb_data_chunk_get_vector(chunk, C.uint64_t(i))
	}
	if rows == 0 {
		return
	}
	n := kept(bind.ScalarFunctionGetExtraInfo(info)).(*numberings).find(*(*int64)(C.duckdb_vector_get_data(vectors[0])))
	if n == nil {
		bind.ScalarFunctionSetError(info, "a numbering that is not in use")
		return
	}
	columns := make([]textVector, len(vectors)-1)
	for i, v := range vectors[1:] {
		columns[i] = textVector{C.duckdb_vector_get_data(v), (*uint64)(unsafe.Pointer(C.duckdb_vector_get_validity(v)))}
	}
	numbers := unsafe.Slice((*int32)(C.duckdb_vector_get_data(out)), rows)
	var key, before []byte
	for row := range numbers {
		key = key[:0]
		for _, c := range columns {
			text, ok := c.text(row)
			if !ok {
				key = append(key, 0)
				continue
			}
			key = binary.AppendUvarint(key, uint64(len(text))+1)
			key = append(key, text...)
		}
		if row > 0 && string(key) == string(before) {
			numbers[row] = numbers[row-1]
			continue
		}
		numbers[row] = n.number(key, func() []*string { return list(columns, row) })
		key, before = before, key
	}
}

// list is a row's texts.
func list(columns []textVector, row int) []*string {
	texts := make([]*string, len(columns))
	for i, c := range columns {
		if b, ok := c.text(row); ok {
			text := string(b)
			texts[i] = &text
		}
	}
	return texts
}
