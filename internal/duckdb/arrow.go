package duckdb

/*
#include <stdint.h>
#include <stdlib.h>

// The Arrow C data interface.
struct ArrowSchema {
	const char *format, *name, *metadata;
	int64_t flags, n_children;
	struct ArrowSchema **children, *dictionary;
	void (*release)(struct ArrowSchema *);
	void *private_data;
};
struct ArrowArray {
	int64_t length, null_count, offset, n_buffers, n_children;
	const void **buffers;
	struct ArrowArray **children, *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

// Two functions of duckdb.h, declared here so that no build tag is needed; every handle is a pointer.
extern void *duckdb_to_arrow_schema(void *options, void **types, const char **names, uint64_t n,
	struct ArrowSchema *out);
extern void *duckdb_data_chunk_to_arrow(void *options, void *chunk, struct ArrowArray *out);
*/
import "C"

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/cdata"
	bind "github.com/duckdb/duckdb-go-bindings"
)

// column is a column of a result or of a prepared statement.
type column struct {
	name string
	kind bind.LogicalType
}

// toSchema describes columns in Arrow's words, and destroys their types.
func toSchema(options bind.ArrowOptions, columns []column) (*arrow.Schema, error) {
	n := max(len(columns), 1)
	types := (*[1 << 20]unsafe.Pointer)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(uintptr(0)))))[:n:n]
	names := (*[1 << 20]*C.char)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(uintptr(0)))))[:n:n]
	defer C.free(unsafe.Pointer(&types[0]))
	defer C.free(unsafe.Pointer(&names[0]))
	for i, c := range columns {
		types[i], names[i] = c.kind.Ptr, C.CString(c.name)
		defer C.free(unsafe.Pointer(names[i]))
		defer bind.DestroyLogicalType(&columns[i].kind)
	}
	out := (*C.struct_ArrowSchema)(C.calloc(1, C.sizeof_struct_ArrowSchema))
	defer C.free(unsafe.Pointer(out))
	defer cdata.ReleaseCArrowSchema((*cdata.CArrowSchema)(unsafe.Pointer(out)))
	failed := C.duckdb_to_arrow_schema(options.Ptr, &types[0], &names[0], C.uint64_t(len(columns)), out)
	if err := takeError(failed); err != nil {
		return nil, err
	}
	return cdata.ImportCArrowSchema((*cdata.CArrowSchema)(unsafe.Pointer(out)))
}

// toBatch copies a chunk into an Arrow record batch, whose memory is C's until it is released.
func toBatch(options bind.ArrowOptions, schema *arrow.Schema, chunk bind.DataChunk) (arrow.RecordBatch, error) {
	out := (*C.struct_ArrowArray)(C.calloc(1, C.sizeof_struct_ArrowArray))
	defer C.free(unsafe.Pointer(out))
	defer cdata.ReleaseCArrowArray((*cdata.CArrowArray)(unsafe.Pointer(out)))
	failed := C.duckdb_data_chunk_to_arrow(options.Ptr, chunk.Ptr, out)
	if err := takeError(failed); err != nil {
		return nil, err
	}
	return cdata.ImportCRecordBatchWithSchema((*cdata.CArrowArray)(unsafe.Pointer(out)), schema)
}

func takeError(p unsafe.Pointer) error {
	if p == nil {
		return nil
	}
	data := bind.ErrorData{Ptr: p}
	defer bind.DestroyErrorData(&data)
	if !bind.ErrorDataHasError(data) {
		return nil
	}
	return parseError(bind.ErrorDataMessage(data))
}

// preparedSchema is nil where a parameter leaves a column's type open.
func (c *Conn) preparedSchema(p bind.PreparedStatement) (*arrow.Schema, error) {
	columns := make([]column, bind.PreparedStatementColumnCount(p))
	open := false
	for i := range columns {
		at := bind.IdxT(i)
		columns[i] = column{bind.PreparedStatementColumnName(p, at), bind.PreparedStatementColumnLogicalType(p, at)}
		open = open || bind.PreparedStatementColumnType(p, at) == bind.TypeInvalid
	}
	if open || len(columns) == 0 {
		for i := range columns {
			bind.DestroyLogicalType(&columns[i].kind)
		}
		return nil, nil
	}
	var options bind.ArrowOptions
	bind.ConnectionGetArrowOptions(c.handle, &options)
	defer bind.DestroyArrowOptions(&options)
	return toSchema(options, columns)
}
