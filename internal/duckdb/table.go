package duckdb

/*
#include <stdint.h>
#include <stdlib.h>

// Callbacks of a table function, exported by Go, and what they call of duckdb.h.
extern void petalakeTableBind(void *info);
extern void petalakeTableInit(void *info);
extern void petalakeTableThread(void *info);
extern void petalakeTableFill(void *info, void *chunk);
extern void petalakeTableDrop(void *handle);

extern uint64_t duckdb_vector_size(void);
extern void *duckdb_data_chunk_get_vector(void *chunk, uint64_t column);
extern void duckdb_data_chunk_set_size(void *chunk, uint64_t rows);
extern void *duckdb_vector_get_data(void *vector);
extern void duckdb_vector_ensure_validity_writable(void *vector);
extern uint64_t *duckdb_vector_get_validity(void *vector);
extern void duckdb_vector_assign_string_element_len(void *vector, uint64_t row, const char *text, uint64_t length);
extern void *duckdb_struct_vector_get_child(void *vector, uint64_t field);
extern void *duckdb_list_vector_get_child(void *vector);
extern int duckdb_list_vector_reserve(void *vector, uint64_t elements);
extern int duckdb_list_vector_set_size(void *vector, uint64_t elements);
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"sync"
	"unsafe"

	bind "github.com/duckdb/duckdb-go-bindings"
)

// Table is rows that come from Go, which a statement reads as name(). A statement that ends with an
// error may have been ended by the rows' own: see Err.
type Table struct {
	Columns []TableColumn
	Rows    uint64 // about how many
	Threads int    // most at once
	// Thread makes what fills chunks for one thread. Fill is called with one vector a column, writes at
	// most so many rows into them, and returns how many: 0 at the end. What its rows point to must
	// stay until the next call.
	Thread func() Filler

	mu  sync.Mutex
	err error
}

// TableColumn is a column of a Table.
type TableColumn struct {
	Name string
	Type string // as in SQL: one of plain, DECIMAL(p,s), STRUCT, LIST or MAP
	// Children are the fields of a STRUCT, the element of a LIST, key and value of a MAP.
	Children []TableColumn
}

// Filler fills chunks of rows.
type Filler interface {
	Fill(out []Vector, most int) (rows int, err error)
	Close()
}

// Vector is the memory of a column of one chunk.
type Vector struct {
	Data   unsafe.Pointer // as DuckDB lays the type out
	handle unsafe.Pointer
	valid  []uint64
	rows   int // that it has place for; 0 is as many as a chunk has
}

// Null notes that a row has no value.
func (v *Vector) Null(row int) {
	if v.valid == nil {
		C.duckdb_vector_ensure_validity_writable(v.handle)
		rows := max(v.rows, int(C.duckdb_vector_size()))
		v.valid = unsafe.Slice((*uint64)(unsafe.Pointer(C.duckdb_vector_get_validity(v.handle))), (rows+63)/64)
	}
	v.valid[row/64] &^= 1 << (row % 64)
}

// SetText writes a text, of which DuckDB keeps a copy.
func (v *Vector) SetText(row int, text string) {
	C.duckdb_vector_assign_string_element_len(v.handle, C.uint64_t(row), (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.uint64_t(len(text)))
}

// Field is the vector of a field of a struct; of the pairs of a map, 0 are the keys and 1 the values.
func (v *Vector) Field(n int) Vector {
	return vectorOf(C.duckdb_struct_vector_get_child(v.handle, C.uint64_t(n)), v.rows)
}

// Elements makes place for so many elements in all rows of a list or a map, and returns their vector.
func (v *Vector) Elements(n int) Vector {
	C.duckdb_list_vector_reserve(v.handle, C.uint64_t(n))
	C.duckdb_list_vector_set_size(v.handle, C.uint64_t(n))
	return vectorOf(C.duckdb_list_vector_get_child(v.handle), n)
}

func vectorOf(handle unsafe.Pointer, rows int) Vector {
	return Vector{Data: C.duckdb_vector_get_data(handle), handle: handle, rows: rows}
}

// plain are the types of columns that a Table may have, beside decimals.
var plain = map[string]bind.Type{
	"BOOLEAN": bind.TypeBoolean, "TINYINT": bind.TypeTinyInt, "SMALLINT": bind.TypeSmallInt, "INTEGER": bind.TypeInteger, "BIGINT": bind.TypeBigInt,
	"FLOAT": bind.TypeFloat, "DOUBLE": bind.TypeDouble, "DATE": bind.TypeDate, "TIMESTAMP": bind.TypeTimestamp,
	"TIMESTAMP WITH TIME ZONE": bind.TypeTimestampTZ, "VARCHAR": bind.TypeVarchar, "BLOB": bind.TypeBlob,
}

// logical is the type of a column. The caller destroys it.
func (c TableColumn) logical() (bind.LogicalType, error) {
	if t, ok := plain[c.Type]; ok {
		return bind.CreateLogicalType(t), nil
	}
	var width, scale uint8
	if n, err := fmt.Sscanf(c.Type, "DECIMAL(%d,%d)", &width, &scale); n == 2 && err == nil {
		return bind.CreateDecimalType(width, scale), nil
	}
	var types []bind.LogicalType
	var names []string
	defer func() {
		for i := range types {
			bind.DestroyLogicalType(&types[i])
		}
	}()
	for _, child := range c.Children {
		t, err := child.logical()
		if err != nil {
			return t, err
		}
		types, names = append(types, t), append(names, child.Name)
	}
	switch {
	case c.Type == "STRUCT" && len(types) > 0:
		return bind.CreateStructType(types, names), nil
	case c.Type == "LIST" && len(types) == 1:
		return bind.CreateListType(types[0]), nil
	case c.Type == "MAP" && len(types) == 2:
		return bind.CreateMapType(types[0], types[1]), nil
	}
	return bind.LogicalType{}, fmt.Errorf("duckdb: no table from Go has the type %s", c.Type)
}

// Register lets statements of the instance read a table as name().
func (c *Conn) Register(name string, t *Table) error {
	for _, column := range t.Columns {
		kind, err := column.logical()
		if err != nil {
			return err
		}
		bind.DestroyLogicalType(&kind)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	f := bind.CreateTableFunction()
	defer bind.DestroyTableFunction(&f)
	bind.TableFunctionSetName(f, name)
	bind.TableFunctionSetExtraInfo(f, keep(t), unsafe.Pointer(C.petalakeTableDrop))
	bind.TableFunctionSetBind(f, unsafe.Pointer(C.petalakeTableBind))
	bind.TableFunctionSetInit(f, unsafe.Pointer(C.petalakeTableInit))
	bind.TableFunctionSetLocalInit(f, unsafe.Pointer(C.petalakeTableThread))
	bind.TableFunctionSetFunction(f, unsafe.Pointer(C.petalakeTableFill))
	if bind.RegisterTableFunction(c.handle, f) == bind.StateError {
		return errors.New("duckdb: the table " + name + " cannot be registered")
	}
	return nil
}

// Err is what ended the filling of the table, or nil.
func (t *Table) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *Table) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

// keep puts a value where C may hold on to it, until petalakeTableDrop.
func keep(v any) unsafe.Pointer {
	p := C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0))))
	*(*cgo.Handle)(p) = cgo.NewHandle(v)
	return p
}

func kept(p unsafe.Pointer) any { return (*(*cgo.Handle)(p)).Value() }

//export petalakeTableDrop
func petalakeTableDrop(p unsafe.Pointer) {
	h := *(*cgo.Handle)(p)
	if w, ok := h.Value().(*worker); ok {
		w.filler.Close()
	}
	h.Delete()
	C.free(p)
}

//export petalakeTableBind
func petalakeTableBind(p unsafe.Pointer) {
	info := bind.BindInfo{Ptr: p}
	t := kept(bind.BindGetExtraInfo(info)).(*Table)
	for _, column := range t.Columns {
		kind, err := column.logical()
		if err != nil {
			bind.BindSetError(info, err.Error())
			return
		}
		bind.BindAddResultColumn(info, column.Name, kind)
		bind.DestroyLogicalType(&kind)
	}
	bind.BindSetCardinality(info, bind.IdxT(t.Rows), false)
}

//export petalakeTableInit
func petalakeTableInit(p unsafe.Pointer) {
	info := bind.InitInfo{Ptr: p}
	t := kept(bind.InitGetExtraInfo(info)).(*Table)
	bind.InitSetMaxThreads(info, bind.IdxT(max(t.Threads, 1)))
}

// worker is what a thread of DuckDB fills chunks with.
type worker struct {
	table  *Table
	filler Filler
	out    []Vector
}

//export petalakeTableThread
func petalakeTableThread(p unsafe.Pointer) {
	info := bind.InitInfo{Ptr: p}
	t := kept(bind.InitGetExtraInfo(info)).(*Table)
	bind.InitSetInitData(info, keep(&worker{t, t.Thread(), make([]Vector, len(t.Columns))}), unsafe.Pointer(C.petalakeTableDrop))
}

//export petalakeTableFill
func petalakeTableFill(p, chunk unsafe.Pointer) {
	info := bind.FunctionInfo{Ptr: p}
	w := kept(bind.FunctionGetLocalInitData(info)).(*worker)
	defer func() {
		if r := recover(); r != nil {
			w.table.fail(fmt.Errorf("duckdb: a table from Go: %v", r))
			bind.FunctionSetError(info, fmt.Sprint(r))
		}
	}()
	for i := range w.out {
		v := C.duckdb_data_chunk_get_vector(chunk, C.uint64_t(i))
		w.out[i] = Vector{Data: C.duckdb_vector_get_data(v), handle: v}
	}
	n, err := w.filler.Fill(w.out, int(C.duckdb_vector_size()))
	if err != nil {
		w.table.fail(err)
		bind.FunctionSetError(info, err.Error())
		return
	}
	C.duckdb_data_chunk_set_size(chunk, C.uint64_t(n))
}
